import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ToolResult } from './envelope.ts';

/** Answers a call from memory, or not at all. */
export type Remember = (tool: string, args: unknown, clientName: string) => ToolResult | undefined;

/** What the fast road needs to write an answer as the SDK writes it. */
export type ServerIdentity = { readonly name: string; readonly title: string; readonly version: string };

/** A request whose body has been read: whoever answers it reads the body again from here. */
export type ReadRequest = Pick<IncomingMessage, 'method' | 'url' | 'headers'> & AsyncIterable<Buffer>;

const REVISION = '2026-07-28';
const META = 'io.modelcontextprotocol';
/** Questions are small; what is larger takes the usual road, with its own limit. */
const MAX_BYTES = 64_000;

/**
 * The road for answers this process remembers: an SDK server made for one request costs ten times the answer itself. Only the plainest form of a call
 * of today's revision takes it (headers and body agree, nothing asked for beside the answer); everything else, and every call that
 * is not remembered, goes on to the SDK with its body as it came.
 * Resolves to undefined when it has answered, else to the request to go on with.
 */
export async function answerRemembered(
  request: IncomingMessage,
  response: ServerResponse,
  identity: ServerIdentity,
  remember: Remember,
): Promise<IncomingMessage | ReadRequest | undefined> {
  if (!isPlainCall(request)) return request;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const call = readCall(body.toString('utf8'), request.headers['mcp-name']);
  const result = call === undefined ? undefined : remember(call.tool, call.args, call.clientName);
  if (call === undefined || result === undefined) {
    const { method, url, headers } = request;
    return {
      method,
      url,
      headers,
      async *[Symbol.asyncIterator]() {
        yield body;
      },
    };
  }
  const bytes = Buffer.from(
    JSON.stringify({
      result: { ...result, resultType: 'complete', _meta: { [`${META}/serverInfo`]: identity } },
      jsonrpc: '2.0',
      id: call.id,
    }),
  );
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes);
  return undefined;
}

function isPlainCall({ method, headers }: IncomingMessage): boolean {
  const length = Number(headers['content-length']);
  return (
    method === 'POST' &&
    headers['mcp-protocol-version'] === REVISION &&
    headers['mcp-method'] === 'tools/call' &&
    headers['content-type'] === 'application/json' &&
    headers['content-encoding'] === undefined &&
    headers.accept?.includes('application/json') === true &&
    headers.accept.includes('text/event-stream') &&
    length > 0 &&
    length <= MAX_BYTES
  );
}

type Call = { readonly id: string | number; readonly tool: string; readonly args: unknown; readonly clientName: string };

/** The call in the body, when it is the plainest one; undefined leaves the judgement to the SDK. */
function readCall(text: string, toolInHeader: string | string[] | undefined): Call | undefined {
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
  const { name, arguments: args, _meta: meta } = params;
  if (typeof name !== 'string' || name !== toolInHeader || !isObject(meta) || !hasOnly(meta, META_KEYS)) return undefined;
  const client = meta[`${META}/clientInfo`];
  if (meta[`${META}/protocolVersion`] !== REVISION || !isObject(meta[`${META}/clientCapabilities`]) || !isObject(client)) return undefined;
  if (typeof client.name !== 'string' || typeof client.version !== 'string') return undefined;
  return { id: id as string | number, tool: name, args, clientName: client.name };
}

const ENVELOPE_KEYS = new Set(['jsonrpc', 'id', 'method', 'params']);
const PARAMS_KEYS = new Set(['name', 'arguments', '_meta']);
// A progress token asks for nothing an answer at hand could tell.
const META_KEYS = new Set([`${META}/protocolVersion`, `${META}/clientCapabilities`, `${META}/clientInfo`, 'progressToken']);

function hasOnly(value: object, keys: ReadonlySet<string>): boolean {
  return Object.keys(value).every((key) => keys.has(key));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
