import { z } from 'zod';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';
import { RANKING_METRICS, RANKING_PARTITIONS } from './ranking_arguments.ts';

export const rankCustomers = defineTool({
  name: 'rank_customers',
  title: 'Customers ranked',
  description: lines(
    'Ranks customers by what they bought to date, or by churn risk or value expected in 52 weeks (BG/NBD and Gamma-Gamma, with calibration); within countries, regions, segments, industries or clients when asked. Ties share a rank.',
    'Use it for "best customers", "who to call", "who is leaving". Not for groups: segment_customers.',
    'Names are masked without crm:pii; with it, give a reason. For more rows send the cursor with the same arguments.',
    'Example: {"metric":"churn_risk","clientName":"Café Tarrazú","limit":20}',
    'Example: {"metric":"revenue","partition":"country","top":3}',
  ),
  input: z.object({
    metric: z.enum(RANKING_METRICS).default('revenue'),
    partition: z.enum(RANKING_PARTITIONS).default('none').describe('Rank within each of these'),
    top: z.int().min(1).max(50).default(5).describe('With a partition: ranks told in each'),
    clientName: z.string().trim().min(1).max(200).optional().describe('Client name or id; left out: all clients'),
    limit: z.int().min(1).max(50).default(10).describe('Rows of a page'),
    cursor: z.string().max(500).optional().describe('nextCursor of the page before'),
    reason: z.string().trim().min(3).max(500).optional().describe('Why personal data is read; needed with crm:pii, and audited'),
  }),
  output: answerOf(
    z.object({
      status: z.enum(['data', 'no_data', 'cannot_say']),
      scope: z.string(),
      metric: z.enum(RANKING_METRICS),
      partition: z.enum(RANKING_PARTITIONS),
      customers: z.array(
        z.object({
          rank: z.number(),
          tied: z.number().describe('How many share the rank'),
          partition: z.string(),
          customerId: z.number(),
          name: z.string(),
          value: z.number(),
          orders: z.number(),
          revenue: z.number(),
          lastOrder: z.string(),
        }),
      ),
      basis: z
        .object({
          asOf: z.string(),
          ranked: z.number(),
          method: z.string(),
          ties: z.string(),
          model: z.string().nullable(),
          calibration: z.string().nullable(),
          assumes: z.string().nullable(),
        })
        .meta({ brief: true }),
    }),
  ),
  annotations: readOnly,
  scopes: ['crm:read'],
  // Each unmasked reading is audited, so none may come from a cache.
  cache: 'none',
  aliases: { client: 'clientName', cliente: 'clientName', by: 'metric', metrica: 'metric', groupBy: 'partition', within: 'partition' },
});
