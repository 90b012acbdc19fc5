import { connectRedis, type RedisConnection } from '../cache/redis_connection.ts';
import type { Settings } from '../config/settings.ts';
import { openPostgres, type PostgresDatabase } from '../db/postgres_database.ts';
import type { WriterName } from '../stack/source_writers.ts';
import { createHubFreshness, type HubFreshness } from './hub_freshness.ts';

/** Where the parts are that servers read. Without Redis calls are answered uncached by other processes. */
export type Addresses = { readonly hub: string; readonly redis: string | undefined };

/** Where the parts were found. */
export type Located = {
  readonly addresses: Addresses;
  /** The "today" their data was made for, when it is not the clock's. */
  readonly referenceDate?: string | undefined;
  /** The ways into the sources that servers write, and the key for plans, of an embedded stack. */
  readonly writers?: Readonly<Record<WriterName, string>> | undefined;
  readonly planKey?: Uint8Array | undefined;
};

/** The settings, with what was found where they say nothing: what is configured always wins. */
export function withLocated(settings: Settings, { addresses, referenceDate, writers, planKey }: Located): Settings {
  const configured = Object.entries(settings.urls).filter(([, url]) => url !== undefined);
  return {
    ...settings,
    referenceDate: settings.referenceDate ?? referenceDate,
    urls: { ...settings.urls, ...addresses, ...writers, ...Object.fromEntries(configured) },
    planKey: settings.planKey ?? planKey,
  };
}

/** What the servers of one process share. */
export type Connections = {
  readonly hub: PostgresDatabase;
  readonly redis: RedisConnection | undefined;
  readonly freshness: HubFreshness;
  readonly close: () => Promise<void>;
};

export type ConnectionOptions = {
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly deadlineMs: number;
  readonly maxConnections?: number | undefined;
  /** Told of each Redis command that got no answer. */
  readonly onRedisFailure?: (() => void) | undefined;
  readonly onIdleError?: ((error: Error) => void) | undefined;
};

/** Opens what calls need. Does not fail when a part is away: calls then say so, or go on without it. */
export async function openConnections(addresses: Addresses, options: ConnectionOptions): Promise<Connections> {
  const [hub, redis] = await Promise.all([
    openPostgres(addresses.hub, {
      applicationName: options.name,
      maxConnections: options.maxConnections,
      // Behind the call's own deadline, should a cancel get lost.
      statementTimeoutMs: options.deadlineMs + 1_000,
      onIdleError: options.onIdleError,
    }),
    addresses.redis === undefined ? undefined : connectRedis(addresses.redis, options.onRedisFailure),
  ]);
  const freshness = createHubFreshness(hub, addresses.hub, options.name);
  return {
    hub,
    redis,
    freshness,
    close: async () => {
      await Promise.allSettled([freshness.close(), hub.close(), redis?.close()]);
    },
  };
}
