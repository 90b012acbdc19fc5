import { z } from 'zod';
import { contentCardKey } from '../cache/keys.ts';
import { readOrDrop } from '../cache/read_or_drop.ts';
import type { RedisConnection } from '../cache/redis_connection.ts';
import { replaceHash } from '../cache/replace_value.ts';
import { jsonText } from '../domain/json_text.ts';

/** A piece of content as answers show it. */
export type ContentCard = {
  readonly contentId: string;
  readonly campaignId: string;
  readonly clientId: string;
  readonly description: string;
  readonly hashtags: readonly string[];
  readonly url: string;
  readonly thumbnailUrl: string;
  /** 'jpg', 'png', … */
  readonly format: string;
  readonly approved: boolean;
  readonly createdAt: Date;
};

const StoredCard = z
  .object({
    campana_id: z.string(),
    cliente_id: z.string(),
    descripcion: z.string(),
    hashtags: jsonText(z.array(z.string())),
    url_almacenamiento: z.string(),
    url_thumbnail: z.string(),
    formato: z.string(),
    aprobado: z.enum(['0', '1']),
    created_at: z.iso.datetime(),
  })
  .transform(
    (stored): Omit<ContentCard, 'contentId'> => ({
      campaignId: stored.campana_id,
      clientId: stored.cliente_id,
      description: stored.descripcion,
      hashtags: stored.hashtags,
      url: stored.url_almacenamiento,
      thumbnailUrl: stored.url_thumbnail,
      format: stored.formato,
      approved: stored.aprobado === '1',
      createdAt: new Date(stored.created_at),
    }),
  );

/**
 * Reads cards in one round trip, by content id. Those that are not there, cannot be read (they are deleted) or cannot be asked for are
 * left out: the hub has them.
 */
export async function readContentCards(
  redis: RedisConnection | undefined,
  contentIds: readonly string[],
): Promise<ReadonlyMap<string, ContentCard>> {
  const cards = new Map<string, ContentCard>();
  if (redis === undefined || contentIds.length === 0) return cards;
  const keys = contentIds.map((content_id) => contentCardKey.of({ content_id }));
  const replies = await redis.pipeline(keys.map((key) => ['hgetall', key]));
  for (const [i, contentId] of contentIds.entries()) {
    const card = readOrDrop(redis, keys[i] ?? '', replies?.[i], StoredCard);
    if (card !== undefined) cards.set(contentId, { contentId, ...card });
  }
  return cards;
}

/** Keeps cards for two hours, in one round trip. False when Redis did not take them all. */
export async function writeContentCards(redis: RedisConnection | undefined, cards: readonly ContentCard[]): Promise<boolean> {
  const replies = await redis?.pipeline(
    cards.map((card) => {
      const fields = {
        campana_id: card.campaignId,
        cliente_id: card.clientId,
        descripcion: card.description,
        hashtags: JSON.stringify(card.hashtags),
        url_almacenamiento: card.url,
        url_thumbnail: card.thumbnailUrl,
        formato: card.format,
        aprobado: card.approved ? 1 : 0,
        created_at: card.createdAt.toISOString(),
      };
      return replaceHash(contentCardKey.of({ content_id: card.contentId }), fields, contentCardKey.seconds);
    }),
  );
  return replies?.every(({ ok }) => ok) === true;
}

/** Forgets cards of content that changed. */
export async function forgetContentCards(redis: RedisConnection | undefined, contentIds: readonly string[]): Promise<boolean> {
  const replies = await redis?.pipeline(contentIds.map((content_id) => ['del', contentCardKey.of({ content_id })]));
  return replies?.every(({ ok }) => ok) === true;
}
