import { describe, expect, it } from 'vitest';
import { type Limits, RateLimits } from '../../shared/cache/rate_limits.ts';

const NOON = Date.parse('2026-11-21T12:00:00Z');

describe('limits of calls in a process', () => {
  const at = (allowance: Limits) => {
    const clock = { now: NOON };
    const limits = new RateLimits({ now: () => new Date(clock.now), redis: undefined });
    const call = (client: string, tool: string) => limits.spend({ client, server: 'sample', tool }, allowance);
    const left = (client: string, tool: string) =>
      limits.states({ client, server: 'sample', tool }, allowance).map(({ remaining }) => remaining);
    return { clock, call, left };
  };

  it('are a minute that the tools of a server share, and an hour for each tool (S6)', () => {
    const { clock, call, left } = at({ callsPerMinute: 3, toolCallsPerHour: 4 });
    call('ana', 'one');
    call('ana', 'two');
    expect([left('ana', 'one'), left('ana', 'two'), left('eva', 'one')]).toEqual([
      [1, 3],
      [1, 3],
      [3, 4],
    ]);
    expect(call('ana', 'one')).toBe('spent');
    expect(call('ana', 'two')).toEqual({ limit: 3, window: 'minute', retryAfterSeconds: 60 });

    clock.now += 60_000;
    expect([call('ana', 'one'), call('ana', 'one')]).toEqual(['spent', 'spent']);
    expect(call('ana', 'one')).toEqual({ limit: 4, window: 'hour', retryAfterSeconds: 3_540 });
    expect(call('ana', 'two')).toBe('spent');
    clock.now = NOON + 3_600_000;
    expect(left('ana', 'one')).toEqual([3, 4]);
  });

  it('are kept while thousands of other clients come and go, and cost each of them no more than the first', () => {
    const { clock, call, left } = at({ callsPerMinute: 100, toolCallsPerHour: 100 });
    const begun = performance.now();
    for (let minute = 0; minute < 3; minute += 1) {
      call('ana', 'one');
      for (let client = 0; client < 10_000; client += 1) call(`client-${client}`, 'one');
      expect(left('ana', 'one')).toEqual([99, 99 - minute]);
      clock.now += 60_000;
    }
    // Looking through all that were known for each new one took 44 s.
    expect(performance.now() - begun).toBeLessThan(3_000);
  });
});
