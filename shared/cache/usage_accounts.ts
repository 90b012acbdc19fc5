import { dayStamp, monthStamp } from './catalogue.ts';
import { clientDayKey, tokenAccountKey } from './keys.ts';
import type { RedisCommand, RedisConnection, RedisScript } from './redis_connection.ts';
import type { Usage } from './result_cache.ts';

/** One call, as accounts see it. */
export type AccountedCall = {
  readonly client: string;
  readonly tool: string;
  readonly durationMs: number;
  readonly failed: boolean;
  /** The age of the cached answer it got, in seconds; undefined when the answer was made for it. */
  readonly hitAgeSeconds: number | undefined;
  /** What the answer took to make: spent when it was made for this call, saved when it came from the cache. */
  readonly usage: Usage;
  /** What it would have taken beside that, had parts of an answer made for this call not been kept from before. Saved. */
  readonly saved?: Usage | undefined;
};

type Sums = {
  calls: number;
  errors: number;
  hits: number;
  hitAge: number;
  ms: number;
  tokens: number;
  cost: number;
  savedTokens: number;
  savedCost: number;
  generations: number;
  readonly tools: Map<string, number>;
};

/**
 * Adds to a client's day in one step. The mean time is brought forward from the counts before, and the tools' counts are merged.
 * Arguments: seconds, calls, errors, hits, age of hits, milliseconds, tokens, cost, saved tokens, saved cost, JSON {tool: calls}.
 */
const ADD_TO_DAY: RedisScript = {
  name: 'promptsalesAddToDay',
  lua: `
    local key = KEYS[1]
    local before = redis.call('HMGET', key, 'requests_total', 'avg_response_time', 'tools_mas_usadas')
    local calls = tonumber(before[1] or '0')
    local more = tonumber(ARGV[2])
    local mean = (calls * tonumber(before[2] or '0') + tonumber(ARGV[6])) / math.max(1, calls + more)
    local tools = {}
    if before[3] then
      local readable, found = pcall(cjson.decode, before[3])
      if readable and type(found) == 'table' then tools = found end
    end
    for tool, count in pairs(cjson.decode(ARGV[11])) do tools[tool] = (tonumber(tools[tool]) or 0) + count end
    redis.call('HSET', key, 'avg_response_time', string.format('%.2f', mean), 'tools_mas_usadas', cjson.encode(tools))
    redis.call('HINCRBY', key, 'requests_total', ARGV[2])
    redis.call('HINCRBY', key, 'errors', ARGV[3])
    redis.call('HINCRBY', key, 'cache_hits', ARGV[4])
    redis.call('HINCRBY', key, 'cache_age_seconds', ARGV[5])
    redis.call('HINCRBY', key, 'tokens_consumidos', ARGV[7])
    redis.call('HINCRBYFLOAT', key, 'cost_total_usd', ARGV[8])
    redis.call('HINCRBY', key, 'tokens_saved', ARGV[9])
    redis.call('HINCRBYFLOAT', key, 'cost_saved_usd', ARGV[10])
    redis.call('EXPIRE', key, ARGV[1])
    return 1`,
};

/** The account of all clients together; no client has this name, since '*' is no character of one. */
export const ALL_CLIENTS = '*';

/** Accounts are written this often, in milliseconds. */
const WRITE_EVERY_MS = 1_000;
/** Beyond so many clients at once, those of the last second are written before more are kept. */
const MOST_CLIENTS = 2_000;

/** Whole billionths of a dollar: a token of the cheapest model is some of them, and whole numbers add up exactly in a double. */
const billionths = (costUsd: string): number => Math.round(Number(costUsd) * 1e9);
const inDollars = (amount: number): string => (amount / 1e9).toFixed(9);

/**
 * Counts by client what was asked, what models took for it and what the cache spared: metrics:client:{cliente_id}:daily:{yyyy-mm-dd} for each
 * client, ai:tokens:{user}:{yyyy-mm} for those that used models. Calls are added up here and written once a second; what cannot be written
 * because Redis is away waits for it.
 */
export class UsageAccounts {
  readonly #sums = new Map<string, Sums>();
  readonly #redis: RedisConnection | undefined;
  readonly #now: () => Date;
  #timer: NodeJS.Timeout | undefined;

  constructor(redis: RedisConnection | undefined, now: () => Date) {
    this.#redis = redis;
    this.#now = now;
  }

