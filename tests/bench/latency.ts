/** What a number of timed calls looked like. Milliseconds. */
export type Latencies = { readonly calls: number; readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number };

/** Percentiles by nearest rank: the smallest value that at least p % of the values do not exceed. */
export function latenciesOf(milliseconds: readonly number[]): Latencies {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  const at = (p: number) => sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
  return { calls: sorted.length, p50: at(50), p90: at(90), p99: at(99), max: at(100) };
}

/** Times each call of `act`, one after the other, after `warmUp` calls that do not count. */
export async function timeCalls(count: number, warmUp: number, act: (index: number) => Promise<void>): Promise<Latencies> {
  const times: number[] = [];
  for (let i = 0; i < warmUp + count; i++) {
    const began = performance.now();
    await act(i);
    if (i >= warmUp) times.push(performance.now() - began);
  }
  return latenciesOf(times);
}
