import { z } from 'zod';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';
import { Figure } from './shapes.ts';

export const getCacheReport = defineTool({
  name: 'get_cache_report',
  title: 'What the cache spared',
  description: lines(
    'How well the cache works: calls and hit rate of a day, age of cached answers, tokens and dollars of models spent and saved, calls by tool, state of the servers.',
    'Use it for "what does the cache save us", "how many tokens did client X use". For the age of the data itself: get_data_freshness.',
    'Example: {"day":"today"}',
  ),
  input: z.object({
    client: z
      .string()
      .trim()
      .min(1)
      .max(64)
      .optional()
      .describe('Name of one client, as it calls; all together when absent. Example: "CLI-0001"'),
    day: z.enum(['today', 'yesterday']).default('today').describe('Day in UTC; older ones are not kept'),
  }),
  output: answerOf(
    z.object({
      status: z.enum(['data', 'no_data']),
      client: z.string(),
      day: z.string(),
      requests: z.number(),
      errors: z.number(),
      cacheHits: z.number(),
      hitRatePercent: Figure,
      meanHitAgeSeconds: Figure,
      averageMs: Figure,
      tokens: z.number(),
      costUsd: z.number(),
      tokensSaved: z.number(),
      costSavedUsd: z.number(),
      tools: z.record(z.string(), z.number()).describe('Tool → calls'),
      month: z.record(z.string(), z.number()).nullable(),
      servers: z.array(z.looseObject({ server: z.string(), status: z.string() })),
      loads: z.looseObject({ mirrored: z.number() }),
    }),
  ),
  annotations: readOnly,
  scopes: ['dashboard:operate'],
  cache: 'none',
});
