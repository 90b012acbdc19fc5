import { indexed } from '../../mcp-servers/content_generator/repo/image_search.ts';
import { openImages } from '../../mcp-servers/content_generator/repo/images.ts';
import { bringImageIndexInStep, planImageIndex } from '../../shared/ai/image_index.ts';
import { openSemanticSearch } from '../../shared/ai/semantic_search.ts';
import { withLock } from '../../shared/cache/locks.ts';
import { connectRedis } from '../../shared/cache/redis_connection.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { openPostgres } from '../../shared/db/postgres_database.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';

/** A first indexing of some ten thousand images; what is done is kept when it is stopped. */
const DEADLINE_MS = 30 * 60_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * `promptsales index status|run`: how far the vectors are in step with the images, and brings them in step. Returns the exit code: 1 when
 * they are not in step (status) or another process is at it (run), 2 when no embedding model is configured.
 */
export async function runImageIndex(
  verb: 'status' | 'run',
  { json }: { readonly json?: boolean | undefined },
  settings: Settings,
  urls: { readonly hub: string; readonly redis: string },
): Promise<number> {
  const redis = await connectRedis(urls.redis);
  const hub = await openPostgres(urls.hub, { applicationName: 'promptsales index' });
  try {
    const semantic = openSemanticSearch(settings, redis);
    if (semantic === undefined) {
      say('No embedding model is configured: images are ranked by the words they share, and there is nothing to index.');
      say('OPENAI_API_KEY (and OPENAI_BASE_URL for another service) name one.');
      return 2;
    }
    const deadline = deadlineIn(DEADLINE_MS);
    const images = (await openImages(hub).all(deadline)).map(indexed);
    const { embedder, place } = semantic;
    if (verb === 'status') {
      const [known, vectors] = await Promise.all([semantic.fingerprints.read(), semantic.index.count(deadline)]);
      const { embed, update, remove, unchanged } = planImageIndex(images, known, embedder.model);
      const status = {
        model: embedder.model,
        place,
        images: images.length,
        vectors,
        inStep: unchanged,
        toEmbed: embed.length,
        toUpdate: update.length,
        toRemove: remove.length,
      };
      say(
        json === true
          ? JSON.stringify(status)
          : Object.entries(status)
              .map(([name, value]) => `${name}: ${value}`)
              .join('\n'),
      );
      return embed.length + update.length + remove.length === 0 && vectors >= images.length ? 0 : 1;
    }
    const done = await withLock(redis, { resource: 'image_index', id: embedder.model }, () =>
      bringImageIndexInStep(images, semantic, deadline),
    );
    if (done.outcome === 'taken') {
      say(`Another process is indexing; ask again in ${Math.ceil(done.freeInMs / 1_000)} s.`);
      return 1;
    }
    const report = done.outcome === 'held' ? done.value : await bringImageIndexInStep(images, semantic, deadline);
    const { embedded, updated, removed, unchanged, tokens, costUsd } = report;
    say(
      json === true
        ? JSON.stringify({ model: embedder.model, place, ...report })
        : `${embedder.model} in ${place}: ${embedded} embedded, ${updated} updated, ${removed} removed, ${unchanged} unchanged; ${tokens} tokens, $${costUsd}`,
    );
    return 0;
  } finally {
    await Promise.all([hub.close(), redis.close()]);
  }
}
