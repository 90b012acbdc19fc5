import { resolve } from 'node:path';
import { z } from 'zod';
import { parseRedisAddress, RedisAddressError, withTlsFiles } from '../cache/redis_address.ts';
import { jsonText } from '../domain/json_text.ts';

const flag = z.stringbool({ truthy: ['1', 'true', 'yes', 'on'], falsy: ['0', 'false', 'no', 'off', ''] });
const optionalText = z
  .string()
  .trim()
  .transform((text) => (text === '' ? undefined : text))
  .optional();

/** Dollars as decimal text. */
const dollars = z
  .string()
  .trim()
  .regex(/^\d{1,9}(\.\d{1,12})?$/, 'not an amount such as 0.40');
const Prices = z.record(z.string().min(1), z.strictObject({ inputPerMillion: dollars, outputPerMillion: dollars }));

const Environment = z.object({
  PROMPTSALES_ENV: z.enum(['development', 'production']).default('development'),
  PROMPTSALES_HOME: optionalText,
  PROMPTSALES_KEYS_FOLDER: optionalText,
  PROMPTSALES_PORT: z.coerce.number().int().min(0).max(65_535).default(7400),
  PROMPTSALES_HOST: z.string().default('127.0.0.1'),
  PROMPTSALES_ROLE: z.enum(['admin', 'marketing', 'sales', 'users']).default('admin'),
  PROMPTSALES_SCOPES: optionalText,
  PROMPTSALES_TIME_ZONE: z.string().refine(isTimeZone, 'not an IANA time zone').default('America/Costa_Rica'),
  PROMPTSALES_DEADLINE_MS: z.coerce.number().int().min(100).max(300_000).default(20_000),
  PROMPTSALES_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  PROMPTSALES_SCALE: z.enum(['full', 'small']).default('full'),
  PROMPTSALES_SEED: z.coerce.number().int().min(0).default(20_260_101),
  PROMPTSALES_REFERENCE_DATE: z.iso.date().optional(),
  ETL_INTERVAL_MINUTES: z.coerce.number().int().min(1).max(1440).default(11),
  HUB_DATABASE_URL: optionalText,
  HUB_ETL_DATABASE_URL: optionalText,
  HUB_ADMIN_DATABASE_URL: optionalText,
  ADS_DATABASE_URL: optionalText,
  CRM_DATABASE_URL: optionalText,
  CONTENT_DATABASE_URL: optionalText,
  CONTENT_WRITER_DATABASE_URL: optionalText,
  ADS_WRITER_DATABASE_URL: optionalText,
  CRM_WRITER_DATABASE_URL: optionalText,
  REDIS_URL: optionalText,
  REDIS_TLS_CA: optionalText,
  REDIS_TLS_CERT: optionalText,
  REDIS_TLS_KEY: optionalText,
  PROMPTSALES_WASM_REDIS: flag.default(false),
  PROMPTSALES_LIMITS_WITHOUT_REDIS: z.enum(['local', 'refuse', 'allow']).default('local'),
  // What goes into a header as it is: an error about a character in it would print the key.
  OPENAI_API_KEY: optionalText.refine((key) => key === undefined || /^[\x21-\x7E]+$/.test(key), 'holds characters that no key has'),
  OPENAI_BASE_URL: optionalText.refine(
    (url) => url === undefined || isServiceUrl(url),
    'not an http(s) URL without user, password and query',
  ),
  OPENAI_ORG_ID: optionalText,
  OPENAI_PROJECT_ID: optionalText,
  PROMPTSALES_EMBEDDING_MODEL: optionalText,
  PROMPTSALES_EMBEDDING_DIMENSIONS: z.coerce.number().int().min(1).max(4_096).default(1_536),
  PROMPTSALES_TEXT_MODEL: optionalText,
  PROMPTSALES_MODEL_PRICES: optionalText.transform((text) => text ?? '{}').pipe(jsonText(Prices)),
  PROMPTSALES_MODEL_CONCURRENCY: z.coerce.number().int().min(1).max(100).default(4),
  PROMPTSALES_MODEL_TIMEOUT_MS: z.coerce.number().int().min(100).max(300_000).default(60_000),
  PINECONE_API_KEY: optionalText,
  PINECONE_INDEX: optionalText.refine(
    (host) => host === undefined || /^(https?:\/\/)?[\w-]+(\.[\w-]+)+(:\d+)?\/?$/.test(host),
    "not the index's address, such as images-1a2b3c.svc.aped-4627-b74a.pinecone.io: the console shows it",
  ),
  // 32 bytes are 43 letters without padding.
  PROMPTSALES_PLAN_KEY: optionalText.refine(
    (key) => key === undefined || /^[\w+/-]{43,}={0,2}$/.test(key),
    'not 32 random bytes or more in base64',
  ),
  PROMPTSALES_COST_CONFIRM_USD: optionalText.transform((text) => text ?? '0.50').pipe(dollars),
});

