import { z } from 'zod';
import { PERIOD_ALIASES, PeriodArguments } from '../../../shared/domain/period_arguments.ts';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';
import { SEGMENT_METHODS } from './segment_arguments.ts';

const Figure = z.number().nullable();

export const segmentCustomers = defineTool({
  name: 'segment_customers',
  title: 'Customer segments',
  description: lines(
    'Divides customers into segments: size, revenue and its share, basket, days since the last order, who they are, and how many moved in and out since the period before.',
    'Use it for "RFM", "best customers as a group", "who is at risk", "by industry". Not for single customers: rank_customers.',
    'Without a period: the last 365 days. Groups below 5 are not broken down.',
    'Example: {"method":"rfm","clientName":"Café Tarrazú"}',
  ),
  input: z.object({
    method: z.enum(SEGMENT_METHODS).default('rfm').describe('rfm: by recency, frequency, money; the rest: by that attribute'),
    clientName: z.string().trim().min(1).max(200).optional().describe('Client name or id; left out: all clients'),
    ...PeriodArguments,
  }),
  output: answerOf(
    z.object({
      scope: z.string(),
      method: z.enum(SEGMENT_METHODS),
      segments: z.array(
        z.object({
          segment: z.string(),
          customers: Figure.describe('null: not told, too few'),
          share: Figure,
          revenue: Figure,
          revenueShare: Figure,
          orders: Figure,
          averageBasket: Figure,
          medianDaysSinceOrder: Figure,
          peopleShare: Figure,
          topRegion: z.string().nullable(),
          topRegionShare: Figure,
          movedIn: Figure,
          movedOut: Figure,
        }),
      ),
      basis: z
        .object({
          from: z.string(),
          to: z.string(),
          customers: z.number(),
          method: z.string(),
          cutPoints: z.string(),
          movement: z.string(),
        })
        .meta({ brief: true }),
    }),
  ),
  annotations: readOnly,
  scopes: ['crm:read'],
  cache: 'until-next-load',
  aliases: { ...PERIOD_ALIASES, client: 'clientName', cliente: 'clientName', metodo: 'method', by: 'method', groupBy: 'method' },
});
