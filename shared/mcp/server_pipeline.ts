import { ClientLimits } from '../cache/client_limits.ts';
import { ResultCache } from '../cache/result_cache.ts';
import { UsageAccounts } from '../cache/usage_accounts.ts';
import type { Settings } from '../config/settings.ts';
import { systemClock } from '../domain/clock.ts';
import type { CallMetrics } from '../telemetry/call_metrics.ts';
import type { Connections } from './connections.ts';
import { hubPermissions } from './hub_permissions.ts';
import { createPipeline, type Pipeline, type PipelineLog } from './pipeline.ts';
import { openPrompts, type Prompts } from './prompts.ts';
import { openResources, type Resources } from './resources.ts';
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
  const clock = systemClock(settings.timeZone, settings.referenceDate);
  return createPipeline({
    serverName: definition.name,
    version,
    tools: definition.tools,
    repos: definition.openRepos(hub, settings, redis),
    clock,
    redis,
    cache: new ResultCache({ redis, memoryBytes: MEMORY_CACHE_BYTES }),
    clients: new ClientLimits({ redis, source: hubPermissions(hub) }),
    accounts: new UsageAccounts(redis, clock.now),
    withoutRedis: settings.limitsWithoutRedis,
    freshness,
    etlIntervalMinutes: settings.etlIntervalMinutes,
    metrics,
    logger,
    deadlineMs: settings.deadlineMs,
  });
}

/** What a server offers beside its tools; undefined is what it has none of. */
export type Offers = { readonly resources: Resources | undefined; readonly prompts: Prompts | undefined };

/** The resources and prompts of a server as the settings want them. */
export function serverOffers<Repos>(
  { resources, prompts }: Pick<ServerDefinition<Repos>, 'resources' | 'prompts'>,
  { hub, redis }: Pick<Connections, 'hub' | 'redis'>,
  { settings, logger }: Pick<PipelineOptions, 'settings' | 'logger'>,
): Offers {
  const parts = { hub, redis, clock: systemClock(settings.timeZone, settings.referenceDate) };
  const options = { deadlineMs: settings.deadlineMs, logger };
  return {
    resources: resources && openResources(resources, parts, options),
    prompts: prompts && openPrompts(prompts, parts, options),
  };
}