/** What a model costs: US dollars for a million tokens, as decimal text. */
export type ModelPrice = z.infer<typeof Prices>[string];

/** Which models are asked, where, and what they cost. */
export type AiSettings = {
  /** A secret: in requests to the service and nowhere else. */
  readonly apiKey: string | undefined;
  /** Of any service that speaks OpenAI's protocol; undefined means OpenAI's own. */
  readonly baseUrl: string | undefined;
  /** Whose account is billed, where a key has several. */
  readonly organization: string | undefined;
  readonly project: string | undefined;
  readonly embeddingModel: string;
  readonly embeddingDimensions: number;
  /** Undefined: no model writes. Which one to pay is not ours to choose. */
  readonly textModel: string | undefined;
  /** By model; they come before the list in shared/ai/model_prices.ts. */
  readonly prices: Readonly<Record<string, ModelPrice>>;
  /** Requests at once of this process, for texts and for embeddings each. */
  readonly concurrency: number;
  /** The longest one request to a model may take, in milliseconds. */
  readonly timeoutMs: number;
  /** What would cost more than so many dollars, or an unknown amount, is done in two steps. Decimal text. */
  readonly costConfirmUsd: string;
};

/**
 * Everything the environment decides, read once per process and passed on from there.
 * Times are milliseconds unless a name says otherwise; a URL that is absent means "the embedded part".
 */
export type Settings = {
  readonly production: boolean;
  readonly home: string | undefined;
  /** Where the certificates of the data keys are; undefined: in the home. */
  readonly keysFolder: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly role: 'admin' | 'marketing' | 'sales' | 'users';
  readonly extraScopes: readonly string[];
  readonly timeZone: string;
  readonly deadlineMs: number;
  readonly logLevel: string;
  readonly scale: 'full' | 'small';
  readonly seed: number;
  /** "Today" for generated data and for period words; undefined means the clock's today. */
  readonly referenceDate: string | undefined;
  readonly etlIntervalMinutes: number;
  /** Use the bundled Valkey even where a Redis server is on PATH. */
  readonly wasmRedis: boolean;
  /** What limits of calls do while Redis is away: hold by process, refuse every call, let every call pass. */
  readonly limitsWithoutRedis: 'local' | 'refuse' | 'allow';
  readonly urls: {
    /** The hub as servers read it. */
    readonly hub: string | undefined;
    /** The hub as the ETL writes it. */
    readonly hubEtl: string | undefined;
    /** The hub as migrations own it. */
    readonly hubAdmin: string | undefined;
    readonly ads: string | undefined;
    readonly crm: string | undefined;
    readonly content: string | undefined;
    /** PromptContent as content_generator reads and writes it. */
    readonly contentWriter: string | undefined;
    /** PromptAds as ads_optimizer carries out budget plans in it. */
    readonly adsWriter: string | undefined;
    /** PromptCRM as crm_analyzer moves leads in it. */
    readonly crmWriter: string | undefined;
    /** Every form of parseRedisAddress, the certificates' files in it. */
    readonly redis: string | undefined;
  };
  readonly ai: AiSettings;
  /** A secret: plans that await a confirmation are signed with it. All processes of an installation have the same. */
  readonly planKey: Uint8Array | undefined;
  /** Where vectors are kept; undefined: in a file of the home. The key is a secret. */
  readonly pinecone: { readonly apiKey: string; readonly host: string } | undefined;
};

