import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Address, connectHost, type Host, REVISIONS } from '../support/hosts.ts';
import { programFile } from '../support/programs.ts';
import { type SampleDatabases, startSampleDatabases } from '../support/sample_databases.ts';
import { type SampleHttp, startSampleHttp } from '../support/sample_http.ts';

let databases: SampleDatabases;
let http: SampleHttp;
let environment: Record<string, string>;

const command = [process.execPath, programFile('sample_stdio')];

beforeAll(async () => {
  databases = await startSampleDatabases();
  environment = { HUB_DATABASE_URL: databases.hubUrl, PROMPTSALES_ROLE: 'users', PROMPTSALES_DEADLINE_MS: '1500' };
  if (databases.redis !== undefined) environment.REDIS_URL = databases.redis.url;
  http = await startSampleHttp(
    { hub: databases.hubUrl, redis: databases.redis?.url },
    { PROMPTSALES_ROLE: 'users', PROMPTSALES_DEADLINE_MS: '1500' },
  );
});

afterAll(async () => {
  await http?.stop();
  await databases?.stop();
});

const addressOf = (transport: 'stdio' | 'http'): Address =>
  transport === 'stdio' ? { command, environment } : { url: `${http.url}/sample/mcp` };

describe.each(['stdio', 'http'] as const)('over %s', (transport) => {
  describe.each(REVISIONS)('to a host of %s', (revision) => {
    let host: Host;
    beforeAll(async () => {
      host = await connectHost(revision, addressOf(transport));
      // Hosts hold results against the schemas of the list.
      await host.listTools();
    });
    afterAll(() => host?.close());

    it('lists each tool with its strict input schema and its output schema', async () => {
      const tools = await host.listTools();
      expect(tools.map(({ name }) => name)).toEqual(['repeat_word', 'ask_database', 'dawdle', 'fail', 'write_text', 'operate']);
      expect(tools[0]?.inputSchema).toEqual({
        type: 'object',
        properties: {
          word: { type: 'string', minLength: 1, maxLength: 200, description: 'The word' },
          times: { type: 'integer', minimum: 1, maximum: 10, default: 2, description: 'How often' },
          letterCase: { type: 'string', enum: ['upper', 'lower'] },
          fresh: { type: 'boolean', description: 'true: skip the cache' },
        },
        required: ['word'],
        additionalProperties: false,
      });
      expect(tools[0]?.outputSchema).toMatchObject({ properties: { data: { properties: { repeated: {}, times: {} } } } });
    });

    it('answers a call with text and data', async () => {
      const result = await host.call('ask_database', { a: 2, b: 40 });
      expect(result.structuredContent).toMatchObject({
        data: { sum: 42 },
        warnings: [],
        dataAsOf: { PromptAds: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) },
      });
      expect(result.text).toContain('2 + 40 = 42');
    });

    it('answers a call by another name of the tool, which it does not list', async () => {
      const word = { word: `${transport} ${revision}`, fresh: true };
      expect((await host.call('say_again', word)).structuredContent).toMatchObject({ data: { repeated: `${word.word} ${word.word}` } });
      // Once more, for the road of what is remembered.
      const again = await host.call('say_again', { word: word.word });
      expect(again.structuredContent).toMatchObject({ data: { times: 2 }, cache: { hit: true } });
      expect(JSON.stringify(await host.listTools())).not.toContain('say_again');
    });

    it('answers bad arguments with a result that names them', async () => {
      const result = await host.call('repeat_word', { wrod: 'sol', times: 'many' });
      expect(result.isError).toBe(true);
      expect(result.structuredContent).toMatchObject({ error: { class: 'invalid_input' } });
      expect(result.text).toContain("unknown argument 'wrod'; did you mean 'word'?");
      expect(result.text).toContain(`'times' must be a number, not the text "many"`);
    });

    it('answers an absurdly long argument', async () => {
      const result = await host.call('repeat_word', { word: 'x'.repeat(300_000) });
      expect(result.structuredContent).toMatchObject({ error: { class: 'invalid_input' } });
    });

    it('answers a call of an unknown tool with the tools there are', async () => {
      const result = await host.call('repeat_wrod', {});
      expect(result.text).toContain("did you mean 'repeat_word'?");
    });

    it('refuses what the role does not include (T6)', async () => {
      expect((await host.call('operate', {})).structuredContent).toMatchObject({ error: { class: 'forbidden' } });
    });

    it('keeps accidents to itself and goes on', async () => {
      const broken = await host.call('fail', { how: 'unknown' });
      expect(broken.structuredContent).toMatchObject({ error: { class: 'internal' } });
      expect(JSON.stringify(broken)).not.toMatch(/secret|5432/);
      expect((await host.call('repeat_word', { word: 'still' })).text).toContain('still still');
    });

    it('tells how far a long call is', async () => {
      const heard: string[] = [];
      await host.call('dawdle', { seconds: 0.3 }, { onProgress: (message) => heard.push(message) });
      expect(heard.join()).toContain('sleeping for 0.3 s');
    });

    it('says so when a call takes too long, and stops its query', async () => {
      const result = await host.call('dawdle', { seconds: 50 });
      expect(result.structuredContent).toMatchObject({ error: { class: 'timeout' } });
      await expect.poll(queriesUnderWay, { timeout: 2_000 }).toBe(0);
    });

    // Stateless HTTP of 2025 has no way to carry the cancellation to the call it is about.
    it.skipIf(transport === 'http' && revision === '2025-11-25')('stops the query of a cancelled call', async () => {
      const left = new AbortController();
      const call = host.call('dawdle', { seconds: 40 }, { signal: left.signal });
      await expect.poll(queriesUnderWay, { timeout: 3_000 }).toBe(1);
      left.abort();
      await expect(call).rejects.toThrow();
      await expect.poll(queriesUnderWay, { timeout: 2_000 }).toBe(0);
      expect((await host.call('repeat_word', { word: 'on' })).text).toContain('on on');
    });
  });
});

