import { hourStamp, minuteStamp } from './catalogue.ts';
import { hourLimitKey, minuteLimitKey } from './keys.ts';
import type { RedisCommand, RedisConnection, RedisReply, RedisScript } from './redis_connection.ts';

/** How many calls a client may make. */
export type Limits = { readonly callsPerMinute: number; readonly toolCallsPerHour: number };

/** Far above what a person and their host ask for; plans and config:client say otherwise client by client. */
export const DEFAULT_LIMITS: Limits = { callsPerMinute: 60_000, toolCallsPerHour: 1_000_000 };

/** What limits do while Redis is away: hold for each process by itself, refuse every call, or let every call pass. */
export type WithoutRedis = 'local' | 'refuse' | 'allow';

type Window = 'minute' | 'hour';

/** Which limit is used up, and when it starts anew. */
export type LimitReached = { readonly limit: number; readonly window: Window; readonly retryAfterSeconds: number };

/** How much of a limit is left, for whoever asks to see it. Other processes' latest calls may not be counted yet. */
export type LimitState = {
  readonly window: Window;
  readonly limit: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  readonly resetSeconds: number;
};

/** Whose calls of what are counted. */
export type LimitedCall = { readonly client: string; readonly server: string; readonly tool: string };

/** 'spent': the call may go on. 'ask': only Redis can say. 'unavailable': Redis is away, and limits are to be refused then. */
export type Verdict = 'spent' | LimitReached | 'unavailable';

/** A question to Redis, and what its replies mean (undefined: there are none). */
export type LimitQuestion = {
  readonly commands: readonly RedisCommand[];
  readonly settle: (replies: readonly RedisReply[] | undefined) => Verdict;
};

const GRANT: RedisScript = {
  name: 'promptsalesGrant',
  lua: `
    local made = tonumber(ARGV[2])
    local used = tonumber(redis.call('GET', KEYS[1]) or '0') + made
    local left = math.max(0, tonumber(ARGV[3]) - used)
    local granted = math.min(tonumber(ARGV[1]), left, math.max(1, math.floor(left / 16)))
    if granted + made > 0 then
      redis.call('INCRBY', KEYS[1], granted + made)
      redis.call('EXPIRE', KEYS[1], ARGV[4])
    end
    return {granted, used + granted}`,
};

/** How many calls Redis granted, and how many of the window all processes have been granted with them. */
export type Grant = { readonly granted: number; readonly used: number };

/**
 * The command that grants calls of a window in one step: as many as are wanted, never more than are left, and of more than one never more than a
 * sixteenth of what is left, so that no process sits on what others need. Calls that were made without asking are counted with it.
 */
export function granting(
  key: string,
  { wanted, made, limit, seconds }: { readonly wanted: number; readonly made: number; readonly limit: number; readonly seconds: number },
): RedisCommand {
  return [GRANT, key, wanted, made, limit, seconds];
}

/** What {@link granting} brought; undefined when Redis did not say. */
export function grantOf(reply: RedisReply | undefined): Grant | undefined {
  if (reply?.ok !== true || !Array.isArray(reply.value)) return undefined;
  const [granted, used] = reply.value.map(Number);
  return granted === undefined || used === undefined || Number.isNaN(granted + used) ? undefined : { granted, used };
}

/** Takes back grants that were not used; a window that has ended has nothing to take back from. */
const GIVE_BACK: RedisScript = {
  name: 'promptsalesGiveBack',
  lua: `if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('DECRBY', KEYS[1], ARGV[1]) end return 0`,
};

type Counter = {
  readonly key: string;
  readonly window: Window;
  readonly lengthMs: number;
  readonly keySeconds: number;
  readonly endsAt: number;
  limit: number;
  /** Granted by Redis and not spent yet. */
  held: number;
  /** Granted to all processes together, as far as this one knows. */
  used: number;
  /** Made while Redis was away, not told to it yet. */
  untold: number;
  /** How many more to ask for than the call at hand needs: grows while asking is frequent. */
  block: number;
  askedAt: number;
  asking: boolean;
};

type Pair = readonly [minute: Counter, hour: Counter];

const MOST_IN_A_BLOCK = 1_024;
/** Clients come under any name: windows gone by are forgotten whenever so many more have begun. */
const COUNTERS_BETWEEN_CLEANINGS = 1_000;
/** Asking again within this time asks for more at once, in milliseconds. */
const SOON_MS = 100;