/** A setting that cannot be used: the message names the variable and what would be right. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Reads settings from an environment. Throws {@link SettingsError} that names every variable at fault. */
export function readSettings(environment: NodeJS.ProcessEnv = process.env): Settings {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success) {
    throw new SettingsError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  }
  const e = parsed.data;
  return {
    production: e.PROMPTSALES_ENV === 'production',
    home: e.PROMPTSALES_HOME,
    // Other processes of this program start in other folders.
    keysFolder: e.PROMPTSALES_KEYS_FOLDER === undefined ? undefined : resolve(e.PROMPTSALES_KEYS_FOLDER),
    host: e.PROMPTSALES_HOST,
    port: e.PROMPTSALES_PORT,
    role: e.PROMPTSALES_ROLE,
    extraScopes: e.PROMPTSALES_SCOPES?.split(/[\s,]+/).filter((scope) => scope !== '') ?? [],
    timeZone: e.PROMPTSALES_TIME_ZONE,
    deadlineMs: e.PROMPTSALES_DEADLINE_MS,
    logLevel: e.PROMPTSALES_LOG_LEVEL,
    scale: e.PROMPTSALES_SCALE,
    seed: e.PROMPTSALES_SEED,
    referenceDate: e.PROMPTSALES_REFERENCE_DATE,
    etlIntervalMinutes: e.ETL_INTERVAL_MINUTES,
    wasmRedis: e.PROMPTSALES_WASM_REDIS,
    limitsWithoutRedis: e.PROMPTSALES_LIMITS_WITHOUT_REDIS,
    urls: {
      hub: e.HUB_DATABASE_URL,
      hubEtl: e.HUB_ETL_DATABASE_URL,
      hubAdmin: e.HUB_ADMIN_DATABASE_URL,
      ads: e.ADS_DATABASE_URL,
      crm: e.CRM_DATABASE_URL,
      content: e.CONTENT_DATABASE_URL,
      contentWriter: e.CONTENT_WRITER_DATABASE_URL,
      adsWriter: e.ADS_WRITER_DATABASE_URL,
      crmWriter: e.CRM_WRITER_DATABASE_URL,
      redis: redisUrl(e),
    },
    pinecone: pineconeOf(e),
    planKey: e.PROMPTSALES_PLAN_KEY === undefined ? undefined : Buffer.from(e.PROMPTSALES_PLAN_KEY, 'base64'),
    ai: {
      apiKey: e.OPENAI_API_KEY,
      baseUrl: e.OPENAI_BASE_URL,
      organization: e.OPENAI_ORG_ID,
      project: e.OPENAI_PROJECT_ID,
      embeddingModel: e.PROMPTSALES_EMBEDDING_MODEL ?? 'text-embedding-3-small',
      embeddingDimensions: e.PROMPTSALES_EMBEDDING_DIMENSIONS,
      textModel: e.PROMPTSALES_TEXT_MODEL,
      prices: e.PROMPTSALES_MODEL_PRICES,
      concurrency: e.PROMPTSALES_MODEL_CONCURRENCY,
      timeoutMs: e.PROMPTSALES_MODEL_TIMEOUT_MS,
      costConfirmUsd: e.PROMPTSALES_COST_CONFIRM_USD,
    },
  };
}

/** REDIS_URL, checked, with the files that REDIS_TLS_* name. Throws {@link SettingsError}, without the URL, which holds a password. */
function redisUrl(e: z.infer<typeof Environment>): string | undefined {
  const files = { ca: e.REDIS_TLS_CA, cert: e.REDIS_TLS_CERT, key: e.REDIS_TLS_KEY };
  const named = Object.values(files).some((file) => file !== undefined);
  if (named && !/^rediss/i.test(e.REDIS_URL ?? '')) {
    throw new SettingsError('REDIS_TLS_CA, REDIS_TLS_CERT and REDIS_TLS_KEY: only a REDIS_URL that begins with rediss uses them');
  }
  if (e.REDIS_URL === undefined) return undefined;
  // Other processes of this program start in other folders.
  const absolute = (file: string | undefined) => (file === undefined ? undefined : resolve(file));
  const url = withTlsFiles(e.REDIS_URL, { ca: absolute(files.ca), cert: absolute(files.cert), key: absolute(files.key) });
  try {
    parseRedisAddress(url);
  } catch (error) {
    throw error instanceof RedisAddressError ? new SettingsError(`REDIS_URL: ${error.message}`) : error;
  }
  return url;
}

/** Throws {@link SettingsError} when only one of the two is given. */
function pineconeOf({ PINECONE_API_KEY: apiKey, PINECONE_INDEX: host }: z.infer<typeof Environment>): Settings['pinecone'] {
  if (apiKey === undefined && host === undefined) return undefined;
  if (apiKey === undefined || host === undefined) throw new SettingsError('PINECONE_API_KEY and PINECONE_INDEX: one needs the other');
  return { apiKey, host };
}

function isServiceUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return (
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === ''
  );
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
