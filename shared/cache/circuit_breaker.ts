import { ToolError } from '../domain/tool_error.ts';
import {
  admit,
  afterFailure,
  afterNothing,
  afterSuccess,
  type CircuitRules,
  type CircuitState,
  CLOSED,
  USUAL_RULES,
} from './circuit_rules.ts';
import { circuitBreakerKey } from './keys.ts';
import type { RedisConnection, RedisScript } from './redis_connection.ts';

/** The right to call a service once. Exactly one of the three is to be told, whatever happens. */
export type Passage = {
  /** The one call by which a circuit that was open learns whether the service is back. */
  readonly isProbe: boolean;
  readonly succeeded: () => Promise<void>;
  readonly failed: () => Promise<void>;
  /** Nothing was learnt: the caller went away before the service answered. */
  readonly abandoned: () => Promise<void>;
};

export type CircuitBreaker = {
  /**
   * Asks for one call, that will end within `probeMs` milliseconds. Throws ToolError 'unavailable' with when to ask again while the
   * service is thought to be down; then exactly one process may try, at the end of the pause.
   */
  readonly enter: (service: string, probeMs?: number) => Promise<Passage>;
  readonly state: (service: string) => Promise<CircuitState>;
};

/** Well below the life of the key (300 s), which must outlive each pause and each probe. */
const LONGEST_PROBE_MS = 120_000;

/** Tries of a change that others keep being faster with. The last who tries has seen what they did. */
const TRIES = 8;

/**
 * Writes a state unless it is no longer the one that was read; then says what it is. So the rules are written once (circuit_rules.ts),
 * for Redis and for a process on its own, and one of many who see the end of a pause becomes the probe.
 */
const CHANGE: RedisScript = {
  name: 'changeCircuit',
  lua: `local found = redis.call('hmget', KEYS[1], 'status', 'failures', 'last_failure', 'next_check')
for i = 1, 4 do
  if (found[i] or '') ~= ARGV[i] then return found end
end
redis.call('hset', KEYS[1], 'status', ARGV[5], 'failures', ARGV[6], 'last_failure', ARGV[7], 'next_check', ARGV[8])
redis.call('expire', KEYS[1], ARGV[9])
return 1`,
};

/** The four fields as Redis holds them; '' for what is absent. */
type Fields = readonly [status: string, failures: string, lastFailure: string, nextCheck: string];

/**
 * The breakers of all outside services, shared by every process through Redis. While Redis is away each process goes on by itself, by
 * the same rules, from what it last saw.
 */
export function circuitBreaker(options: {
  readonly redis: RedisConnection | undefined;
  readonly rules?: CircuitRules | undefined;
  readonly now?: (() => number) | undefined;
}): CircuitBreaker {
  const { redis, rules = USUAL_RULES, now = Date.now } = options;
  const lastSeen = new Map<string, CircuitState>();

  const read = async (service: string): Promise<Fields | undefined> => {
    const key = circuitBreakerKey.of({ service });
    const [reply] = (await redis?.pipeline([['hmget', key, 'status', 'failures', 'last_failure', 'next_check']])) ?? [];
    return reply?.ok ? fieldsOf(reply.value) : undefined;
  };

  /** Carries a step out on the shared state, or on the last one seen. The step is asked again when another process was faster. */
  async function change<Outcome extends { readonly state: CircuitState }>(
    service: string,
    step: (state: CircuitState) => Outcome,
  ): Promise<Outcome> {
    const key = circuitBreakerKey.of({ service });
    let found = await read(service);
    for (let tries = 0; found !== undefined && tries < TRIES; tries++) {
      const before = stateOf(found);
      const outcome = step(before);
      lastSeen.set(service, outcome.state);
      if (outcome.state === before) return outcome;
      const [reply] = (await redis?.pipeline([[CHANGE, key, ...found, ...fieldsToWrite(outcome.state), circuitBreakerKey.seconds]])) ?? [];
      if (!reply?.ok || reply.value === 1) return outcome;
      found = fieldsOf(reply.value);
      lastSeen.set(service, stateOf(found));
    }
    const outcome = step(lastSeen.get(service) ?? CLOSED);
    lastSeen.set(service, outcome.state);
    return outcome;
  }

  return {
    async enter(service, probeMs = 30_000) {
      const admitted = await change(service, (state) => admit(state, now(), Math.min(probeMs, LONGEST_PROBE_MS)));
      if ('refusedUntil' in admitted) throw circuitOpen(service, admitted.refusedUntil - now());
      const { right } = admitted;
      const settle = async (step: (state: CircuitState) => CircuitState): Promise<void> => {
        await change(service, (state) => ({ state: step(state) }));
      };
      return {
        isProbe: right.as === 'probe',
        succeeded: () => settle((state) => afterSuccess(state, right)),
        failed: () => settle((state) => afterFailure(state, right, now(), rules)),
        abandoned: () => settle((state) => afterNothing(state, right, now())),
      };
    },
    async state(service) {
      const found = await read(service);
      return found === undefined ? (lastSeen.get(service) ?? CLOSED) : stateOf(found);
    },
  };
}

function circuitOpen(service: string, waitMs: number): ToolError {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
  return new ToolError('unavailable', `${service} has failed several times in a row and is not being asked for now.`, {
    remedy: `Ask again in ${retryAfterSeconds} s.`,
    retryAfterSeconds,
  });
}

function fieldsOf(reply: unknown): Fields {
  const [status, failures, lastFailure, nextCheck] = (Array.isArray(reply) ? reply : []).map((field) => String(field ?? ''));
  return [status ?? '', failures ?? '', lastFailure ?? '', nextCheck ?? ''];
}

/** What cannot be read is a circuit nobody knows anything about: closed. */
function stateOf([status, failures, lastFailure, nextCheck]: Fields): CircuitState {
  const count = Number(failures);
  if ((status !== 'closed' && status !== 'open' && status !== 'half-open') || !Number.isInteger(count) || count < 0) return CLOSED;
  return { status, failures: count, lastFailure: instantOf(lastFailure), nextCheck: instantOf(nextCheck) };
}

function instantOf(written: string): number | undefined {
  const instant = Date.parse(written);
  return Number.isNaN(instant) ? undefined : instant;
}

function fieldsToWrite({ status, failures, lastFailure, nextCheck }: CircuitState): Fields {
  const written = (instant: number | undefined) => (instant === undefined ? '' : new Date(instant).toISOString());
  return [status, String(failures), written(lastFailure), written(nextCheck)];
}
