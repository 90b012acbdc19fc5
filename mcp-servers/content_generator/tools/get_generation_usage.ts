import { z } from 'zod';
import { PERIOD_ALIASES, PeriodArguments } from '../../../shared/domain/period_arguments.ts';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';

const Dollars = z.string().describe('US dollars, exact');

const figures = {
  calls: z.number().describe('Sent to outside services, failed ones too'),
  failedCalls: z.number(),
  tokens: z.number(),
  costUsd: Dollars,
  unknownCosts: z.number().describe('Calls without a known cost; above 0, costUsd is "at least"'),
  fromCache: z.number().describe('Answered without a call'),
  savedTokens: z.number(),
  savedCostUsd: Dollars,
  unknownSavings: z.number().describe('Above 0, savedCostUsd is "at least"'),
  generations: z.number(),
  messages: z.number(),
};

export const getGenerationUsage = defineTool({
  name: 'get_generation_usage',
  title: 'What generation took, and what is left of the plan',
  description: lines(
    "Tokens, cost in US dollars, calls, failed calls and what the cache saved, in total and by tool and day; for a client also what is left of its plan's quota.",
    'Use it for "how much did content generation cost Café Tarrazú last month", "¿cuántas generaciones le quedan a CLI-001?". Not for what campaigns spend on ads or sell: sales_dashboard.',
    "Name a client or a user; without either it tells the caller's own use. Another user's needs the scope dashboard:operate.",
    'Without a period: this month. Figures are of the last load; the quota is of this moment. Long periods come by month or year.',
    'Example: {"clientName":"CLI-001","period":"last month"}',
    'Example: {"period":"last 30 days"}',
  ),
  input: z.object({
    clientName: z.string().trim().min(1).max(200).optional().describe('Client name or id, instead of user'),
    user: z.string().trim().min(1).max(200).optional().describe('User, host or script as it calls, instead of clientName'),
    ...PeriodArguments,
  }),
  output: answerOf(
    z.object({
      status: z.enum(['data', 'no_data']),
      subject: z.object({ kind: z.enum(['client', 'user']), id: z.string(), name: z.string() }),
      totals: z.object(figures).nullable(),
      by: z.enum(['day', 'month', 'year']),
      rows: z.array(z.object({ when: z.string().describe('YYYY-MM-DD, YYYY-MM or YYYY'), tool: z.string(), ...figures })),
      quota: z
        .array(
          z.object({
            feature: z.string(),
            planId: z.string(),
            planName: z.string(),
            used: z.number(),
            limit: z.number().nullable().describe('null: no limit'),
            left: z.number().nullable().describe('null: no limit'),
            resetDate: z.string().describe('Counting begins anew on this day'),
          }),
        )
        .nullable()
        .describe('null: of a user, or not known just now'),
    }),
  ),
  annotations: readOnly,
  scopes: ['content:read'],
  // The quota changes with every generation, not with the hub's loads.
  cache: 'none',
  aliases: {
    ...PERIOD_ALIASES,
    client: 'clientName',
    clientId: 'clientName',
    client_name: 'clientName',
    cliente: 'clientName',
    caller: 'user',
    userName: 'user',
    usuario: 'user',
  },
});
