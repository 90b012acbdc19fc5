import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostHeaderValidation, originValidation, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import type { Identification, Identity } from '../access/identify.ts';
import type { Health } from './health.ts';
import { rememberedRoad } from './http_remembered.ts';
import { limitHeaders } from './limit_headers.ts';
import { type AnswerCall, type AnswerCompletion, type AnswerResource, mcpServerFactory, type ServerFace } from './mcp_server.ts';
import type { Answered, Pipeline } from './pipeline.ts';
import type { Prompts } from './prompts.ts';
import type { Resources } from './resources.ts';

/** A server and what answers its questions. */
export type HttpServed = {
  readonly face: ServerFace;
  readonly pipeline: Pick<Pipeline, 'call' | 'remembered'>;
  /** For a server that has resources. */
  readonly resources?: Resources | undefined;
  /** For a server that has prompts with arguments to complete from a database. */
  readonly prompts?: Prompts | undefined;
};

export type HttpOptions = {
  readonly servers: readonly HttpServed[];
  readonly version: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Host names beside the loopback ones that requests may be addressed to and come from. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Says who sent a request, or why it is refused. */
  readonly identification: Identification;
  readonly health: () => Promise<Health>;
  readonly onError: (error: Error) => void;
};

export type HttpServer = {
  readonly url: string;
  readonly port: number;
  /** Lets calls under way finish, at most ten seconds, then ends. */
  readonly close: () => Promise<void>;
};

/** Far above any question; what is larger is refused with 413 before it is read whole. */
const MAX_BODY_BYTES = 1024 * 1024;
const DRAIN_MS = 10_000;
/** Longer than a load balancer keeps its connections, so that it is never handed a closed one. */
const KEEP_ALIVE_MS = 65_000;

/** Host names that have been looked at. */
const MOST_NAMES = 1_000;

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/** A request under way. */
type Exchange = { readonly identity: Identity; readonly response: ServerResponse };

/** Answers a request, at once or later; `fail` hears of what goes wrong meanwhile. */
type Route = (request: IncomingMessage, response: ServerResponse, requestId: string, fail: (error: Error) => void) => void;