  record(call: AccountedCall): void {
    if (this.#redis === undefined) return;
    addTo(this.#sumsOf(call.client), call);
    this.#timer ??= setTimeout(() => void this.write(), WRITE_EVERY_MS).unref();
  }

  #sumsOf(client: string): Sums {
    const found = this.#sums.get(client);
    if (found !== undefined) return found;
    if (this.#sums.size >= MOST_CLIENTS) void this.write();
    const sums = noSums();
    this.#sums.set(client, sums);
    return sums;
  }

  /** Writes what has been counted. Resolves when Redis has it, or when it cannot be had. */
  async write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#redis === undefined || this.#sums.size === 0) return;
    const written = new Map(this.#sums);
    this.#sums.clear();
    const now = this.#now();
    const all = [...written.values()].reduce(together);
    const replies = await this.#redis.pipeline(
      [...written, [ALL_CLIENTS, all] as const].flatMap(([client, sums]) => writing(client, sums, now)),
    );
    if (replies !== undefined) return;
    for (const [client, sums] of written) this.#sums.set(client, together(sums, this.#sums.get(client) ?? noSums()));
    if (this.#sums.size <= MOST_CLIENTS) this.#timer ??= setTimeout(() => void this.write(), WRITE_EVERY_MS).unref();
    else this.#sums.clear();
  }
}

function writing(client: string, sums: Sums, now: Date): RedisCommand[] {
  const tools = JSON.stringify(Object.fromEntries(sums.tools));
  const spending = [sums.tokens, inDollars(sums.cost), sums.savedTokens, inDollars(sums.savedCost)] as const;
  const day: RedisCommand = [
    ADD_TO_DAY,
    clientDayKey.of({ cliente_id: client, 'yyyy-mm-dd': dayStamp(now) }),
    ...[clientDayKey.seconds, sums.calls, sums.errors, sums.hits, Math.round(sums.hitAge), sums.ms.toFixed(3)],
    ...spending,
    tools,
  ];
  if (sums.tokens + sums.savedTokens === 0) return [day];
  const account = tokenAccountKey.of({ user: client, 'yyyy-mm': monthStamp(now) });
  return [
    day,
    ['hincrby', account, 'tokens', sums.tokens],
    ['hincrbyfloat', account, 'cost_usd', inDollars(sums.cost)],
    ['hincrby', account, 'calls', sums.generations],
    ['hincrby', account, 'tokens_saved', sums.savedTokens],
    ['hincrbyfloat', account, 'cost_saved_usd', inDollars(sums.savedCost)],
    ['expire', account, tokenAccountKey.seconds],
  ];
}

function addTo(sums: Sums, { tool, durationMs, failed, hitAgeSeconds, usage, saved }: AccountedCall): void {
  sums.calls += 1;
  sums.ms += durationMs;
  sums.tools.set(tool, (sums.tools.get(tool) ?? 0) + 1);
  if (failed) sums.errors += 1;
  if (hitAgeSeconds === undefined) {
    if (usage.tokens > 0) {
      sums.generations += 1;
      sums.tokens += usage.tokens;
      sums.cost += billionths(usage.costUsd);
    }
  } else {
    sums.hits += 1;
    sums.hitAge += hitAgeSeconds;
    addSaving(sums, usage);
  }
  if (saved !== undefined) addSaving(sums, saved);
}

function addSaving(sums: Sums, { tokens, costUsd }: Usage): void {
  if (tokens === 0) return;
  sums.savedTokens += tokens;
  sums.savedCost += billionths(costUsd);
}

function noSums(): Sums {
  return {
    ...{ calls: 0, errors: 0, hits: 0, hitAge: 0, ms: 0, tokens: 0, cost: 0, savedTokens: 0, savedCost: 0, generations: 0 },
    tools: new Map(),
  };
}

function together(one: Sums, other: Sums): Sums {
  const tools = new Map(one.tools);
  for (const [tool, count] of other.tools) tools.set(tool, (tools.get(tool) ?? 0) + count);
  return {
    calls: one.calls + other.calls,
    errors: one.errors + other.errors,
    hits: one.hits + other.hits,
    hitAge: one.hitAge + other.hitAge,
    ms: one.ms + other.ms,
    tokens: one.tokens + other.tokens,
    cost: one.cost + other.cost,
    savedTokens: one.savedTokens + other.savedTokens,
    savedCost: one.savedCost + other.savedCost,
    generations: one.generations + other.generations,
    tools,
  };
}
