import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SampleDatabases, startSampleDatabases } from '../support/sample_databases.ts';
import { type SampleHttp, startSampleHttp } from '../support/sample_http.ts';
import { toolCall } from '../support/tool_call.ts';

let databases: SampleDatabases;
let http: SampleHttp;

beforeAll(async () => {
  databases = await startSampleDatabases();
  http = await startSampleHttp({ hub: databases.hubUrl, redis: undefined });
});

afterAll(async () => {
  await http?.stop();
  await databases?.stop();
});

const { headers: HEADERS, message: CALL } = toolCall('ask_database', { a: 1, b: 2 }, { client: 'raw' });

type Reply = { readonly status: number; readonly headers: Record<string, string | string[] | undefined>; readonly body: string };

/** fetch() would not let a test choose its Host header. */
function send(path: string, options: { method?: string; headers?: Record<string, string>; body?: string } = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${http.url}${path}`,
      { method: options.method ?? 'POST', headers: options.headers ?? HEADERS, agent: false },
      (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('end', () =>
          resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(chunks).toString('utf8') }),
        );
        reply.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

const works = async () => {
  const reply = await send('/sample/mcp', { body: JSON.stringify(CALL) });
  expect(JSON.parse(reply.body)).toMatchObject({ result: { structuredContent: { data: { sum: 3 } } } });
};

describe('who may ask', () => {
  it.each([
    ['a foreign Host', { host: 'evil.example' }],
    ['a foreign Host with our port', { host: 'evil.example:7400' }],
    ['a name that begins like ours', { host: 'localhost.evil.example' }],
    ['a page of a foreign origin', { origin: 'https://evil.example' }],
    ['a page without an origin of its own', { origin: 'null' }],
  ])('refuses %s', async (_who, headers) => {
    const reply = await send('/sample/mcp', { headers: { ...HEADERS, ...headers }, body: JSON.stringify(CALL) });
    expect(reply.status).toBe(403);
    const health = await send('/api/health', { method: 'GET', headers: { ...headers } });
    expect(health.status).toBe(403);
  });

  it('lets a page of this machine ask', async () => {
    const reply = await send('/sample/mcp', { headers: { ...HEADERS, origin: 'http://localhost:6274' }, body: JSON.stringify(CALL) });
    expect(reply.status).toBe(200);
  });
});

describe('what cannot be answered', () => {
  it.each([
    ['no JSON', '{"jsonrpc":', 400],
    ['an empty body', '', 400],
    ['JSON that is no JSON-RPC', '{"hello":"there"}', 400],
    ['a body of 2 MiB', JSON.stringify({ ...CALL, padding: 'x'.repeat(2 * 1024 * 1024) }), 413],
  ])('answers %s with a JSON error', async (_what, body, status) => {
    const reply = await send('/sample/mcp', { body });
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.body)).toMatchObject({ error: expect.anything() });
    await works();
  });

  it.each(['/', '/nothing/mcp', '/sample', '/sample/mcp/more', '/%00', '//evil.example/mcp'])(
    'answers %s with 404 and the paths there are',
    async (path) => {
      const reply = await send(path, { body: '{}' });
      expect(reply.status).toBe(404);
      expect(JSON.parse(reply.body)).toMatchObject({ paths: ['/sample/mcp', '/api/health'] });
    },
  );

  it('answers GET and DELETE of a server with 405: there are no sessions to open or end', async () => {
    expect((await send('/sample/mcp', { method: 'GET', headers: { accept: 'text/event-stream' } })).status).toBe(405);
    expect((await send('/sample/mcp', { method: 'DELETE', headers: {} })).status).toBe(405);
  });
});

describe('remembered answers', () => {
  const ask = async (params: object, headers: Record<string, string> = {}) => {
    const body = JSON.stringify({ ...CALL, params: { ...CALL.params, name: 'repeat_word', ...params } });
    return send('/sample/mcp', {
      headers: { ...HEADERS, 'mcp-name': 'repeat_word', 'content-length': String(Buffer.byteLength(body)), ...headers },
      body,
    });
  };
  const resultOf = ({ body }: Reply) => (JSON.parse(body) as { result: { structuredContent: { cache: unknown } } }).result;

  it('look as the SDK writes them', async () => {
    const word = { arguments: { word: 'same' } };
    await ask(word);
    const quick = await ask(word);
    // One more key in _meta, and the call takes the usual road.
    const usual = await ask({
      ...word,
      _meta: { ...CALL.params._meta, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    });
    expect(quick.headers['content-length']).toBeDefined();
    expect(usual.headers['content-length']).toBeUndefined();
    expect(resultOf(quick).structuredContent.cache).toMatchObject({ hit: true });
    expect(JSON.parse(quick.body)).toEqual(JSON.parse(usual.body));
    expect([quick.status, quick.headers['content-type']]).toEqual([usual.status, usual.headers['content-type']]);
  });

  it('are not given to a call whose header names another tool', async () => {
    await ask({ arguments: { word: 'named' } });
    const reply = await ask({ arguments: { word: 'named' } }, { 'mcp-name': 'ask_database' });
    expect(reply.status).toBe(400);
    expect(JSON.parse(reply.body)).toMatchObject({ error: { code: -32020 } });
  });

  it('are not given to wrong arguments or to fresh: true', async () => {
    await ask({ arguments: { word: 'right' } });
    expect(resultOf(await ask({ arguments: { word: 'right', tims: 2 } }))).toMatchObject({ isError: true });
    expect(resultOf(await ask({ arguments: { word: 'right', fresh: true } })).structuredContent.cache).toMatchObject({ hit: false });
  });
});

describe('request ids', () => {
  it('are given, repeated where the caller brought one, and named by errors', async () => {
    expect((await send('/api/health', { method: 'GET', headers: {} })).headers['x-request-id']).toMatch(/^[\da-f-]{36}$/);
    const body = JSON.stringify({ ...CALL, params: { ...CALL.params, name: 'fail', arguments: { how: 'known' } } });
    const reply = await send('/sample/mcp', { headers: { ...HEADERS, 'mcp-name': 'fail', 'x-request-id': 'trace-7' }, body });
    expect(reply.headers['x-request-id']).toBe('trace-7');
    expect(JSON.parse(reply.body)).toMatchObject({ result: { structuredContent: { error: { correlationId: 'trace-7' } } } });
  });

  it('that could do harm in a log are replaced', async () => {
    const reply = await send('/api/health', { method: 'GET', headers: { 'x-request-id': 'a b<script>' } });
    expect(reply.headers['x-request-id']).toMatch(/^[\da-f-]{36}$/);
  });
});

describe('health (N3)', () => {
  it('says how each part is', async () => {
    const reply = await send('/api/health', { method: 'GET', headers: {} });
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body)).toMatchObject({
      status: 'ok',
      version: '1.2.3',
      hub: 'up',
      redis: 'none',
      dataVersion: '1',
      servers: { sample: { calls: expect.any(Number) } },
    });
  });

  it('is 503 when the hub is away, with calls that say so', async () => {
    const lost = await startSampleHttp({ hub: 'postgres://127.0.0.1:9/none', redis: undefined });
    try {
      const health = await fetch(`${lost.url}/api/health`);
      expect(health.status).toBe(503);
      expect(await health.json()).toMatchObject({ status: 'down', hub: 'down' });
      const call = await fetch(`${lost.url}/sample/mcp`, { method: 'POST', headers: HEADERS, body: JSON.stringify(CALL) });
      expect(await call.json()).toMatchObject({ result: { isError: true, structuredContent: { error: { class: 'unavailable' } } } });
    } finally {
      await lost.stop();
    }
  });
});

describe('stopping', () => {
  it('lets a call under way finish and takes no new ones', async () => {
    const stopping = await startSampleHttp({ hub: databases.hubUrl, redis: undefined });
    const body = JSON.stringify({ ...CALL, params: { ...CALL.params, name: 'dawdle', arguments: { seconds: 0.5 } } });
    const underWay = fetch(`${stopping.url}/sample/mcp`, { method: 'POST', headers: { ...HEADERS, 'mcp-name': 'dawdle' }, body });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const stopped = stopping.stop();
    expect(await (await underWay).json()).toMatchObject({ result: { structuredContent: { data: { slept: 0.5 } } } });
    await stopped;
    await expect(fetch(`${stopping.url}/api/health`)).rejects.toThrow();
  });

  it('refuses a port that is taken with an error that can be told', async () => {
    const { startHttp } = await import('../../shared/mcp/http.ts');
    const again = startHttp({
      servers: [],
      version: '1',
      host: '127.0.0.1',
      port: http.port,
      identification: { known: () => undefined, identify: async () => expect.fail() },
      health: async () => expect.fail(),
      onError: () => undefined,
    });
    await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
