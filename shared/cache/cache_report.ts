import { dayStamp, monthStamp } from './catalogue.ts';
import { clientDayKey, lastSyncKey, serverStatusKey, tokenAccountKey } from './keys.ts';
import type { RedisConnection, RedisReply } from './redis_connection.ts';
import { ALL_CLIENTS } from './usage_accounts.ts';

/** What a client, or all together, asked on a day (UTC). Money is US dollars as decimal text, times are milliseconds. */
export type DayOfUse = {
  readonly requests: number;
  readonly errors: number;
  readonly cacheHits: number;
  /** Mean age of the cached answers when they were given, in seconds; null without any. */
  readonly meanHitAgeSeconds: number | null;
  readonly averageMs: number;
  readonly tokens: number;
  readonly costUsd: string;
  readonly tokensSaved: number;
  readonly costSavedUsd: string;
  /** Calls by tool, most first. */
  readonly tools: readonly { readonly tool: string; readonly calls: number }[];
};

/** What a client, or all together, spent on models in a month, and what the cache spared. */
export type MonthOfModels = {
  readonly generations: number;
  readonly tokens: number;
  readonly costUsd: string;
  readonly tokensSaved: number;
  readonly costSavedUsd: string;
};

/** A server as it last said it was. */
export type ServerSaid = {
  readonly server: string;
  readonly status: string;
  readonly at: string;
  readonly requestsLastMinute: number;
  readonly averageMs: number;
  readonly errorsLastHour: number;
};

export type CacheReport = {
  /** Null: nothing was asked on that day. */
  readonly day: DayOfUse | null;
  /** Null: no model was asked in that month. */
  readonly month: MonthOfModels | null;
  readonly servers: readonly ServerSaid[];
  /** The last load of each table, as Redis mirrors it. */
  readonly loads: readonly { readonly table: string; readonly at: string; readonly rows: number; readonly ms: number }[];
};

export type ReportQuestion = {
  /** Undefined: all clients together. */
  readonly client: string | undefined;
  readonly day: Date;
  readonly servers: readonly string[];
  readonly tables: readonly { readonly database: string; readonly table: string }[];
};

/** Reads what Redis has counted, in one round trip. Undefined when Redis cannot be asked. */
export async function readCacheReport(redis: RedisConnection, question: ReportQuestion): Promise<CacheReport | undefined> {
  const { day, servers, tables } = question;
  const client = question.client ?? ALL_CLIENTS;
  const replies = await redis.pipeline([
    ['hgetall', clientDayKey.of({ cliente_id: client, 'yyyy-mm-dd': dayStamp(day) })],
    ['hgetall', tokenAccountKey.of({ user: client, 'yyyy-mm': monthStamp(day) })],
    ...servers.map((server) => ['hgetall', serverStatusKey.of({ server })] as const),
    ...tables.map(({ database, table }) => ['hgetall', lastSyncKey.of({ database, table })] as const),
  ]);
  if (replies === undefined) return undefined;
  const hashes = replies.map(hashOf);
  const [dayHash, monthHash] = hashes;
  return {
    day: dayHash === undefined ? null : dayOfUse(dayHash),
    month: monthHash === undefined ? null : monthOfModels(monthHash),
    servers: servers.flatMap((server, index) => {
      const hash = hashes[index + 2];
      return hash === undefined ? [] : [serverSaid(server, hash)];
    }),
    loads: tables.flatMap(({ table }, index) => {
      const hash = hashes[index + 2 + servers.length];
      if (hash === undefined) return [];
      return [
        {
          table,
          at: hash.last_timestamp ?? '',
          rows: numberIn(hash, 'records_processed'),
          ms: numberIn(hash, 'sync_duration_ms'),
        },
      ];
    }),
  };
}

type Hash = Readonly<Record<string, string>>;

/** A hash as the driver gives it; undefined when there is none. */
function hashOf(reply: RedisReply): Hash | undefined {
  if (!reply.ok || typeof reply.value !== 'object' || reply.value === null) return undefined;
  const entries = Object.entries(reply.value).map(([field, value]) => [field, String(value)] as const);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function numberIn(hash: Hash, field: string): number {
  const value = Number(hash[field] ?? 0);
  return Number.isFinite(value) ? value : 0;
}

function dayOfUse(hash: Hash): DayOfUse {
  const cacheHits = numberIn(hash, 'cache_hits');
  return {
    requests: numberIn(hash, 'requests_total'),
    errors: numberIn(hash, 'errors'),
    cacheHits,
    meanHitAgeSeconds: cacheHits === 0 ? null : numberIn(hash, 'cache_age_seconds') / cacheHits,
    averageMs: numberIn(hash, 'avg_response_time'),
    tokens: numberIn(hash, 'tokens_consumidos'),
    costUsd: hash.cost_total_usd ?? '0',
    tokensSaved: numberIn(hash, 'tokens_saved'),
    costSavedUsd: hash.cost_saved_usd ?? '0',
    tools: toolsIn(hash.tools_mas_usadas ?? '{}'),
  };
}

function toolsIn(json: string): DayOfUse['tools'] {
  let counts: unknown;
  try {
    counts = JSON.parse(json);
  } catch {
    return [];
  }
  return Object.entries(counts ?? {})
    .map(([tool, calls]) => ({ tool, calls: Number(calls) }))
    .filter(({ calls }) => Number.isFinite(calls))
    .sort((one, other) => other.calls - one.calls || (one.tool < other.tool ? -1 : 1));
}

function monthOfModels(hash: Hash): MonthOfModels {
  return {
    generations: numberIn(hash, 'calls'),
    tokens: numberIn(hash, 'tokens'),
    costUsd: hash.cost_usd ?? '0',
    tokensSaved: numberIn(hash, 'tokens_saved'),
    costSavedUsd: hash.cost_saved_usd ?? '0',
  };
}

function serverSaid(server: string, hash: Hash): ServerSaid {
  return {
    server,
    status: hash.status ?? 'unknown',
    at: hash.last_health_check ?? '',
    requestsLastMinute: numberIn(hash, 'requests_last_min'),
    averageMs: numberIn(hash, 'avg_response_time'),
    errorsLastHour: numberIn(hash, 'errors_last_hour'),
  };
}
