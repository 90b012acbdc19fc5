import { countOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { Day, DayRange } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';

/** Whose usage: a client's, or that of a caller by its name in records (callerInRecords). */
export type UsageSubject = { readonly clientId: string } | { readonly caller: string };

/** What one tool took on one day. */
export type ToolDay = {
  readonly day: Day;
  readonly tool: string;
  /** Requests that were sent to outside services, failed ones too. Tokens, cost and time are theirs: what was paid for. */
  readonly requests: number;
  readonly failedRequests: number;
  readonly tokens: number;
  /** Exact, as decimal text; at least so much where `unknownCosts` is above zero. */
  readonly costUsd: string;
  /** Requests whose cost is not known, or only in part. */
  readonly unknownCosts: number;
  readonly durationMs: number;
  /** Questions for which nothing had to be sent, and what they would have taken: exact, and at least so much where `unknownSavings` is above zero. */
  readonly fromCache: number;
  readonly savedTokens: number;
  readonly savedCostUsd: string;
  readonly unknownSavings: number;
  /** How often messages were written, and how many. */
  readonly generations: number;
  readonly messages: number;
};

export type GenerationUsage = {
  /** By day and tool; days without any are left out. What was recorded since the hub's last load is not in it. */
  readonly byDayAndTool: (of: UsageSubject, period: DayRange, deadline: Deadline) => Promise<readonly ToolDay[]>;
};

function usageOf(column: 'client_id' | 'caller'): Statement {
  const chosen = `WHERE ${column} = $1 AND day BETWEEN $2 AND $3 GROUP BY day, tool`;
  return {
    name: `generation_usage_by_${column}`,
    text: `
  WITH asked AS (
    SELECT day, tool, count(*) FILTER (WHERE sent) AS requests, count(*) FILTER (WHERE sent AND result <> 'ok') AS failed_requests,
           sum(tokens) AS tokens, sum(cost_usd) AS cost_usd, count(*) FILTER (WHERE sent AND NOT cost_known) AS unknown_costs,
           coalesce(sum(duration_ms) FILTER (WHERE sent), 0) AS duration_ms, count(*) FILTER (WHERE NOT sent) AS from_cache,
           sum(saved_tokens) AS saved_tokens, sum(saved_cost_usd) AS saved_cost_usd,
           count(*) FILTER (WHERE NOT sent AND NOT cost_known) AS unknown_savings
      FROM content.outside_requests CROSS JOIN LATERAL (SELECT result <> 'from_cache' AS sent) s ${chosen}
  ), written AS (
    SELECT day, tool, count(*) AS generations, sum(messages) AS messages FROM content.generation_logs ${chosen}
  )
  SELECT day, tool, coalesce(requests, 0) AS requests, coalesce(failed_requests, 0) AS failed_requests, coalesce(tokens, 0) AS tokens,
         trim_scale(coalesce(cost_usd, 0)) AS cost_usd, coalesce(unknown_costs, 0) AS unknown_costs, coalesce(duration_ms, 0) AS duration_ms,
         coalesce(from_cache, 0) AS from_cache, coalesce(saved_tokens, 0) AS saved_tokens,
         trim_scale(coalesce(saved_cost_usd, 0)) AS saved_cost_usd, coalesce(unknown_savings, 0) AS unknown_savings,
         coalesce(generations, 0) AS generations, coalesce(messages, 0) AS messages
    FROM asked FULL JOIN written USING (day, tool)
   ORDER BY day, tool`,
  };
}

const OF_CLIENT = usageOf('client_id');
const OF_CALLER = usageOf('caller');

/** What generation took, from the hub's facts. */
export function openGenerationUsage(hub: SqlDatabase): GenerationUsage {
  return {
    byDayAndTool: (of, { from, to }, deadline) =>
      'clientId' in of
        ? hub.rows(OF_CLIENT, [of.clientId, from, to], toToolDay, deadline)
        : hub.rows(OF_CALLER, [of.caller, from, to], toToolDay, deadline),
  };
}

function toToolDay(row: Row): ToolDay {
  return {
    day: textOf(row, 'day'),
    tool: textOf(row, 'tool'),
    requests: countOf(row, 'requests'),
    failedRequests: countOf(row, 'failed_requests'),
    tokens: countOf(row, 'tokens'),
    costUsd: textOf(row, 'cost_usd'),
    unknownCosts: countOf(row, 'unknown_costs'),
    durationMs: countOf(row, 'duration_ms'),
    fromCache: countOf(row, 'from_cache'),
    savedTokens: countOf(row, 'saved_tokens'),
    savedCostUsd: textOf(row, 'saved_cost_usd'),
    unknownSavings: countOf(row, 'unknown_savings'),
    generations: countOf(row, 'generations'),
    messages: countOf(row, 'messages'),
  };
}
