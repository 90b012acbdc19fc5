import { z } from 'zod';
import { campaignMessagesKey, generationKey, generationMetaKey } from '../cache/keys.ts';
import { readOrDrop } from '../cache/read_or_drop.ts';
import type { RedisConnection } from '../cache/redis_connection.ts';
import { replaceHash, replaceList } from '../cache/replace_value.ts';
import { canonicalHash } from '../domain/canonical_json.ts';
import { jsonText } from '../domain/json_text.ts';

/** What a model wrote for a prompt, and what it took. */
export type Generation = {
  readonly content: string;
  readonly tokensUsed: number;
  /** US dollars. */
  readonly costUsd: number;
  /** False: the cost is at least so much; what has no known price is left out. */
  readonly costKnown: boolean;
  readonly generatedAt: Date;
};

/** One message of a campaign for a segment. */
export type CampaignMessage = { readonly number: number; readonly text: string; readonly tone: string };

/** What the messages for a segment took, all calls together. */
export type GenerationCost = {
  readonly tokensTotal: number;
  readonly costTotalUsd: number;
  readonly durationMs: number;
  readonly segments: number;
  readonly generatedAt: Date;
};

const tokens = z.coerce.number().int().nonnegative();
const dollars = z.coerce.number().nonnegative();

const StoredGeneration = jsonText(
  z
    .object({
      content: z.string(),
      tokens_used: z.int().nonnegative(),
      cost_usd: z.number().nonnegative(),
      cost_known: z.boolean().default(true),
      timestamp: z.iso.datetime(),
    })
    .transform(
      ({ content, tokens_used, cost_usd, cost_known, timestamp }): Generation => ({
        content,
        tokensUsed: tokens_used,
        costUsd: cost_usd,
        costKnown: cost_known,
        generatedAt: new Date(timestamp),
      }),
    ),
);

const StoredMessages = z.array(
  jsonText(
    z
      .object({ numero: z.int().positive(), texto: z.string(), tono: z.string() })
      .transform(({ numero, texto, tono }): CampaignMessage => ({ number: numero, text: texto, tone: tono })),
  ),
);

const StoredCost = z
  .object({
    tokens_total: tokens,
    cost_total_usd: dollars,
    tiempo_total_ms: z.coerce.number().nonnegative(),
    segmentos_procesados: tokens,
    fecha_generacion: z.iso.datetime(),
  })
  .transform(
    (stored): GenerationCost => ({
      tokensTotal: stored.tokens_total,
      costTotalUsd: stored.cost_total_usd,
      durationMs: stored.tiempo_total_ms,
      segments: stored.segmentos_procesados,
      generatedAt: new Date(stored.fecha_generacion),
    }),
  );

/** What a generation is kept under: the model, and everything the model is given (messages, schema, temperature, …). */
export type Prompt = { readonly model: string; readonly prompt: unknown };

/** Messages are kept for a campaign and a segment, by what the segment is: the same description in another order is the same. */
export type CampaignSegment = { readonly campaignId: string; readonly segment: unknown };

/**
 * What models wrote, so that the same is not paid for twice. Reads give undefined for what is not there, cannot be read (it is deleted)
 * or cannot be asked for because Redis is away; writes say whether Redis took them, and replace as a whole.
 */
export type GenerationCache = {
  readonly readGeneration: (prompt: Prompt) => Promise<Generation | undefined>;
  readonly writeGeneration: (prompt: Prompt, generation: Generation) => Promise<boolean>;
  /** In the order in which they were written. */
  readonly readMessages: (of: CampaignSegment) => Promise<readonly CampaignMessage[] | undefined>;
  readonly writeMessages: (of: CampaignSegment, messages: readonly CampaignMessage[], cost: GenerationCost) => Promise<boolean>;
  readonly readCost: (of: CampaignSegment) => Promise<GenerationCost | undefined>;
};

export function generationCache(redis: RedisConnection | undefined): GenerationCache {
  const generation = ({ model, prompt }: Prompt) => generationKey.of({ model, prompt_hash: canonicalHash(prompt) });
  const parts = ({ campaignId, segment }: CampaignSegment) => ({ campana_id: campaignId, segmento_hash: canonicalHash(segment) });

  const read = async <Value>(key: string, command: readonly [string, ...(string | number)[]], schema: z.ZodType<Value>) => {
    if (redis === undefined) return undefined;
    const [reply] = (await redis.pipeline([command])) ?? [];
    return readOrDrop(redis, key, reply, schema);
  };

  return {
    readGeneration(prompt) {
      const key = generation(prompt);
      return read(key, ['get', key], StoredGeneration);
    },
    async writeGeneration(prompt, { content, tokensUsed, costUsd, costKnown, generatedAt }) {
      const json = JSON.stringify({
        content,
        tokens_used: tokensUsed,
        cost_usd: costUsd,
        // Said only where it is not so: the value has the customer's fields.
        ...(costKnown ? {} : { cost_known: false }),
        timestamp: generatedAt.toISOString(),
      });
      const [reply] = (await redis?.pipeline([['set', generation(prompt), json, 'EX', generationKey.seconds]])) ?? [];
      return reply?.ok === true;
    },
    readMessages(of) {
      const key = campaignMessagesKey.of(parts(of));
      return read(key, ['lrange', key, 0, -1], StoredMessages);
    },
    async writeMessages(of, messages, cost) {
      const elements = messages.map(({ number, text, tone }) => JSON.stringify({ numero: number, texto: text, tono: tone }));
      const fields = {
        tokens_total: cost.tokensTotal,
        cost_total_usd: cost.costTotalUsd,
        tiempo_total_ms: cost.durationMs,
        segmentos_procesados: cost.segments,
        fecha_generacion: cost.generatedAt.toISOString(),
      };
      const replies = await redis?.pipeline([
        replaceList(campaignMessagesKey.of(parts(of)), elements, campaignMessagesKey.seconds),
        replaceHash(generationMetaKey.of(parts(of)), fields, generationMetaKey.seconds),
      ]);
      return replies?.every(({ ok }) => ok) === true;
    },
    readCost(of) {
      const key = generationMetaKey.of(parts(of));
      return read(key, ['hgetall', key], StoredCost);
    },
  };
}