/**
 * Limits of calls by client, kept in Redis for all processes together. A process asks for the call at hand in the round trip of its cache read,
 * and when calls come fast for a block of them, which it then spends without asking. Redis never grants more than the limit, so processes
 * together never exceed it; what one holds unspent (at most a sixteenth of what was left, and 1,024) is lost to the others until it gives it
 * back or the window ends.
 */
export class RateLimits {
  /** By client, server and tool, so that a call finds both of its counters at once. The tools of a server share its minute. */
  readonly #pairs = new Map<string, Pair>();
  /** By key. */
  readonly #counters = new Map<string, Counter>();
  #begun = 0;
  readonly #now: () => Date;
  readonly #redis: Pick<RedisConnection, 'isUp'> | undefined;
  readonly #withoutRedis: WithoutRedis;
  #low = false;

  /** `redis` is only looked at; the questions are for the caller to send. Without one, limits hold for this process. */
  constructor(options: {
    readonly now: () => Date;
    readonly redis: Pick<RedisConnection, 'isUp'> | undefined;
    readonly withoutRedis?: WithoutRedis | undefined;
  }) {
    this.#now = options.now;
    this.#redis = options.redis;
    this.#withoutRedis = options.withoutRedis ?? 'local';
  }

  /** Spends one call of what this process holds; 'ask' when it holds none and must not decide alone. */
  spend(call: LimitedCall, limits: Limits): Verdict | 'ask' {
    const pair = this.#pairOf(call, limits);
    const full = this.#firstFull(pair);
    if (full !== undefined) return full;
    if (pair[0].held > 0 && pair[1].held > 0) {
      for (const counter of pair) {
        counter.held -= 1;
        if (isLow(counter)) this.#low = true;
      }
      return 'spent';
    }
    return this.#redis?.isUp === true ? 'ask' : this.#spendLocally(pair);
  }

