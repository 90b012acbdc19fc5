import { minuteStamp } from '../cache/catalogue.ts';
import { minuteLimitKey } from '../cache/keys.ts';
import { granting, grantOf } from '../cache/rate_limits.ts';
import type { RedisConnection } from '../cache/redis_connection.ts';
import { ToolError } from '../domain/tool_error.ts';

/** Calls to outside services this minute. They are ours, whoever asked for them: the client of the key is 'promptsales'. */
export type OutsideLimit = {
  /** Counts a call. Throws ToolError 'rate_limited', with when the next minute (UTC) begins, once the limit is used up. */
  readonly take: (service: string, callsPerMinute: number) => Promise<void>;
};

/** Calls of a service in a minute: how many all processes have made as far as this one knows, and how many of its own Redis was not told of. */
type Counted = { readonly minute: string; used: number; untold: number };

/** The limit is exact over all processes; while Redis is away it holds in each, from the last count it heard, and is told afterwards. */
export function outsideLimit(redis: RedisConnection | undefined, now: () => Date): OutsideLimit {
  const counters = new Map<string, Counted>();
  const counterOf = (service: string, minute: string): Counted => {
    const found = counters.get(service);
    if (found?.minute === minute) return found;
    const counter = { minute, used: 0, untold: 0 };
    counters.set(service, counter);
    return counter;
  };
  return {
    async take(service, callsPerMinute) {
      const at = now();
      const minute = minuteStamp(at);
      const key = minuteLimitKey.of({ client: 'promptsales', service, 'yyyy-mm-dd-HH-MM': minute });
      const counter = counterOf(service, minute);
      const made = counter.untold;
      counter.untold = 0;
      const question = granting(key, { wanted: 1, made, limit: callsPerMinute, seconds: minuteLimitKey.seconds });
      const grant = grantOf((await redis?.pipeline([question]))?.[0]);
      if (grant === undefined) {
        counter.untold += made;
        if (counter.used + counter.untold >= callsPerMinute) throw limitReached(service, callsPerMinute, at);
        counter.untold += 1;
        return;
      }
      counter.used = Math.max(counter.used, grant.used);
      if (grant.granted === 0) throw limitReached(service, callsPerMinute, at);
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
