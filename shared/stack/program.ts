import type { Settings } from '../config/settings.ts';
import type { StackUrls } from './state.ts';

/** How this program starts itself for its inner verbs, and which version it is. */
export type Program = {
  /**
   * For example [process.execPath, '/…/dist/promptsales.mjs']. The stack appends `internal` and one of:
   * `supervisor`: runs the stack; `valkey`: the bundled Redis; `prepare`: migrations, data, first ETL run, then ends, writing progress
   * to standard output (see prepare.ts); `serve`: the MCP servers over HTTP on PROMPTSALES_HOST and PROMPTSALES_PORT; `etl`: the schedule.
   */
  readonly selfCommand: readonly string[];
  readonly version: string;
};

/** The command that runs one of the inner verbs. */
export function innerCommand({ selfCommand }: Program, verb: 'supervisor' | 'prepare' | 'serve' | 'etl'): string[] {
  return [...selfCommand, 'internal', verb];
}

/** Settings as the environment of another process of this program: it reads them back the same, whatever our own environment says. */
export function environmentOf(settings: Settings, urls: Partial<StackUrls> = settings.urls as Partial<StackUrls>): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PROMPTSALES_ENV: settings.production ? 'production' : 'development',
    PROMPTSALES_HOME: settings.home,
    PROMPTSALES_HOST: settings.host,
    PROMPTSALES_PORT: String(settings.port),
    PROMPTSALES_ROLE: settings.role,
    PROMPTSALES_SCOPES: settings.extraScopes.join(' '),
    PROMPTSALES_TIME_ZONE: settings.timeZone,
    PROMPTSALES_DEADLINE_MS: String(settings.deadlineMs),
    PROMPTSALES_LOG_LEVEL: settings.logLevel,
    PROMPTSALES_SCALE: settings.scale,
    PROMPTSALES_SEED: String(settings.seed),
    PROMPTSALES_REFERENCE_DATE: settings.referenceDate,
    ETL_INTERVAL_MINUTES: String(settings.etlIntervalMinutes),
    PROMPTSALES_WASM_REDIS: settings.wasmRedis ? '1' : '0',
    HUB_DATABASE_URL: urls.hub,
    HUB_ETL_DATABASE_URL: urls.hubEtl,
    HUB_ADMIN_DATABASE_URL: urls.hubAdmin,
    ADS_DATABASE_URL: urls.ads,
    CRM_DATABASE_URL: urls.crm,
    CONTENT_DATABASE_URL: urls.content,
    REDIS_URL: urls.redis,
  };
}
