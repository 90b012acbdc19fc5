import { z } from 'zod';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';
import { Figure } from './shapes.ts';

export const getDataFreshness = defineTool({
  name: 'get_data_freshness',
  title: 'Freshness of the data',
  description: lines(
    'How fresh the data is: for each source when it was last loaded, its age, when the next load is due, how the last one went and which rows were refused.',
    'Use it for "how current are these figures" or when numbers look old. Every answer of the other tools names its own data age already.',
    'Example: {}',
  ),
  input: z.object({}),
  output: answerOf(
    z.object({
      isLate: z.boolean(),
      intervalMinutes: z.number(),
      sources: z.array(
        z.object({
          source: z.string(),
          asOf: z.string().nullable(),
          ageMinutes: Figure,
          isLate: z.boolean(),
          nextRunDue: z.string().nullable(),
          lastRunStatus: z.string(),
          tables: z.number(),
          failedTables: z.array(z.string()),
          rowsRead: z.number(),
          rowsWritten: z.number(),
          rowsDeleted: z.number(),
          openDeadLetters: z.number(),
        }),
      ),
    }),
  ),
  annotations: readOnly,
  scopes: ['dashboard:read'],
  cache: 'none',
});
