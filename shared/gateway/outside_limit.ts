import { minuteStamp } from '../cache/catalogue.ts';
import { minuteLimitKey } from '../cache/keys.ts';
import type { RedisConnection, RedisScript } from '../cache/redis_connection.ts';
import { ToolError } from '../domain/tool_error.ts';

/** ARGV: limit, life. Counts a call and says how many there are; at the limit counts nothing and says -1. */
const TAKE: RedisScript = {
  name: 'takeOutsideCall',
  lua: `if tonumber(redis.call('get', KEYS[1]) or 0) >= tonumber(ARGV[1]) then return -1 end
local calls = redis.call('incr', KEYS[1])
redis.call('expire', KEYS[1], ARGV[2])
return calls`,
};

/** Calls to outside services this minute. They are ours, whoever asked for them: the client of the key is 'promptsales'. */
export type OutsideLimit = {
  /** Counts a call. Throws ToolError 'rate_limited', with when the next minute (UTC) begins, once the limit is used up. */
  readonly take: (service: string, callsPerMinute: number) => Promise<void>;
};

/** The limit is exact over all processes; while Redis is away it holds in each, from the last count it heard. */
export function outsideLimit(redis: RedisConnection | undefined, now: () => Date): OutsideLimit {
  const counted = new Map<string, { readonly minute: string; readonly calls: number }>();
  return {
    async take(service, callsPerMinute) {
      const at = now();
      const minute = minuteStamp(at);
      const key = minuteLimitKey.of({ client: 'promptsales', service, 'yyyy-mm-dd-HH-MM': minute });
      const [reply] = (await redis?.pipeline([[TAKE, key, callsPerMinute, minuteLimitKey.seconds]])) ?? [];
      const known = counted.get(service);
      const own = known?.minute === minute ? known.calls : 0;
      const shared = reply?.ok && typeof reply.value === 'number' ? reply.value : undefined;
      const isFull = shared === undefined ? own >= callsPerMinute : shared === -1;
      if (isFull) throw limitReached(service, callsPerMinute, at);
      counted.set(service, { minute, calls: shared ?? own + 1 });
    },
  };
}

function limitReached(service: string, limit: number, at: Date): ToolError {
  const retryAfterSeconds = Math.max(1, 60 - Math.floor((at.getTime() % 60_000) / 1_000));
  return new ToolError('rate_limited', `The ${limit} calls a minute to ${service} are used up.`, {
    remedy: `The next minute begins in ${retryAfterSeconds} s.`,
    retryAfterSeconds,
  });
}
