import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import type { Caller } from '../../shared/mcp/contract.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import { describeOnEachRedis, useRedis } from '../support/redis_engines.ts';
import { type SampleOptions, type SampleWorld, sampleWorld, someone } from '../support/sample_pipeline.ts';

const CHILD = fileURLToPath(new URL('../support/pipeline_child.ts', import.meta.url));

describeOnEachRedis('results in Redis', (engineName) => {
  const used = useRedis(engineName);
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  /** A process of the sample server as far as Redis can tell: with a connection and a memory of its own. */
  const process_ = async (options: SampleOptions = {}): Promise<SampleWorld> => sampleWorld({ redis: await used.connected(), ...options });
  const ask = async (world: SampleWorld, tool: string, args: unknown, caller: Caller = someone): Promise<ToolResult> =>
    (await world.pipeline.call(tool, args, caller)).result;
  const resultKeys = () => used.eye.keys('mcp:tool:*');

  it('have the fields and the life the customer described, and are a hit for another process', async () => {
    await ask(await process_(), 'repeat_word', { word: 'sol' });
    const [key = '', ...others] = await resultKeys();
    expect(others).toEqual([]);
    expect(await used.eye.hgetall(key)).toEqual({
      result: expect.stringContaining('"repeated":"sol sol"'),
      timestamp: '2026-11-21T12:00:30.000Z',
      tokens_used: '0',
      cost_usd: '0',
      segmento: '',
      data_version: '7',
      encoding: 'json',
    });
    expect(await used.eye.ttl(key)).toBeGreaterThan(1_790);

    const other = await process_();
    other.now = new Date(other.now.getTime() + 20_000);
    const result = await ask(other, 'repeat_word', { text: 'sol', times: 2 });
    expect(result.structuredContent).toMatchObject({ data: { repeated: 'sol sol' }, cache: { hit: true, ageSeconds: 20 } });
    expect(other.repos.asked.count).toBe(0);
    expect(other.metrics.figures().answeredFrom).toMatchObject({ redis: 1 });
  });

  it('are read in the round trip that counts the call', async () => {
    const redis = await used.connected();
    await ask(sampleWorld({ redis }), 'repeat_word', { word: 'sol' });
    const sent: number[] = [];
    const other = sampleWorld({
      redis: {
        pipeline: (commands) => {
          sent.push(commands.length);
          return redis.pipeline(commands);
        },
        isUp: true,
        close: async () => undefined,
      },
    });
    await ask(other, 'repeat_word', { word: 'sol' });
    // The client's permissions are asked for once; then the two limits and the result together.
    expect(sent.filter((commands) => commands === 3)).toHaveLength(1);
    sent.length = 0;
    await ask(other, 'repeat_word', { word: 'mar', fresh: true });
    expect(sent[0]).toBe(2);
  });

  it('of older data are no hit, and the newer ones take their place', async () => {
    const world = await process_();
    await ask(world, 'repeat_word', { word: 'sol' });
    const other = await process_();
    other.data = { version: '8', asOf: new Map() };
    await ask(other, 'repeat_word', { word: 'sol' });
    expect(other.repos.asked.count).toBe(1);
    const [key = '', ...others] = await resultKeys();
    expect(others).toEqual([]);
    expect(await used.eye.hget(key, 'data_version')).toBe('8');
  });

  it('of some size are kept compressed and read back whole', async () => {
    await ask(await process_(), 'write_text', { length: 200_000 });
    const [key = ''] = await resultKeys();
    expect(await used.eye.hget(key, 'encoding')).toBe('zstd');
    expect(await used.eye.hstrlen(key, 'result')).toBeLessThan(5_000);
    const other = await process_();
    const { structuredContent } = await ask(other, 'write_text', { length: 200_000 });
    expect(String((structuredContent.data as { text: string }).text)).toHaveLength(200_000);
    expect(other.repos.asked.count).toBe(0);
  });

  it('that say a name is not there live for a minute', async () => {
    const world = await process_();
    await ask(world, 'fail', { how: 'known' });
    const [key = ''] = await resultKeys();
    expect(await used.eye.ttl(key)).toBeLessThanOrEqual(60);
    const other = await process_();
    const result = await ask(other, 'fail', { how: 'known' });
    expect(result.structuredContent.error).toMatchObject({ class: 'ambiguous', candidates: [{ id: 'A-1' }, { id: 'A-2' }] });
    expect(other.repos.asked.count).toBe(0);
  });

  it.each<[string, (key: string) => Promise<unknown>]>([
    ['no JSON', (key) => used.eye.hset(key, 'result', '{"kind":')],
    [
      'another shape',
      (key) => used.eye.hset(key, 'result', '{"kind":"answer","answer":{"data":{"repeated":5},"text":"five"},"dataAsOf":{}}'),
    ],
    [
      'an error of no class',
      (key) => used.eye.hset(key, 'result', '{"kind":"error","error":{"errorClass":"forbidden","message":"no","next":[]}}'),
    ],
    ['no time', (key) => used.eye.hset(key, 'timestamp', 'yesterday')],
    ['no version', (key) => used.eye.hdel(key, 'data_version')],
    ['said to be compressed', (key) => used.eye.hset(key, 'encoding', 'zstd')],
    ['compressed in an unknown way', (key) => used.eye.hset(key, 'encoding', 'rot13')],
    ['of another type', (key) => used.eye.set(key, 'text')],
  ])('that are spoiled (%s) are dropped and computed anew', async (_what, spoil) => {
    await ask(await process_(), 'repeat_word', { word: 'sol' });
    const [key = ''] = await resultKeys();
    await spoil(key);
    const other = await process_();
    const result = await ask(other, 'repeat_word', { word: 'sol' });
    expect(result.structuredContent).toMatchObject({ data: { repeated: 'sol sol' }, cache: { hit: false } });
    expect(other.repos.asked.count).toBe(1);
    await expect.poll(() => used.eye.hget(key, 'data_version')).toBe('7');
  });

  it('are never another caller’s, another day’s, or another question’s', { timeout: 60_000 }, async () => {
    const world = await process_();
    const word = fc.constantFrom('sol', 'Sol', 'mar', 'a:b', 'a', 'b', '', ' ', '*', '{x}').filter((text) => text !== '');
    const question = fc.record({
      word,
      times: fc.constantFrom(1, 2, 3),
      letterCase: fc.constantFrom('upper', 'lower', undefined),
      scope: fc.constantFrom('crm:pii', 'dashboard:operate', undefined),
      role: fc.constantFrom<Caller['role']>('users', 'sales'),
      today: fc.constantFrom('2026-11-21', '2026-11-22'),
      reversed: fc.boolean(),
    });
    const answered = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(question, async ({ scope, role, today, reversed, ...args }) => {
        world.today = today;
        const caller: Caller = { client: 'tests', role, scopes: new Set(['dashboard:read', ...(scope === undefined ? [] : [scope])]) };
        const entries = Object.entries(args).filter(([, value]) => value !== undefined);
        const ordered = Object.fromEntries(reversed ? entries.reverse() : entries);
        const worked = world.repos.asked.count;
        const { structuredContent } = await ask(world, 'repeat_word', ordered, caller);
        const meant = JSON.stringify([args.word, args.times, args.letterCase ?? null, scope ?? null, role, today]);
        const cased =
          args.letterCase === 'upper' ? args.word.toUpperCase() : args.letterCase === 'lower' ? args.word.toLowerCase() : args.word;
        expect(structuredContent.data).toEqual({ repeated: Array.from({ length: args.times }, () => cased).join(' '), times: args.times });
        // Worked on exactly once, in whichever order its arguments came.
        expect(world.repos.asked.count - worked).toBe(answered.has(meant) ? 0 : 1);
        answered.set(meant, 1);
      }),
      { numRuns: 300 },
    );
  });

  it('are worked on once by two processes that are asked at the same time', async () => {
    const worlds = await Promise.all([process_(), process_(), process_()]);
    for (const world of worlds) world.repos.asked.delayMs = 150;
    const results = await Promise.all(
      worlds.flatMap((world) => Array.from({ length: 5 }, () => ask(world, 'repeat_word', { word: 'sol' }))),
    );
    expect(worlds.map((world) => world.repos.asked.count).reduce((a, b) => a + b)).toBe(1);
    expect(new Set(results.map(({ structuredContent }) => JSON.stringify(structuredContent.data)))).toEqual(
      new Set(['{"repeated":"sol sol","times":2}']),
    );
    expect(await used.eye.keys('lock:*')).toEqual([]);
  });

  const another = (word: string, delayMs: number): ChildProcess => {
    const child = spawn(process.execPath, [CHILD, used.engine.url, word, String(delayMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return child;
  };

  it('are waited for while another process works on them', async () => {
    const child = another('luna', 700);
    const said = once(child.stdout ?? child, 'data');
    await expect.poll(() => used.eye.keys('lock:*'), { timeout: 10_000 }).toHaveLength(1);
    const world = await process_();
    const result = await ask(world, 'repeat_word', { word: 'luna' });
    expect(result.structuredContent.data).toMatchObject({ repeated: 'luna luna' });
    expect(world.repos.asked.count).toBe(0);
    expect(JSON.parse(String((await said)[0]))).toMatchObject({ worked: 1 });
  });

  it('are taken over from a process that was killed at work', async () => {
    const child = another('noche', 60_000);
    await expect.poll(() => used.eye.keys('lock:*'), { timeout: 10_000 }).toHaveLength(1);
    const world = await process_();
    const answer = ask(world, 'repeat_word', { word: 'noche' });
    child.kill('SIGKILL');
    expect((await answer).structuredContent.data).toMatchObject({ repeated: 'noche noche' });
    expect(world.repos.asked.count).toBe(1);
  });

  it('of older data are what is answered, with a warning, while the data cannot be asked', async () => {
    await ask(await process_(), 'repeat_word', { word: 'sol' });
    const world = await process_();
    world.data = { version: '8', asOf: new Map([['PromptAds', new Date('2026-11-21T12:02:00Z')]]) };
    world.repos.asked.outage = true;
    world.now = new Date(world.now.getTime() + 300_000);
    const { structuredContent, content, isError } = await ask(world, 'repeat_word', { word: 'sol' });
    expect(isError).toBeUndefined();
    expect(structuredContent).toMatchObject({
      data: { repeated: 'sol sol' },
      dataAsOf: { PromptAds: '2026-11-21T11:55:00Z' },
      cache: { hit: true, ageSeconds: 300 },
      warnings: ['The data cannot be asked just now (unavailable); this answer is 5 min old, and newer data may say otherwise.'],
    });
    expect(content[0].text).toContain('Warning: The data cannot be asked just now');
    expect(world.metrics.figures().answeredFrom).toMatchObject({ stale: 1 });

    // The same where even the state of the data is unknown; but not for whoever wants it fresh, and not beyond its life.
    world.data = undefined;
    expect((await ask(world, 'repeat_word', { word: 'sol' })).isError).toBeUndefined();
    expect((await ask(world, 'repeat_word', { word: 'sol', fresh: true })).isError).toBe(true);
    world.now = new Date(world.now.getTime() + 1_800_000);
    await used.eye.flushall();
    expect((await ask(world, 'repeat_word', { word: 'sol' })).isError).toBe(true);
  });

  it('count what models took, and what the cache spared', async () => {
    const world = await process_();
    await ask(world, 'write_text', { length: 20 });
    for (let i = 0; i < 4; i += 1) await ask(world, 'write_text', { length: 20 });
    world.pipeline.remembered('write_text', { length: 20 }, someone);
    await ask(world, 'repeat_word', { wrod: 'sol' });
    await world.pipeline.close();
    expect(await used.eye.hgetall('metrics:client:tests:daily:2026-11-21')).toMatchObject({
      requests_total: '7',
      cache_hits: '5',
      errors: '1',
      tokens_consumidos: '120',
      cost_total_usd: '0.00036',
      tokens_saved: '600',
      cost_saved_usd: '0.0018',
      tools_mas_usadas: expect.stringMatching(/"write_text":6/),
      avg_response_time: expect.stringMatching(/^\d+\.\d\d$/),
    });
    expect(await used.eye.hgetall('ai:tokens:tests:2026-11')).toMatchObject({ tokens: '120', calls: '1', tokens_saved: '600' });
    expect(await used.eye.ttl('metrics:client:tests:daily:2026-11-21')).toBeGreaterThan(172_700);
    const [key = ''] = await resultKeys();
    expect(await used.eye.hmget(key, 'tokens_used', 'cost_usd', 'segmento')).toEqual(['120', '0.000360', 'jóvenes']);
  });

  it('count what parts kept from before spared beside what was spent, and both as spared once the whole is kept', async () => {
    const world = await process_();
    const account = async (...fields: string[]) => {
      await world.pipeline.close();
      return [
        await used.eye.hmget('metrics:client:tests:daily:2026-11-21', 'tokens_consumidos', 'cost_total_usd', ...fields),
        await used.eye.hmget('ai:tokens:tests:2026-11', 'tokens', 'cost_usd', ...fields),
      ];
    };
    // 120 tokens at $0.00036 were spent; 7 at two hundred-millionths of a dollar each were not.
    await ask(world, 'write_text', { length: 20, keptTokens: 7 });
    const once = ['120', '0.00036', '7', '0.00000014'];
    expect(await account('tokens_saved', 'cost_saved_usd')).toEqual([once, once]);
    const [key = ''] = await resultKeys();
    expect(await used.eye.hmget(key, 'tokens_used', 'cost_usd', 'segmento')).toEqual(['127', '0.00036014', 'jóvenes']);

    await ask(world, 'write_text', { length: 20, keptTokens: 7 });
    const twice = ['120', '0.00036', '134', '0.00036028'];
    expect(await account('tokens_saved', 'cost_saved_usd')).toEqual([twice, twice]);

    // Another process has it from Redis; of two who ask at once, one pays.
    const other = await process_();
    await ask(other, 'write_text', { length: 20, keptTokens: 7 });
    await other.pipeline.close();
    await Promise.all([1, 2].map(() => ask(world, 'write_text', { length: 30, keptTokens: 7 })));
    const shared = ['240', '0.00072', '395', '0.0010807'];
    expect(await account('tokens_saved', 'cost_saved_usd')).toEqual([shared, shared]);
    expect(await used.eye.hget('ai:tokens:tests:2026-11', 'calls')).toBe('2');
  });

  it('are not needed: calls go on without a failure while Redis dies and comes back', { timeout: 60_000 }, async () => {
    const redis = await used.connected();
    const world = sampleWorld({ redis });
    let stop = false;
    const failures: unknown[] = [];
    let answered = 0;
    const load = Promise.all(
      Array.from({ length: 8 }, async (_, lane) => {
        for (let i = 0; !stop; i += 1) {
          const { isError, structuredContent } = await ask(world, 'repeat_word', { word: `w${lane}-${lane % 2 === 0 ? i : i % 50}` });
          if (isError === true) failures.push(structuredContent);
          answered += 1;
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    await used.engine.kill();
    await new Promise((resolve) => setTimeout(resolve, 700));
    const during = answered;
    await used.engine.startAgain();
    await expect.poll(() => redis.isUp, { timeout: 15_000 }).toBe(true);
    await expect.poll(async () => (await resultKeys()).length, { timeout: 15_000 }).toBeGreaterThan(0);
    stop = true;
    await load;
    expect(failures).toEqual([]);
    expect(during).toBeGreaterThan(100);
  });
});
