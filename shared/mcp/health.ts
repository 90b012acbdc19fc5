import { deadlineIn } from '../domain/deadline.ts';
import type { CallFigures, CallMetrics } from '../telemetry/call_metrics.ts';
import type { Connections } from './connections.ts';
import { dataAsOf, lateSources } from './freshness.ts';

/** How a process of servers is. 'degraded': questions are answered, but without the cache or from late data. */
export type Health = {
  readonly status: 'ok' | 'degraded' | 'down';
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly hub: 'up' | 'down';
  readonly redis: 'up' | 'down' | 'none';
  readonly dataVersion: string | null;
  readonly dataAsOf: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
  readonly servers: Readonly<Record<string, CallFigures>>;
};

const PROBE_MS = 1_000;

/** Looks at each part now. Takes at most a second or two, never throws. */
export async function readHealth(
  { hub, redis, freshness }: Connections,
  metrics: ReadonlyMap<string, CallMetrics>,
  { version, etlIntervalMinutes }: { readonly version: string; readonly etlIntervalMinutes: number },
): Promise<Health> {
  const [hubAnswers, state] = await Promise.all([hub.answers(deadlineIn(PROBE_MS)), freshness.read()]);
  const warnings = lateSources(state, new Date(), etlIntervalMinutes);
  const redisState = redis === undefined ? 'none' : redis.isUp ? 'up' : 'down';
  return {
    status: !hubAnswers ? 'down' : redisState === 'down' || warnings.length > 0 ? 'degraded' : 'ok',
    version,
    uptimeSeconds: Math.round(process.uptime()),
    hub: hubAnswers ? 'up' : 'down',
    redis: redisState,
    dataVersion: state?.version ?? null,
    dataAsOf: dataAsOf(state),
    warnings,
    servers: Object.fromEntries([...metrics].map(([name, counted]) => [name, counted.figures()])),
  };
}