/** How many queries of dawdle run in the database. */
async function queriesUnderWay(): Promise<number> {
  const rows = await databases.query(`SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep($1)'`);
  return rows.length;
}

describe('cached answers', () => {
  it('are shared by hosts and processes, and end with the next load', async () => {
    const [first, second] = await Promise.all([connectHost('2026-07-28', addressOf('http')), connectHost('2025-11-25', addressOf('http'))]);
    try {
      const word = { word: `w${Date.now()}` };
      expect((await first.call('repeat_word', word)).structuredContent).toMatchObject({ cache: { hit: false } });
      expect((await second.call('repeat_word', word)).structuredContent).toMatchObject({ cache: { hit: true } });
      await databases.load('PromptCRM', new Date());
      await expect
        .poll(async () => (await first.call('repeat_word', word)).structuredContent.cache, { timeout: 2_000 })
        .toMatchObject({ hit: false });
      expect((await first.call('repeat_word', word)).structuredContent).toMatchObject({ dataAsOf: { PromptCRM: expect.any(String) } });
    } finally {
      await Promise.all([first.close(), second.close()]);
    }
  });

  it('warn when the last load is long ago (E4)', async () => {
    const host = await connectHost('2026-07-28', addressOf('http'));
    try {
      await databases.load('PromptContent', new Date(Date.now() - 52 * 60_000));
      await expect
        .poll(async () => (await host.call('repeat_word', { word: 'late' })).text, { timeout: 2_000 })
        .toContain('PromptContent was last loaded 52 minutes ago; the plan is every 11 minutes.');
    } finally {
      await databases.load('PromptContent', new Date());
      await host.close();
    }
  });
});

