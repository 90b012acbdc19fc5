import type { OpenAI } from 'openai';
import type { AiSettings } from '../config/settings.ts';
import { ToolError } from '../domain/tool_error.ts';
import type { OutsideReply } from '../gateway/outside_service.ts';

/** The name under which breaker, limit, statistics and settings know the service. */
export const OPENAI_SERVICE = 'openai';

/** What reached us of an answer whose end never came. */
export const BROKEN_OFF = Symbol('broken off');

/** A service that speaks OpenAI's protocol. */
export type OpenAiConnection = {
  /** OpenAI itself, not another service that speaks as it does. */
  readonly isOpenAi: boolean;
  /** Whose answers these are, for keys of caches: the address, without anything secret. */
  readonly account: string;
  /**
   * Sends one request and waits for all of its answer; the package's own retries are off. Resolves with whatever status came, and with
   * {@link BROKEN_OFF} as the response when the service began to answer and did not finish; rejects when it did not begin. The key is in
   * none of it.
   */
  readonly post: (path: '/embeddings' | '/chat/completions', body: object, signal: AbortSignal) => Promise<OutsideReply>;
};

/** Nothing is loaded or connected before the first request: most processes never ask a model. */
export function openAiConnection(settings: AiSettings): OpenAiConnection {
  let client: Promise<OpenAI> | undefined;
  const open = async (): Promise<OpenAI> => {
    const { OpenAI: Client } = await import('openai');
    // Everything the package would read from the environment is given, so that what holds is what the settings say.
    return new Client({
      // A service on this machine needs no key; the package wants one.
      apiKey: settings.apiKey ?? 'none',
      adminAPIKey: null,
      webhookSecret: null,
      baseURL: settings.baseUrl ?? OPENAI_URL,
      organization: settings.organization ?? null,
      project: settings.project ?? null,
      maxRetries: 0,
      // Ours is the signal's time; the package's own never ends first.
      timeout: settings.timeoutMs * 2,
      logLevel: 'off',
    });
  };
  const redact = (text: string): string => redacted(text, settings.apiKey);

  return {
    isOpenAi: settings.baseUrl === undefined || new URL(settings.baseUrl).hostname === 'api.openai.com',
    account: `${settings.baseUrl ?? OPENAI_URL} ${settings.organization ?? ''} ${settings.project ?? ''}`.trimEnd(),
    async post(path, body, signal) {
      client ??= open();
      const { APIError } = await import('openai');
      let response: Response;
      try {
        response = await (await client).post(path, { body, signal }).asResponse();
      } catch (error) {
        if (error instanceof APIError && error.status !== undefined) return refusal(error, redact);
        throw withoutSecret(error, redact);
      }
      let text: string;
      try {
        text = await response.text();
      } catch {
        if (signal.aborted) throw signal.reason;
        return { status: response.status, response: BROKEN_OFF };
      }
      return { status: response.status, response: jsonOr(text, undefined) };
    },
  };
}

/** The error in words for whoever asked, when it is that the account has no credit; else undefined. */
export function creditUsedUp(error: unknown): ToolError | undefined {
  if (!(error instanceof ToolError) || typeof error.cause !== 'object' || error.cause === null) return undefined;
  if (!('code' in error.cause) || error.cause.code !== NO_CREDIT) return undefined;
  return new ToolError('unavailable', "The account with the model's provider has no credit left.", {
    remedy: 'Whoever holds that account can add credit; nothing else needs to change.',
    cause: error.cause,
  });
}

const NO_CREDIT = 'insufficient_quota';

const OPENAI_URL = 'https://api.openai.com/v1';

function refusal(error: InstanceType<typeof OpenAI.APIError>, redact: (text: string) => string): OutsideReply {
  const { status = 500, headers } = error;
  const milliseconds = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  const retryAfter = headers?.get('retry-after') ?? (Number.isFinite(milliseconds) ? String(Math.ceil(milliseconds / 1_000)) : undefined);
  const said: unknown = JSON.parse(
    JSON.stringify(error.error ?? null, (_key, part: unknown) => (typeof part === 'string' ? redact(part) : part)),
  );
  return { status: statusOf(status, error.code), response: said, retryAfter };
}

/**
 * What a status means to whoever decides about another attempt. A credit that is used up comes as 429, which no patience mends: it is 402
 * (payment required). 500, 502 and 529 say that no answer was made, so that none is billed and asking again is safe: they are 503. 504
 * says nothing of the kind and stays.
 */
function statusOf(status: number, code: string | null | undefined): number {
  if (status === 429 && code === NO_CREDIT) return 402;
  return status === 500 || status === 502 || status === 529 ? 503 : status;
}

/** An error that says what happened and holds nothing of the request. */
function withoutSecret(error: unknown, redact: (text: string) => string): Error {
  const words: string[] = [];
  for (let at: unknown = error; at instanceof Error && words.length < 5; at = at.cause) words.push(at.message);
  return new Error(redact(words.join(': ')));
}

/** Keys in a text, ours and any that looks like one (services repeat a part of the key they refuse). */
function redacted(text: string, key: string | undefined): string {
  const own = key === undefined ? text : text.replaceAll(key, '[key]');
  return own.replaceAll(/\bsk-[\w*-]{6,}/g, '[key]').replaceAll(/Bearer\s+\S+/gi, 'Bearer [key]');
}

function jsonOr<Other>(text: string, other: Other): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return other;
  }
}
