import type { Settings } from '../config/settings.ts';

/** How this program starts itself for its inner verbs, and which version it is. */
export type Program = {
  /**
   * For example [process.execPath, '/…/dist/promptsales.mjs']. The stack appends `internal` and one of:
   * `supervisor`: runs the stack; `valkey`: the bundled Redis; `prepare`: migrations, data, first ETL run, then ends, writing progress
   * to standard output (see preparation.ts); `serve`: the MCP servers over HTTP on PROMPTSALES_HOST and PROMPTSALES_PORT; `etl`: the
   * schedule.
   */
  readonly selfCommand: readonly string[];
  readonly version: string;
};

export type InnerVerb = 'supervisor' | 'valkey' | 'prepare' | 'serve' | 'etl';

export function innerCommand(selfCommand: readonly string[], verb: InnerVerb): string[] {
  return [...selfCommand, 'internal', verb];
}

/** Which addresses a stack or a server needs, by their names in the settings. */
export type UrlName = keyof Settings['urls'];

/** What a configured installation names by itself and the embedded stack otherwise provides: addresses, and the key that signs plans. */
export type ProvidedName = UrlName | 'planKey';

/** The variable each address is read from. */
export const URL_VARIABLES: Readonly<Record<UrlName, string>> = {
  hub: 'HUB_DATABASE_URL',
  hubEtl: 'HUB_ETL_DATABASE_URL',
  hubAdmin: 'HUB_ADMIN_DATABASE_URL',
  ads: 'ADS_DATABASE_URL',
  crm: 'CRM_DATABASE_URL',
  content: 'CONTENT_DATABASE_URL',
  contentWriter: 'CONTENT_WRITER_DATABASE_URL',
  adsWriter: 'ADS_WRITER_DATABASE_URL',
  crmWriter: 'CRM_WRITER_DATABASE_URL',
  redis: 'REDIS_URL',
};

export const PLAN_KEY_VARIABLE = 'PROMPTSALES_PLAN_KEY';

/** Names, separated by spaces, of the addresses that are parts of the embedded stack: only those may be filled with generated data. */
export const EMBEDDED_VARIABLE = 'PROMPTSALES_EMBEDDED';

/**
 * Settings as the environment of another process of this program, which reads them back the same whatever our own environment says.
 * Everything else of our environment is passed on.
 */
export function environmentOf(settings: Settings): NodeJS.ProcessEnv {
  const urls = Object.fromEntries(Object.entries(URL_VARIABLES).map(([name, variable]) => [variable, settings.urls[name as UrlName]]));
  return {
    ...process.env,
    PROMPTSALES_ENV: settings.production ? 'production' : 'development',
    PROMPTSALES_HOME: settings.home,
    PROMPTSALES_KEYS_FOLDER: settings.keysFolder,
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
    [PLAN_KEY_VARIABLE]: settings.planKey === undefined ? undefined : Buffer.from(settings.planKey).toString('base64'),
    ...urls,
  };
}
