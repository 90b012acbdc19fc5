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
  /** Requests to outside services, failed ones too. Tokens, cost and time are theirs: what was paid for. */
  readonly requests: number;
  readonly failedRequests: number;
  readonly tokens: number;
  /** Exact, as decimal text. */
  readonly costUsd: string;
  readonly durationMs: number;
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
    SELECT day, tool, count(*) AS requests, count(*) FILTER (WHERE result <> 'ok') AS failed_requests,
           sum(tokens) AS tokens, sum(cost_usd) AS cost_usd, sum(duration_ms) AS duration_ms
      FROM content.outside_requests ${chosen}
  ), written AS (
    SELECT day, tool, count(*) AS generations, sum(messages) AS messages FROM content.generation_logs ${chosen}
  )
  SELECT day, tool, coalesce(requests, 0) AS requests, coalesce(failed_requests, 0) AS failed_requests, coalesce(tokens, 0) AS tokens,
         trim_scale(coalesce(cost_usd, 0)) AS cost_usd, coalesce(duration_ms, 0) AS duration_ms,
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
    durationMs: countOf(row, 'duration_ms'),
    generations: countOf(row, 'generations'),
    messages: countOf(row, 'messages'),
  };
}
