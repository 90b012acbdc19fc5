import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Identity } from '../access/identify.ts';
import { limitHeaders } from './limit_headers.ts';
import type { Pipeline } from './pipeline.ts';

/** What the fast road needs to write an answer as the SDK writes it. */
export type ServerIdentity = { readonly name: string; readonly title: string; readonly version: string };

/** A request whose body has been read: whoever answers it reads the body again from here. */
export type ReadRequest = Pick<IncomingMessage, 'method' | 'url' | 'headers'> & AsyncIterable<Buffer>;

const META = 'io.modelcontextprotocol';
/** Questions are small; what is larger takes the usual road, with its own limit. */
const MAX_BYTES = 64_000;

/** How a revision writes calls and answers, as far as the two roads must agree. */
type Revision = {
  readonly isPlainCall: (headers: IncomingMessage['headers'], call: Call) => boolean;
  readonly isPlainMeta: (meta: Readonly<Record<string, unknown>>) => boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** What stands before the result, and what between it and the id. */
  readonly before: string;
  readonly between: (identity: ServerIdentity) => string;
  readonly end: string;
};

type Call = { readonly id: string; readonly tool: string; readonly args: unknown; readonly clientName: string | undefined };

// A progress token asks for nothing an answer at hand could tell.
const META_2026 = new Set([`${META}/protocolVersion`, `${META}/clientCapabilities`, `${META}/clientInfo`, 'progressToken']);
const META_2025 = new Set(['progressToken']);

const REVISION_2026 = '2026-07-28';
const of2026: Revision = {
  isPlainCall: (headers, { tool }) => headers['mcp-method'] === 'tools/call' && headers['mcp-name'] === tool,
  isPlainMeta: (meta) =>
    hasOnly(meta, META_2026) &&
    meta[`${META}/protocolVersion`] === REVISION_2026 &&
    isObject(meta[`${META}/clientCapabilities`]) &&
    clientIn(meta) !== undefined,
  headers: { 'content-type': 'application/json' },
  before: '{"result":',
  between: (identity) => `,"resultType":"complete","_meta":{"${META}/serverInfo":${JSON.stringify(identity)}}},"jsonrpc":"2.0","id":`,
  end: '}',
};

const of2025: Revision = {
  isPlainCall: (headers) => headers['mcp-method'] === undefined && headers['mcp-session-id'] === undefined,
  isPlainMeta: (meta) => hasOnly(meta, META_2025),
  headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' },
  before: 'event: message\ndata: {"result":',
  between: () => '},"jsonrpc":"2.0","id":',
  end: '}\n\n',
};

const REVISIONS: Readonly<Record<string, Revision>> = { [REVISION_2026]: of2026, '2025-11-25': of2025, '2025-06-18': of2025 };

/**
 * The road for answers this process remembers: an SDK server made for one request costs ten times the answer itself. Only the plainest form of a call
 * takes it (headers and body agree, nothing asked for beside the answer); everything else, and every call that is not remembered, goes on to the
 * SDK with its body as it came.
 * The road calls `goOn` with the request when it has not answered, and `fail` when the request cannot be read. No promises: with them an answer
 * took a tenth longer.
 */
export function rememberedRoad(identity: ServerIdentity, remembered: Pipeline['remembered']): Road {
  const between = new Map(Object.values(REVISIONS).map((revision) => [revision, asBytes(revision.between(identity))]));
  return (request, response, { requestId, caller, goOn, fail }) => {
    const revision = revisionOf(request);
    if (revision === undefined) return goOn(request);
    readBody(request, fail, (body) => {
      const { headers } = request;
      const call = readCall(body.toString('utf8'), revision);
      const found =
        call === undefined || !revision.isPlainCall(headers, call) ? undefined : remembered(call.tool, call.args, caller(call.clientName));
      if (call === undefined || found === undefined) return goOn(again(request, body));
      const bytes = revision.before + found.openResult + between.get(revision) + asBytes(call.id) + revision.end;
      response.writeHead(200, {
        ...revision.headers,
        ...limitHeaders(found.limits),
        'x-request-id': requestId,
        'content-length': bytes.length,
      });
      sendWithOthers(response, bytes);
    });
  };
}