describe('a stdio server', () => {
  it('runs as two copies at once', async () => {
    const hosts = await Promise.all([connectHost('2026-07-28', addressOf('stdio')), connectHost('2025-11-25', addressOf('stdio'))]);
    try {
      const sums = await Promise.all(hosts.map((host, i) => host.call('ask_database', { a: i, b: 1 })));
      expect(sums.map(({ structuredContent }) => structuredContent.data)).toEqual([{ sum: 1 }, { sum: 2 }]);
    } finally {
      await Promise.all(hosts.map((host) => host.close()));
    }
  });

  it('lists its tools before it looks for any database', async () => {
    const host = await connectHost('2026-07-28', { command, environment: { HUB_DATABASE_URL: 'postgres://127.0.0.1:9/none' } });
    try {
      expect(await host.listTools()).toHaveLength(6);
      const result = await host.call('ask_database', { a: 1, b: 1 });
      expect(result.structuredContent).toMatchObject({ error: { class: 'unavailable', retryAfterSeconds: 5 } });
      expect(JSON.stringify(result)).not.toMatch(/ECONNREFUSED|127\.0\.0\.1/);
    } finally {
      await host.close();
    }
  });

  it('survives lines that are no JSON-RPC, writes nothing else to stdout, and ends with its input', async () => {
    const child = spawn(command[0] ?? '', command.slice(1), { env: { ...process.env, ...environment }, stdio: ['pipe', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    const send = (line: string) => child.stdin.write(`${line}\n`);
    send('this is not JSON');
    send('{"jsonrpc":"2.0"}');
    send('[]');
    send('null');
    send(
      '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}',
    );
    send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    send('{"jsonrpc":"2.0","id":2,"method":"no/such"}');
    send('{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":7,"arguments":"x"}}');
    send('{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"fail","arguments":{"how":"later"}}}');
    send('{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"ask_database","arguments":{"a":1,"b":2}}}');
    await expect.poll(() => output, { timeout: 10_000 }).toMatch(/"id":5\b/);
    const messages = output
      .trim()
      .split('\n')
      .map(
        (line) => JSON.parse(line) as { id?: number; error?: { code: number; message: string }; result?: { structuredContent?: unknown } },
      );
    const byId = new Map(messages.map((message) => [message.id, message]));
    expect(byId.get(2)?.error?.code).toBe(-32601);
    expect(byId.get(3)?.error?.code).toBe(-32602);
    expect(byId.get(5)?.result?.structuredContent).toMatchObject({ data: { sum: 3 } });

    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stdin.end();
    expect(await ended).toBe(0);
  });

  it('ends on SIGTERM', async () => {
    const child = spawn(command[0] ?? '', command.slice(1), { env: { ...process.env, ...environment }, stdio: ['pipe', 'pipe', 'ignore'] });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stdin.write(
      '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}\n',
    );
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});

describe('lost parts (N2)', () => {
  it('a hub connection that was cut is replaced within the call', async () => {
    const host = await connectHost('2026-07-28', addressOf('http'));
    try {
      await host.call('ask_database', { a: 1, b: 1 });
      await databases.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'sample http%'`);
      for (let i = 0; i < 5; i += 1)
        expect((await host.call('ask_database', { a: i, b: 1 })).structuredContent).toMatchObject({ data: { sum: i + 1 } });
    } finally {
      await host.close();
    }
  });

  it('a load is noticed by a server whose listening connection was cut', async () => {
    const host = await connectHost('2026-07-28', addressOf('http'));
    try {
      const ask = async () => (await host.call('repeat_word', { word: 'cut' })).structuredContent.cache;
      await ask();
      await databases.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sample http listener'`);
      await databases.load('PromptAds', new Date());
      expect(await ask()).toMatchObject({ hit: false });
      await expect.poll(ask, { timeout: 3_000 }).toMatchObject({ hit: true });
    } finally {
      await host.close();
    }
  });

  it('without Redis calls are answered without waiting for it, and it is used again when it is back', async (context) => {
    const { redis } = databases;
    if (redis === undefined) return context.skip('needs redis-server on PATH');
    const host = await connectHost('2026-07-28', addressOf('http'));
    try {
      await redis.kill();
      const began = performance.now();
      for (let i = 0; i < 10; i += 1) expect((await host.call('repeat_word', { word: `down${i}` })).isError).toBe(false);
      expect(performance.now() - began).toBeLessThan(1_500);
      expect(http.metrics.figures().redisFailures).toBeGreaterThan(0);

      await redis.restart();
      await expect
        .poll(async () => (await (await fetch(`${http.url}/api/health`)).json()) as unknown, { timeout: 5_000 })
        .toMatchObject({ redis: 'up' });
    } finally {
      await host.close();
    }
  });
});