/**
 * Serves MCP at /<server>/mcp for each server, and /api/health. Requests addressed to, or sent by a page of, a foreign host
 * are refused: a web page must not reach a server on the user's machine through DNS rebinding.
 * Rejects when the port is taken.
 */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  let underWay = 0;
  let draining = false;
  // Who sent the request a call came in, and where its answer goes: the SDK in between knows of neither.
  const exchanges = new AsyncLocalStorage<Exchange>();
  const exchange = (): Exchange => {
    const current = exchanges.getStore();
    if (current === undefined) throw new Error('a call that came in no request');
    return current;
  };
  /** Work that a stop waits for. */
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    underWay += 1;
    try {
      return await work();
    } finally {
      underWay -= 1;
    }
  };
  const handlers = options.servers.map(({ face, pipeline, resources, prompts }) => {
    const answerCall: AnswerCall = (tool, args, clientName, callOptions) =>
      counted(async () => {
        const { identity, response } = exchange();
        const answered = await pipeline.call(tool, args, identity(clientName), callOptions);
        // A stream has its headers sent already.
        if (!response.headersSent) tellLimits(response, answered);
        return answered;
      });
    const answerResource: AnswerResource | undefined =
      resources &&
      ((kind, ask, clientName, askOptions) => counted(() => resources(kind, ask, exchange().identity(clientName), askOptions)));
    const answerCompletion: AnswerCompletion | undefined =
      prompts && ((ask, clientName, askOptions) => counted(() => prompts(ask, exchange().identity(clientName), askOptions)));
    const factory = mcpServerFactory(face, options.version, { answerCall, answerResource, answerCompletion });
    const handler = createMcpHandler(factory, {
      maxRequestBodySize: MAX_BODY_BYTES,
      onerror: options.onError,
    });
    return { path: `/${face.name}/mcp`, handler, face, pipeline };
  });

  /** Who sent a request; undefined when it has been refused. */
  const identified = async (request: IncomingMessage, response: ServerResponse, requestId: string): Promise<Identity | undefined> => {
    const found = await options.identification.identify(request);
    if ('identity' in found) return found.identity;
    const { status, headers, body } = found.refusal;
    response.writeHead(status, { ...headers, 'x-request-id': requestId, 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(JSON.stringify(body));
    return undefined;
  };

  const routes = new Map<string, Route>(
    handlers.map(({ path, handler, face: { name, title }, pipeline }) => {
      const usual = toNodeHandler(handler, { maxRequestBodySize: MAX_BODY_BYTES, onerror: options.onError });
      const road = rememberedRoad({ name, title, version: options.version }, pipeline.remembered);
      return [
        path,
        (request, response, requestId, fail) => {
          const travel = (identity: Identity) =>
            road(request, response, {
              requestId,
              caller: identity,
              goOn: (rest) => {
                response.setHeader('x-request-id', requestId);
                request.headers['x-request-id'] = requestId;
                exchanges.run({ identity, response }, () => usual(rest, response)).catch(fail);
              },
              fail,
            });
          const identity = options.identification.known(request);
          if (identity !== undefined) return travel(identity);
          identified(request, response, requestId)
            .then((found) => found && travel(found))
            .catch(fail);
        },
      ];
    }),
  );
  routes.set('/api/health', (request, response, requestId, fail) => {
    response.setHeader('x-request-id', requestId);
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendJson(response, 405, { error: 'use GET' });
    options
      .health()
      .then((health) =>
        sendJson(response, health.status === 'down' || draining ? 503 : 200, draining ? { ...health, status: 'stopping' } : health),
      )
      .catch(fail);
  });

  const allowed = [...LOOPBACK_NAMES, ...(options.allowedHosts ?? [])];
  const hostIsAllowed = hostHeaderValidation(allowed);
  const originIsAllowed = originValidation(allowed);
  // Reading a name as a URL costs more than the rest of an answer from memory, and there are few names.
  const allowedBefore = new Set<string>();
  const isAllowed = (request: IncomingMessage, response: ServerResponse, requestId: string): boolean => {
    const names = `${request.headers.host}\n${request.headers.origin ?? ''}`;
    if (allowedBefore.has(names)) return true;
    response.setHeader('x-request-id', requestId);
    if (!hostIsAllowed(request, response) || !originIsAllowed(request, response)) return false;
    if (allowedBefore.size < MOST_NAMES) allowedBefore.add(names);
    return true;
  };

  const answer: Route = (request, response, requestId, fail) => {
    if (draining) response.setHeader('connection', 'close');
    if (!isAllowed(request, response, requestId)) return;
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const route = routes.get(path);
    if (route !== undefined) return route(request, response, requestId, fail);
    response.setHeader('x-request-id', requestId);
    sendJson(response, 404, { error: `nothing is served at ${path.slice(0, 200)}`, paths: [...routes.keys()] });
  };

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 30_000 }, (request, response) => {
    const requestId = requestIdOf(request);
    const fail = (error: Error) => {
      options.onError(error);
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: 'something went wrong', requestId });
    };
    try {
      answer(request, response, requestId, fail);
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
  // A request that is not HTTP gets what node answers by itself; without this it would be an uncaught error.
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', options.onError);

  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    async close() {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const until = performance.now() + DRAIN_MS;
      while (underWay > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
      await Promise.all(handlers.map(({ handler }) => handler.close()));
      server.closeIdleConnections();
      // Answers just written leave before their connections do.
      const force = setTimeout(() => server.closeAllConnections(), 250);
      await closed;
      clearTimeout(force);
    },
  };
}

function tellLimits(response: ServerResponse, { limits, retryAfterSeconds }: Answered): void {
  for (const [name, value] of Object.entries(limitHeaders(limits))) response.setHeader(name, value);
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
}

/** The caller's own id where it is harmless to repeat, else a new one. */
function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body));
}