export type Road = (
  request: IncomingMessage,
  response: ServerResponse,
  travel: {
    readonly requestId: string;
    readonly caller: Identity;
    readonly goOn: (rest: IncomingMessage | ReadRequest) => void;
    readonly fail: (error: Error) => void;
  },
) => void;

/** Answers that leave at the end of this turn. */
const leaving: { readonly response: ServerResponse; readonly bytes: string }[] = [];

/**
 * Sends an answer together with all others that this turn of the event loop makes: written one by one between two requests, each woke the
 * reader anew, which cost a third of the throughput at 16 connections.
 */
function sendWithOthers(response: ServerResponse, bytes: string): void {
  if (leaving.length === 0) setImmediate(sendAll);
  leaving.push({ response, bytes });
}

function sendAll(): void {
  // A text of bytes leaves with the headers in one write; a buffer would be a second, and a text of characters is encoded anew each time.
  for (const { response, bytes } of leaving.splice(0)) response.end(bytes, 'latin1');
}

/** The UTF-8 bytes of a text as a text of as many characters. */
function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function revisionOf({ method, headers }: IncomingMessage): Revision | undefined {
  const version = headers['mcp-protocol-version'];
  const length = Number(headers['content-length']);
  const isPlain =
    method === 'POST' &&
    typeof version === 'string' &&
    headers['content-type'] === 'application/json' &&
    headers['content-encoding'] === undefined &&
    headers.accept?.includes('application/json') === true &&
    headers.accept.includes('text/event-stream') &&
    length > 0 &&
    length <= MAX_BYTES;
  return isPlain && Object.hasOwn(REVISIONS, version) ? REVISIONS[version] : undefined;
}

/** Reads the whole body. Listening costs a third of what iterating over the request does. Fails when the connection breaks before its end. */
function readBody(request: IncomingMessage, fail: (error: Error) => void, then: (body: Buffer) => void): void {
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  request.on('data', (chunk: Buffer) => {
    if (first === undefined) first = chunk;
    else {
      more ??= [first];
      more.push(chunk);
    }
  });
  request.on('end', () => {
    try {
      then(more === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(more));
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
  request.on('error', fail);
}

/** The request with its body in front again. */
function again({ method, url, headers }: IncomingMessage, body: Buffer): ReadRequest {
  return {
    method,
    url,
    headers,
    async *[Symbol.asyncIterator]() {
      yield body;
    },
  };
}

/** The call in the body, when it is a plain one; undefined leaves the judgement to the SDK. */
function readCall(text: string, { isPlainMeta }: Revision): Call | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(message) || message.jsonrpc !== '2.0' || message.method !== 'tools/call' || !hasOnly(message, ENVELOPE_KEYS))
    return undefined;
  const { id, params } = message;
  if ((typeof id !== 'string' && !Number.isInteger(id)) || !isObject(params) || !hasOnly(params, PARAMS_KEYS)) return undefined;
  const { name, arguments: args, _meta: meta = {} } = params;
  if (typeof name !== 'string' || !isObject(meta) || !isPlainMeta(meta)) return undefined;
  return { id: JSON.stringify(id), tool: name, args, clientName: clientIn(meta) };
}

function clientIn(meta: Readonly<Record<string, unknown>>): string | undefined {
  const client = meta[`${META}/clientInfo`];
  return isObject(client) && typeof client.name === 'string' && typeof client.version === 'string' ? client.name : undefined;
}

const ENVELOPE_KEYS = new Set(['jsonrpc', 'id', 'method', 'params']);
const PARAMS_KEYS = new Set(['name', 'arguments', '_meta']);

function hasOnly(value: object, keys: ReadonlySet<string>): boolean {
  for (const key in value) if (!keys.has(key)) return false;
  return true;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
