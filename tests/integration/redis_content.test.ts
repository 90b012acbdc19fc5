import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generationCache } from '../../shared/ai/generation_cache.ts';
import {
  campaignMessagesKey,
  campaignSearchKey,
  contentCardKey,
  generationKey,
  generationMetaKey,
  openSearchKey,
} from '../../shared/cache/keys.ts';
import { connectRedis, type RedisConnection } from '../../shared/cache/redis_connection.ts';
import { type ContentCard, forgetContentCards, readContentCards, writeContentCards } from '../../shared/content/content_cards.ts';
import { readCampaignSearch, readOpenSearch, writeCampaignSearch, writeOpenSearch } from '../../shared/content/content_searches.ts';
import { canonicalHash } from '../../shared/domain/canonical_json.ts';
import { describeOnEachRedis, type RedisEngine, startRedisEngine } from '../support/redis_engines.ts';

const AT = new Date('2026-11-21T10:00:00Z');

const CARD: ContentCard = {
  contentId: 'CNT-1',
  campaignId: 'CMP-1',
  clientId: 'CLI-1',
  description: 'Una playa al amanecer: «sol» y ñandúes',
  hashtags: ['#verano', '#playa'],
  url: 'https://images.example/1.jpg',
  thumbnailUrl: 'https://images.example/1-small.jpg',
  format: 'jpg',
  approved: true,
  createdAt: AT,
};

