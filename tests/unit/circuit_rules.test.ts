import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { circuitBreaker } from '../../shared/cache/circuit_breaker.ts';
import {
  admit,
  afterFailure,
  afterNothing,
  afterSuccess,
  type CircuitState,
  CLOSED,
  type Right,
  USUAL_RULES,
} from '../../shared/cache/circuit_rules.ts';
import { circuitBreakerKey } from '../../shared/cache/keys.ts';

const PROBE_MS = 30_000;

function right(state: CircuitState, now: number): { state: CircuitState; right: Right } {
  const admitted = admit(state, now, PROBE_MS);
  if ('refusedUntil' in admitted) throw new Error(`refused until ${admitted.refusedUntil}`);
  return admitted;
}

function failing(times: number, now = 0): CircuitState {
  let state = CLOSED;
  for (let i = 0; i < times; i++) state = afterFailure(state, { as: 'call' }, now, USUAL_RULES);
  return state;
}

describe('the rules of a circuit (R: circuit:breaker)', () => {
  it('open it after five failures in a row', () => {
    expect(failing(4)).toMatchObject({ status: 'closed', failures: 4 });
    expect(failing(5)).toEqual({ status: 'open', failures: 5, lastFailure: 0, nextCheck: 5_000 });
  });

  it('count anew after a success, and after a minute without a failure', () => {
    expect(afterSuccess(failing(4), { as: 'call' })).toEqual(CLOSED);
    expect(afterFailure(failing(4), { as: 'call' }, 60_001, USUAL_RULES)).toMatchObject({ status: 'closed', failures: 1 });
    expect(afterFailure(failing(4), { as: 'call' }, 60_000, USUAL_RULES)).toMatchObject({ status: 'open' });
  });

  it('let exactly one call through when the pause is over', () => {
    const open = failing(5);
    expect(admit(open, 4_999, PROBE_MS)).toEqual({ state: open, refusedUntil: 5_000 });
    const probe = right(open, 5_000);
    expect(probe.right).toEqual({ as: 'probe', until: 35_000 });
    expect(admit(probe.state, 5_000, PROBE_MS)).toMatchObject({ refusedUntil: 35_000 });
  });

  it('close it when the probe succeeds, open it longer when it fails', () => {
    const probe = right(failing(5), 5_000);
    expect(afterSuccess(probe.state, probe.right)).toEqual(CLOSED);
    const again = afterFailure(probe.state, probe.right, 6_000, USUAL_RULES);
    expect(again).toEqual({ status: 'open', failures: 6, lastFailure: 6_000, nextCheck: 16_000 });
  });

  it('let the pauses grow to two minutes and no further', () => {
    let state = failing(5);
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      const now = state.nextCheck ?? 0;
      const probe = right(state, now);
      state = afterFailure(probe.state, probe.right, now, USUAL_RULES);
      pauses.push((state.nextCheck ?? 0) - now);
    }
    expect(pauses).toEqual([10_000, 20_000, 40_000, 80_000, 120_000, 120_000, 120_000, 120_000]);
  });

  it('let another probe when the first never came back, and then do not listen to the first', () => {
    const lost = right(failing(5), 5_000);
    const second = right(lost.state, 35_000);
    expect(second.right.as).toBe('probe');
    expect(afterSuccess(second.state, lost.right)).toBe(second.state);
    expect(afterFailure(second.state, lost.right, 36_000, USUAL_RULES)).toBe(second.state);
  });

  it('let another probe at once when the caller of the first went away', () => {
    const probe = right(failing(5), 5_000);
    const released = afterNothing(probe.state, probe.right, 5_100);
    expect(right(released, 5_100).right.as).toBe('probe');
  });

  it('do not listen to calls made before it opened', () => {
    const open = failing(5);
    expect(afterSuccess(open, { as: 'call' })).toBe(open);
    expect(afterFailure(open, { as: 'call' }, 1_000, USUAL_RULES)).toBe(open);
  });

  it('never keep a pause or a probe longer than the key lives', () => {
    for (const pause of USUAL_RULES.pausesMs) expect(pause).toBeLessThan(circuitBreakerKey.seconds * 1_000);
  });

  it('never let two probe at a time, whatever happens when', () => {
    const event = fc.record({ passes: fc.integer({ min: 0, max: 20_000 }), end: fc.constantFrom('success', 'failure', 'nothing', 'none') });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state = failing(5);
        let now = 0;
        let probe: { right: Right; until: number } | undefined;
        for (const { passes, end } of events) {
          now += passes;
          const admitted = admit(state, now, PROBE_MS);
          if ('right' in admitted && admitted.right.as === 'probe') {
            expect(probe === undefined || probe.until <= now).toBe(true);
            probe = { right: admitted.right, until: admitted.right.until };
          }
          state = admitted.state;
          if (probe === undefined || end === 'none') continue;
          const before = state;
          if (end === 'success') state = afterSuccess(state, probe.right);
          if (end === 'failure') state = afterFailure(state, probe.right, now, USUAL_RULES);
          if (end === 'nothing') state = afterNothing(state, probe.right, now);
          if (state !== before) probe = undefined;
          if (state.status === 'closed') state = failing(5, now);
        }
      }),
    );
  });
});

describe('a circuit without Redis', () => {
  it('opens, probes once and closes by the same rules', async () => {
    let now = 0;
    const breaker = circuitBreaker({ redis: undefined, now: () => now });
    for (let i = 0; i < 5; i++) await (await breaker.enter('canva')).failed();
    await expect(breaker.enter('canva')).rejects.toMatchObject({ errorClass: 'unavailable', retryAfterSeconds: 5 });
    expect((await breaker.enter('openai')).isProbe).toBe(false);
    now = 5_000;
    const entries = await Promise.allSettled(Array.from({ length: 10 }, () => breaker.enter('canva')));
    const probes = entries.flatMap((entry) => (entry.status === 'fulfilled' ? [entry.value] : []));
    expect(probes.map(({ isProbe }) => isProbe)).toEqual([true]);
    await probes[0]?.succeeded();
    expect((await breaker.state('canva')).status).toBe('closed');
    expect((await breaker.enter('canva')).isProbe).toBe(false);
  });
});
