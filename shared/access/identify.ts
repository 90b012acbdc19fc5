import type { IncomingMessage } from 'node:http';
import type { Settings } from '../config/settings.ts';
import type { Caller } from '../mcp/contract.ts';
import { localCaller } from './local_caller.ts';
import type { SessionRead, Sessions } from './sessions.ts';

/** What of a request tells who sent it; node's own request fits. */
export type Asker = Pick<IncomingMessage, 'headers'> & { readonly socket: { readonly remoteAddress?: string | undefined } };

/** The caller, once the name its host gave is known, which stands in the body of a request. A token's holder is who it is under any name. */
export type Identity = (clientName: string | undefined) => Caller;

/** Why a request is not served, ready to be sent. */
export type Refusal = {
  readonly status: 401 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: 'unauthorized' | 'unavailable'; readonly message: string; readonly remedy: string };
};

/** Who calls over HTTP. */
export type Identification = {
  /** Without asking anybody: a local caller, or a token that was good within the last CACHED_MS. Undefined: ask `identify`. */
  readonly known: (asker: Asker) => Identity | undefined;
  /** Never rejects. */
  readonly identify: (asker: Asker) => Promise<{ readonly identity: Identity } | { readonly refusal: Refusal }>;
};

/** A token that was good is taken to be so for this long, in milliseconds: a closed session is refused after at most that. */
export const CACHED_MS = 10_000;
const MOST_CACHED = 1_000;
const RETRY_AFTER_SECONDS = 2;
/** RFC 6750, with the space and the case hosts write. */
const BEARER = /^bearer +([\w.~+/-]{1,512}=*) *$/i;
const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/**
 * Says who sent a request: the holder of a session's token; without an Authorization header the local caller of the settings, when the request
 * comes from this machine and no proxy stands in between. Anything else is refused.
 */
export function identification(
  settings: Pick<Settings, 'role' | 'extraScopes'>,
  sessions: Pick<Sessions, 'read'>,
  now: () => number = () => performance.now(),
): Identification {
  const local: Identity = (clientName) => localCaller(settings, clientName);
  // By the header as it comes: hashing the token first would be most of the cost. A Map finds by hash, so its time tells nothing of how
  // much of a guess is right.
  const good = new Map<string, { readonly identity: Identity; readonly until: number }>();
  const asked = new Map<string, Promise<SessionRead>>();

  /** Equal tokens that arrive together are looked up once. */
  const read = (token: string): Promise<SessionRead> => {
    const underWay = asked.get(token);
    if (underWay !== undefined) return underWay;
    const reading = sessions.read(token).finally(() => asked.delete(token));
    asked.set(token, reading);
    return reading;
  };

  const remember = (authorization: string, identity: Identity): void => {
    good.delete(authorization);
    good.set(authorization, { identity, until: now() + CACHED_MS });
    // In the order they were asked for: the first is the first to be out of date.
    const [oldest] = good.size > MOST_CACHED ? good.keys() : [];
    if (oldest !== undefined) good.delete(oldest);
  };

  const known = (asker: Asker): Identity | undefined => {
    const { authorization } = asker.headers;
    if (authorization === undefined) return isLocal(asker) ? local : undefined;
    const found = good.get(authorization);
    return found !== undefined && found.until > now() ? found.identity : undefined;
  };

  return {
    known,
    async identify(asker) {
      const identity = known(asker);
      if (identity !== undefined) return { identity };
      const { authorization } = asker.headers;
      if (authorization === undefined) return { refusal: unauthorized('This server needs to know who asks.') };
      const token = BEARER.exec(authorization)?.[1];
      if (token === undefined) {
        return { refusal: unauthorized('The Authorization header is not of the form: Bearer <token>.', 'invalid_request') };
      }
      const caller = await read(token).catch((): SessionRead => 'unavailable');
      if (caller === 'unavailable') return { refusal: UNAVAILABLE };
      if (caller === 'unknown') {
        good.delete(authorization);
        return {
          refusal: unauthorized('The token is of no open session: it was closed, replaced, or not used for two hours.', 'invalid_token'),
        };
      }
      const found: Identity = () => caller;
      remember(authorization, found);
      return { identity: found };
    },
  };
}

/** A request that a proxy passed on comes from wherever the proxy had it from. */
function isLocal({ headers, socket }: Asker): boolean {
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) return false;
  return LOOPBACK.test(socket.remoteAddress ?? '');
}

/** RFC 6750 §3: a request without any token is told the scheme only. */
function unauthorized(message: string, error?: 'invalid_request' | 'invalid_token'): Refusal {
  const more = error === undefined ? '' : `, error="${error}", error_description="${message}"`;
  return {
    status: 401,
    headers: { 'www-authenticate': `Bearer realm="PromptSales"${more}` },
    body: {
      error: 'unauthorized',
      message,
      remedy: 'Get a token with `promptsales session open <email>` and send it as Authorization: Bearer <token>.',
    },
  };
}

const UNAVAILABLE: Refusal = {
  status: 503,
  headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
  body: {
    error: 'unavailable',
    message: 'Sessions cannot be looked up just now.',
    remedy: `Try again in ${RETRY_AFTER_SECONDS} seconds; \`promptsales status\` shows which part is down.`,
  },
};