describeOnEachRedis('content and generations (R: content:*, ai:*)', (engine) => {
  let server: RedisEngine;
  let redis: RedisConnection;
  const ask = async (...command: readonly [string, ...(string | number)[]]) => {
    const [reply] = (await redis.pipeline([command])) ?? [];
    return reply?.ok ? reply.value : undefined;
  };
  /** Type, and seconds left as a share of the life in the catalogue: just written. */
  const expectFresh = async (key: string, type: string, seconds: number) => {
    expect(await ask('type', key)).toBe(type);
    expect(await ask('ttl', key)).toSatisfy((left: number) => left > seconds - 10 && left <= seconds);
  };

  beforeAll(async () => {
    server = await startRedisEngine(engine);
    redis = await connectRedis(server.url);
  });
  beforeEach(async () => {
    await ask('flushall');
  });
  afterAll(async () => {
    await redis.close();
    await server.stop();
  });

  describe('cards', () => {
    const key = contentCardKey.of({ content_id: 'CNT-1' });

    it('are hashes for two hours, with the customer’s fields', async () => {
      expect(await writeContentCards(redis, [CARD])).toBe(true);
      await expectFresh(key, 'hash', 7_200);
      expect(await ask('hgetall', key)).toEqual({
        campana_id: 'CMP-1',
        cliente_id: 'CLI-1',
        descripcion: CARD.description,
        hashtags: '["#verano","#playa"]',
        url_almacenamiento: CARD.url,
        url_thumbnail: CARD.thumbnailUrl,
        formato: 'jpg',
        aprobado: '1',
        created_at: AT.toISOString(),
      });
    });

    it('are read many at a time; those that are not there are left out', async () => {
      const cards = ['CNT-1', 'CNT-2', 'CNT-3'].map((contentId, i) => ({ ...CARD, contentId, approved: i !== 1 }));
      await writeContentCards(redis, cards);
      const found = await readContentCards(redis, ['CNT-3', 'CNT-9', 'CNT-1', 'CNT-2']);
      expect([...found]).toEqual([
        ['CNT-3', cards[2]],
        ['CNT-1', cards[0]],
        ['CNT-2', cards[1]],
      ]);
      expect(await forgetContentCards(redis, ['CNT-1', 'CNT-2'])).toBe(true);
      expect([...(await readContentCards(redis, ['CNT-1', 'CNT-2', 'CNT-3'])).keys()]).toEqual(['CNT-3']);
    });

    it('that cannot be read are deleted and left out; the others are given', async () => {
      await writeContentCards(redis, [CARD, { ...CARD, contentId: 'CNT-2' }]);
      const spoils: readonly (readonly [string, ...string[]])[] = [
        ['hset', key, 'hashtags', 'not json'],
        ['hdel', key, 'campana_id'],
        ['hset', key, 'aprobado', 'perhaps'],
        ['set', key, 'a string'],
      ];
      for (const spoil of spoils) {
        await writeContentCards(redis, [CARD]);
        await ask(...spoil);
        expect([...(await readContentCards(redis, ['CNT-1', 'CNT-2'])).keys()]).toEqual(['CNT-2']);
        await expect.poll(() => ask('exists', key)).toBe(0);
      }
    });
  });

  describe('searches', () => {
    const search = { campaignId: 'CMP-1', query: { words: 'playa', approved: true } };
    const key = campaignSearchKey.of({ campana_id: 'CMP-1', query_hash: canonicalHash(search.query) });
    const matches = [
      { contentId: 'CNT-2', similarity: 0.91 },
      { contentId: 'CNT-1', similarity: 0.5 },
      { contentId: 'CNT-3', similarity: 0.5 },
    ];

    it('in a campaign are sorted sets for an hour, read the nearest first', async () => {
      expect(await writeCampaignSearch(redis, search, [...matches].reverse())).toBe(true);
      await expectFresh(key, 'zset', 3_600);
      expect(await ask('zscore', key, 'CNT-2')).toSatisfy((score: unknown) => Number(score) === 0.91);
      expect(await readCampaignSearch(redis, search)).toEqual(matches);
      expect(await readCampaignSearch(redis, { ...search, query: { approved: true, words: 'playa' } })).toEqual(matches);
      expect(await readCampaignSearch(redis, { ...search, campaignId: 'CMP-2' })).toBeUndefined();
    });

    it('replace what they found before', async () => {
      await writeCampaignSearch(redis, search, matches);
      await writeCampaignSearch(redis, search, [{ contentId: 'CNT-7', similarity: 1 }]);
      expect(await readCampaignSearch(redis, search)).toEqual([{ contentId: 'CNT-7', similarity: 1 }]);
      await writeCampaignSearch(redis, search, []);
      expect(await readCampaignSearch(redis, search)).toBeUndefined();
    });

    it('hold thousands of matches', async () => {
      const many = Array.from({ length: 9_000 }, (_, i) => ({ contentId: `CNT-${i}`, similarity: 1 - i / 9_000 }));
      expect(await writeCampaignSearch(redis, search, many)).toBe(true);
      expect(await readCampaignSearch(redis, search)).toEqual(many);
    });

    it('that cannot be read are deleted', async () => {
      await ask('zadd', key, 17, 'CNT-1');
      expect(await readCampaignSearch(redis, search)).toBeUndefined();
      await expect.poll(() => ask('exists', key)).toBe(0);
    });

    it('without a campaign are JSON for an hour, also when they found nothing', async () => {
      const image = { id: 'CNT-1', url: CARD.url, hashtags: ['#playa'], score: 0.8 };
      await writeOpenSearch(redis, 'una playa', { images: [image], searchedAt: AT });
      const open = openSearchKey.of({ description_hash: canonicalHash('una playa') });
      await expectFresh(open, 'string', 3_600);
      expect(JSON.parse(String(await ask('get', open)))).toEqual({ images: [image], timestamp: AT.toISOString() });
      expect(await readOpenSearch(redis, 'una playa')).toEqual({ images: [image], searchedAt: AT });
      await writeOpenSearch(redis, 'nada', { images: [], searchedAt: AT });
      expect(await readOpenSearch(redis, 'nada')).toEqual({ images: [], searchedAt: AT });
      expect(await readOpenSearch(redis, 'otra cosa')).toBeUndefined();
      await ask('set', open, '{"images":[{"id":1}]}');
      expect(await readOpenSearch(redis, 'una playa')).toBeUndefined();
      await expect.poll(() => ask('exists', open)).toBe(0);
    });
  });

  describe('generations', () => {
    const prompt = { model: 'gpt-5', prompt: { messages: ['escribe tres mensajes'], temperature: 0 } };
    const generation = { content: '¡Hola, verano!', tokensUsed: 321, costUsd: 0.0123, costKnown: true, generatedAt: AT };
    const key = generationKey.of({ model: 'gpt-5', prompt_hash: canonicalHash(prompt.prompt) });
    const of = { campaignId: 'CMP-1', segment: { ages: '18-25', city: 'San José' } };
    const parts = { campana_id: 'CMP-1', segmento_hash: canonicalHash(of.segment) };
    const messages = ['uno', 'dos', 'tres'].map((text, i) => ({ number: i + 1, text, tone: 'alegre' }));
    const cost = { tokensTotal: 900, costTotalUsd: 0.03, durationMs: 2_500, segments: 1, generatedAt: AT };

    it('are JSON for two hours, by model and prompt', async () => {
      const cache = generationCache(redis);
      expect(await cache.writeGeneration(prompt, generation)).toBe(true);
      await expectFresh(key, 'string', 7_200);
      expect(JSON.parse(String(await ask('get', key)))).toEqual({
        content: '¡Hola, verano!',
        tokens_used: 321,
        cost_usd: 0.0123,
        timestamp: AT.toISOString(),
      });
      expect(await cache.readGeneration(prompt)).toEqual(generation);
      expect(await cache.readGeneration({ ...prompt, model: 'gpt-5-mini' })).toBeUndefined();
      expect(await cache.readGeneration({ ...prompt, prompt: { ...prompt.prompt, temperature: 1 } })).toBeUndefined();
    });

    it('that cannot be read are deleted', async () => {
      const cache = generationCache(redis);
      for (const text of ['not json', '{}', '{"content":"x","tokens_used":-1,"cost_usd":0,"timestamp":"2026-11-21T10:00:00.000Z"}']) {
        await ask('set', key, text);
        expect(await cache.readGeneration(prompt)).toBeUndefined();
        await expect.poll(() => ask('exists', key)).toBe(0);
      }
    });

    it('for a segment are a list in order, with what they cost, for three hours', async () => {
      const cache = generationCache(redis);
      expect(await cache.writeMessages(of, messages, cost)).toBe(true);
      const list = campaignMessagesKey.of(parts);
      await expectFresh(list, 'list', 10_800);
      expect(await ask('lindex', list, 0)).toBe('{"numero":1,"texto":"uno","tono":"alegre"}');
      expect(await cache.readMessages(of)).toEqual(messages);
      const meta = generationMetaKey.of(parts);
      await expectFresh(meta, 'hash', 10_800);
      expect(await ask('hgetall', meta)).toEqual({
        tokens_total: '900',
        cost_total_usd: '0.03',
        tiempo_total_ms: '2500',
        segmentos_procesados: '1',
        fecha_generacion: AT.toISOString(),
      });
      expect(await cache.readCost(of)).toEqual(cost);
    });

    it('replace the messages as a whole: nobody reads half old, half new', async () => {
      const cache = generationCache(redis);
      const sets = ['a', 'b'].map((text) => Array.from({ length: 50 }, (_, i) => ({ number: i + 1, text, tone: 'serio' })));
      const seen = new Set<string>();
      let writing = true;
      const reader = (async () => {
        while (writing) {
          const read = (await cache.readMessages(of)) ?? [];
          seen.add(`${read.length} of ${[...new Set(read.map(({ text }) => text))].join(' and ')}`);
        }
      })();
      for (let i = 0; i < 60; i++) await cache.writeMessages(of, sets[i % 2] ?? [], cost);
      writing = false;
      await reader;
      seen.delete('0 of ');
      expect([...seen].sort()).toEqual(['50 of a', '50 of b']);
    });

    it('forget messages and costs that cannot be read', async () => {
      const cache = generationCache(redis);
      await cache.writeMessages(of, messages, cost);
      await ask('rpush', campaignMessagesKey.of(parts), '{"numero":"four"}');
      expect(await cache.readMessages(of)).toBeUndefined();
      await ask('hset', generationMetaKey.of(parts), 'tokens_total', 'many');
      expect(await cache.readCost(of)).toBeUndefined();
      await expect.poll(() => ask('dbsize')).toBe(0);
    });
  });

  it('are not there while Redis is away, and nothing fails', async () => {
    await writeContentCards(redis, [CARD]);
    await server.kill();
    for (const connection of [redis, undefined]) {
      const cache = generationCache(connection);
      const of = { campaignId: 'CMP-1', segment: 'x' };
      expect(await cache.readGeneration({ model: 'm', prompt: 'p' })).toBeUndefined();
      expect(
        await cache.writeGeneration(
          { model: 'm', prompt: 'p' },
          { content: '', tokensUsed: 0, costUsd: 0, costKnown: true, generatedAt: AT },
        ),
      ).toBe(false);
      expect(await cache.readMessages(of)).toBeUndefined();
      expect(await cache.readCost(of)).toBeUndefined();
      expect((await readContentCards(connection, ['CNT-1'])).size).toBe(0);
      expect(await writeContentCards(connection, [CARD])).toBe(false);
      expect(await readCampaignSearch(connection, { campaignId: 'CMP-1', query: 'x' })).toBeUndefined();
      expect(await writeCampaignSearch(connection, { campaignId: 'CMP-1', query: 'x' }, [])).toBe(false);
      expect(await readOpenSearch(connection, 'x')).toBeUndefined();
      expect(await writeOpenSearch(connection, 'x', { images: [], searchedAt: AT })).toBe(false);
    }
  });
});