  /** The question whether one more call may be made, to go with another round trip. */
  question(call: LimitedCall, limits: Limits): LimitQuestion {
    const pair = this.#pairOf(call, limits);
    return this.#asking(pair, 1, () => {
      if (pair.some(({ held }) => held <= 0)) return this.#firstFull(pair) ?? this.#reached(pair[0].held <= 0 ? pair[0] : pair[1]);
      for (const counter of pair) counter.held -= 1;
      return 'spent';
    });
  }

  /** Whether a {@link refill} is worth a look. */
  get runsLow(): boolean {
    return this.#low;
  }

  /** Counters that soon have nothing left to spend, to be asked for behind the calls' backs. Undefined when there are none. */
  refill(): LimitQuestion | undefined {
    this.#low = false;
    if (this.#redis?.isUp !== true) return undefined;
    const now = this.#now().getTime();
    const low = [...this.#counters.values()].filter((counter) => isLow(counter) && counter.used < counter.limit && counter.endsAt > now);
    return low.length === 0 ? undefined : this.#asking(low, 0, () => 'spent');
  }

  /** What this process holds and will not spend, as commands for Redis; it holds nothing afterwards. */
  giveBack(): readonly RedisCommand[] {
    const now = this.#now().getTime();
    const held = [...this.#counters.values()].filter((counter) => counter.held > 0 && counter.endsAt > now);
    return held.map((counter) => {
      const command: RedisCommand = [GIVE_BACK, counter.key, counter.held];
      counter.held = 0;
      return command;
    });
  }

  /** How much is left of both limits. */
  states(call: LimitedCall, limits: Limits): readonly LimitState[] {
    const now = this.#now().getTime();
    return this.#pairOf(call, limits).map(({ window, limit, used, held, untold, endsAt, lengthMs }) => ({
      window,
      limit,
      windowSeconds: lengthMs / 1_000,
      remaining: Math.max(0, limit - used - untold + held),
      resetSeconds: Math.max(1, Math.ceil((endsAt - now) / 1_000)),
    }));
  }

  #asking(counters: readonly Counter[], need: 0 | 1, verdict: () => Verdict): LimitQuestion {
    const now = this.#now().getTime();
    const asked = counters.map((counter) => {
      // Of several questions under way only the first asks for a block: the others ask for their own call.
      const extra = counter.asking ? 0 : nextBlock(counter, now);
      const leads = !counter.asking;
      if (leads) Object.assign(counter, { asking: true, block: extra, askedAt: now });
      const made = counter.untold;
      counter.untold = 0;
      const { key, limit, keySeconds: seconds } = counter;
      return { counter, leads, made, command: granting(key, { wanted: need + extra, made, limit, seconds }) };
    });
    return {
      commands: asked.map(({ command }) => command),
      settle: (replies) => {
        let answered = replies !== undefined;
        for (const [index, { counter, leads, made }] of asked.entries()) {
          if (leads) counter.asking = false;
          const granted = grantOf(replies?.[index]);
          if (granted === undefined) {
            answered = false;
            counter.untold += made;
          } else {
            counter.held += granted.granted;
            counter.used = Math.max(counter.used, granted.used);
          }
        }
        if (answered) return verdict();
        const pair = counters as Pair;
        return need === 0 ? 'spent' : this.#spendLocally(pair);
      },
    };
  }

  /** Counts a call that Redis could not be asked about. */
  #spendLocally(pair: Pair): Verdict {
    const policy = this.#redis === undefined ? 'local' : this.#withoutRedis;
    if (policy === 'refuse') return 'unavailable';
    const full = policy === 'local' ? pair.find(({ limit, used, untold, held }) => limit - used - untold + held <= 0) : undefined;
    if (full !== undefined) return this.#reached(full);
    for (const counter of pair) {
      if (counter.held > 0) counter.held -= 1;
      else counter.untold += 1;
    }
    return 'spent';
  }

  #firstFull(pair: Pair): LimitReached | undefined {
    const full = pair.find(({ held, used, untold, limit }) => held <= 0 && used + untold >= limit);
    return full === undefined || (this.#withoutRedis === 'allow' && full.used < full.limit) ? undefined : this.#reached(full);
  }

  #reached({ limit, window, endsAt }: Counter): LimitReached {
    return { limit, window, retryAfterSeconds: Math.max(1, Math.ceil((endsAt - this.#now().getTime()) / 1_000)) };
  }

  #pairOf({ client, server, tool }: LimitedCall, { callsPerMinute, toolCallsPerHour }: Limits): Pair {
    const now = this.#now();
    const time = now.getTime();
    const name = `${client}\n${server}\n${tool}`;
    const found = this.#pairs.get(name);
    if (found !== undefined && found[0].endsAt > time) {
      found[0].limit = callsPerMinute;
      found[1].limit = toolCallsPerHour;
      return found;
    }
    const minute = minuteLimitKey.of({ client, service: server, 'yyyy-mm-dd-HH-MM': minuteStamp(now) });
    const hour = hourLimitKey.of({ tool, client, 'yyyy-mm-dd-HH': hourStamp(now) });
    const pair: Pair = [
      this.#counterOf(minute, 'minute', callsPerMinute, minuteLimitKey.seconds, time),
      this.#counterOf(hour, 'hour', toolCallsPerHour, hourLimitKey.seconds, time),
    ];
    this.#pairs.set(name, pair);
    return pair;
  }

  #counterOf(key: string, window: Window, limit: number, keySeconds: number, now: number): Counter {
    const found = this.#counters.get(key);
    if (found !== undefined) {
      found.limit = limit;
      return found;
    }
    this.#begun += 1;
    if (this.#begun % COUNTERS_BETWEEN_CLEANINGS === 0) this.#clean(now);
    const counter = newCounter(key, window, limit, keySeconds, now);
    this.#counters.set(key, counter);
    return counter;
  }

  #clean(now: number): void {
    for (const [name, [minute]] of this.#pairs) if (minute.endsAt <= now) this.#pairs.delete(name);
    for (const [key, { endsAt }] of this.#counters) if (endsAt <= now) this.#counters.delete(key);
  }
}

const WINDOW_MS = { minute: 60_000, hour: 3_600_000 } as const;

function newCounter(key: string, window: Window, limit: number, keySeconds: number, now: number): Counter {
  const lengthMs = WINDOW_MS[window];
  const endsAt = (Math.floor(now / lengthMs) + 1) * lengthMs;
  return {
    ...{ key, window, lengthMs, keySeconds, endsAt, limit },
    ...{ held: 0, used: 0, untold: 0, block: 0, askedAt: Number.NEGATIVE_INFINITY, asking: false },
  };
}

/** Half of a block is spent, and nobody has asked for another yet. */
function isLow({ block, held, asking }: Counter): boolean {
  return block > 1 && held * 2 < block && !asking;
}

/** None for calls now and then; from one to the next question that comes soon, twice as many. */
function nextBlock({ block, askedAt }: Counter, now: number): number {
  return now - askedAt <= SOON_MS ? Math.min(MOST_IN_A_BLOCK, Math.max(1, block * 2)) : Math.floor(block / 2);
}
