import { z } from 'zod';
import { campaignSearchKey, openSearchKey } from '../cache/keys.ts';
import { readOrDrop } from '../cache/read_or_drop.ts';
import type { RedisConnection } from '../cache/redis_connection.ts';
import { replaceSortedSet } from '../cache/replace_value.ts';
import { canonicalHash } from '../domain/canonical_json.ts';
import { jsonText } from '../domain/json_text.ts';

/** Content that a search found, and how near it is: 0 to 1. */
export type ContentMatch = { readonly contentId: string; readonly similarity: number };

/** What is kept of a search: everything that decides what is found (words, filters, who may see what, how many). */
export type CampaignSearch = { readonly campaignId: string; readonly query: unknown };

/** An image that a search without a campaign found. */
export type FoundImage = { readonly id: string; readonly url: string; readonly hashtags: readonly string[]; readonly score: number };

export type OpenSearchResult = { readonly images: readonly FoundImage[]; readonly searchedAt: Date };

const similarity = z.number().min(0).max(1);

/** ZRANGE … WITHSCORES: members and scores in turn. */
const StoredMatches = z.array(z.string()).transform((flat, context): readonly ContentMatch[] => {
  const matches: ContentMatch[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    const score = similarity.safeParse(Number(flat[i + 1]));
    if (!score.success) {
      context.addIssue({ code: 'custom', message: 'a similarity is between 0 and 1' });
      return z.NEVER;
    }
    matches.push({ contentId: flat[i] ?? '', similarity: score.data });
  }
  return matches.sort((a, b) => b.similarity - a.similarity || (a.contentId < b.contentId ? -1 : 1));
});

const StoredOpenSearch = jsonText(
  z
    .object({
      images: z.array(z.object({ id: z.string(), url: z.string(), hashtags: z.array(z.string()), score: similarity })),
      timestamp: z.iso.datetime(),
    })
    .transform(({ images, timestamp }): OpenSearchResult => ({ images, searchedAt: new Date(timestamp) })),
);

/** What a search in a campaign found, the nearest first, equals by id. Undefined when that is not known: then search. */
export async function readCampaignSearch(
  redis: RedisConnection | undefined,
  search: CampaignSearch,
): Promise<readonly ContentMatch[] | undefined> {
  if (redis === undefined) return undefined;
  const key = campaignSearchOf(search);
  const [reply] = (await redis.pipeline([['zrange', key, 0, -1, 'WITHSCORES']])) ?? [];
  return readOrDrop(redis, key, reply, StoredMatches);
}

/**
 * Keeps what a search found, for an hour, in place of what it found before. A search that found nothing is not remembered: a sorted set
 * without members does not exist. False when Redis did not take it.
 */
export async function writeCampaignSearch(
  redis: RedisConnection | undefined,
  search: CampaignSearch,
  matches: readonly ContentMatch[],
): Promise<boolean> {
  const members = matches.map(({ contentId, similarity: score }) => ({ member: contentId, score }));
  const [reply] = (await redis?.pipeline([replaceSortedSet(campaignSearchOf(search), members, campaignSearchKey.seconds)])) ?? [];
  return reply?.ok === true;
}

/** What a search without a campaign found. Undefined when that is not known: then search. */
export async function readOpenSearch(redis: RedisConnection | undefined, query: unknown): Promise<OpenSearchResult | undefined> {
  if (redis === undefined) return undefined;
  const key = openSearchOf(query);
  const [reply] = (await redis.pipeline([['get', key]])) ?? [];
  return readOrDrop(redis, key, reply, StoredOpenSearch);
}

/** Keeps what a search without a campaign found, for an hour; also that it found nothing. False when Redis did not take it. */
export async function writeOpenSearch(
  redis: RedisConnection | undefined,
  query: unknown,
  { images, searchedAt }: OpenSearchResult,
): Promise<boolean> {
  const json = JSON.stringify({ images, timestamp: searchedAt.toISOString() });
  const [reply] = (await redis?.pipeline([['set', openSearchOf(query), json, 'EX', openSearchKey.seconds]])) ?? [];
  return reply?.ok === true;
}

function campaignSearchOf({ campaignId, query }: CampaignSearch): string {
  return campaignSearchKey.of({ campana_id: campaignId, query_hash: canonicalHash(query) });
}

function openSearchOf(query: unknown): string {
  return openSearchKey.of({ description_hash: canonicalHash(query) });
}
