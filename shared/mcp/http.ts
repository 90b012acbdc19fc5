import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostHeaderValidation, originValidation, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import type { Health } from './health.ts';
import { answerRemembered, type Remember } from './http_remembered.ts';
import { type AnswerCall, mcpServerFactory, type ServerFace } from './mcp_server.ts';

/** A server and what answers its calls. */
export type HttpServed = { readonly face: ServerFace; readonly answerCall: AnswerCall; readonly remember: Remember };

export type HttpOptions = {
  readonly servers: readonly HttpServed[];
  readonly version: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Host names beside the loopback ones that requests may be addressed to and come from. */
  readonly allowedHosts?: readonly string[] | undefined;
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

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Serves MCP at /<server>/mcp for each server, and /api/health. Requests addressed to, or sent by a page of, a foreign host
 * are refused: a web page must not reach a server on the user's machine through DNS rebinding.
 * Rejects when the port is taken.
 */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  let underWay = 0;
  let draining = false;
  const handlers = options.servers.map(({ face, answerCall, remember }) => {
    const counted: AnswerCall = async (...call) => {
      underWay += 1;
      try {
        return await answerCall(...call);
      } finally {
        underWay -= 1;
      }
    };
    const handler = createMcpHandler(mcpServerFactory(face, options.version, counted), {
      maxRequestBodySize: MAX_BODY_BYTES,
      onerror: options.onError,
    });
    return { path: `/${face.name}/mcp`, handler, face, remember };
  });

  const routes = new Map<string, Route>(
    handlers.map(({ path, handler, face: { name, title }, remember }) => {
      const usual = toNodeHandler(handler, { maxRequestBodySize: MAX_BODY_BYTES, onerror: options.onError });
      const identity = { name, title, version: options.version };
      return [
        path,
        async (request, response) => {
          const rest = await answerRemembered(request, response, identity, remember);
          if (rest !== undefined) await usual(rest, response);
        },
      ];
    }),
  );
  routes.set('/api/health', async (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendJson(response, 405, { error: 'use GET' });
    const health = await options.health();
    sendJson(response, health.status === 'down' || draining ? 503 : 200, draining ? { ...health, status: 'stopping' } : health);
  });

  const allowed = [...LOOPBACK_NAMES, ...(options.allowedHosts ?? [])];
  const hostIsAllowed = hostHeaderValidation(allowed);
  const originIsAllowed = originValidation(allowed);

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = requestIdOf(request);
    request.headers['x-request-id'] = requestId;
    response.setHeader('x-request-id', requestId);
    if (draining) response.setHeader('connection', 'close');
    if (!hostIsAllowed(request, response) || !originIsAllowed(request, response)) return;
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const route = routes.get(path);
    if (route !== undefined) return route(request, response);
    sendJson(response, 404, { error: `nothing is served at ${path.slice(0, 200)}`, paths: [...routes.keys()] });
  };

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 30_000 }, (request, response) => {
    answer(request, response).catch((error: Error) => {
      options.onError(error);
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: 'something went wrong', requestId: request.headers['x-request-id'] });
    });
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

/** The caller's own id where it is harmless to repeat, else a new one. */
function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body));
}
