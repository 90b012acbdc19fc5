import { DEFAULT_LIMITS } from '../cache/rate_limits.ts';
import { ResultCache } from '../cache/result_cache.ts';
import type { Settings } from '../config/settings.ts';
import { systemClock } from '../domain/clock.ts';
import type { CallMetrics } from '../telemetry/call_metrics.ts';
import type { Connections } from './connections.ts';
import { createPipeline, type Pipeline, type PipelineLog } from './pipeline.ts';
import type { ServerDefinition } from './server_definition.ts';

/** Results a process remembers, in bytes, for each server. */
const MEMORY_CACHE_BYTES = 16 * 1024 * 1024;

export type PipelineOptions = {
  readonly settings: Settings;
  /** Names the build: answers of another one are not reused. */
  readonly version: string;
  readonly metrics: CallMetrics;
  readonly logger: PipelineLog;
};

/** The pipeline of a server as the settings want it. */
export function serverPipeline<Repos>(
  definition: ServerDefinition<Repos>,
  { hub, redis, freshness }: Connections,
  { settings, version, metrics, logger }: PipelineOptions,
): Pipeline {
  return createPipeline({
    serverName: definition.name,
    version,
    tools: definition.tools,
    repos: definition.openRepos(hub, settings),
    clock: systemClock(settings.timeZone, settings.referenceDate),
    cache: new ResultCache({ redis, memoryBytes: MEMORY_CACHE_BYTES }),
    limits: DEFAULT_LIMITS,
    freshness,
    etlIntervalMinutes: settings.etlIntervalMinutes,
    metrics,
    logger,
    deadlineMs: settings.deadlineMs,
  });
}
