import { join } from 'node:path';
import { circuitBreaker } from '../cache/circuit_breaker.ts';
import type { RedisConnection } from '../cache/redis_connection.ts';
import type { Settings } from '../config/settings.ts';
import { outsideLimit } from '../gateway/outside_limit.ts';
import type { Outside } from '../gateway/outside_service.ts';
import { homePath } from '../stack/home.ts';
import type { Embedder } from './embedder.ts';
import { exactVectorIndex } from './exact_vector_index.ts';
import { fingerprintFile } from './fingerprint_file.ts';
import type { FingerprintStore } from './image_index.ts';
import { openAiModels } from './openai_models.ts';
import { pineconeVectorIndex } from './pinecone_vector_index.ts';
import type { VectorIndex } from './vector_index.ts';

/** A model of meaning, the index of its vectors, and what of the images is in it. */
export type SemanticSearch = {
  readonly embedder: Embedder;
  readonly index: VectorIndex;
  readonly fingerprints: FingerprintStore;
  /** Where the vectors are, for people: 'Pinecone', or the file. */
  readonly place: string;
};

/** The search by meaning that the settings describe; undefined when they name no embedding model. Connects to nothing yet. */
export function openSemanticSearch(settings: Settings, redis: RedisConnection | undefined): SemanticSearch | undefined {
  const outside: Outside = { redis, breaker: circuitBreaker({ redis }), limit: outsideLimit(redis, () => new Date()) };
  const { embedder } = openAiModels(outside, settings.ai);
  if (embedder === undefined) return undefined;
  const name = embedder.model.replaceAll(/[^\w.-]+/g, '-');
  const folder = join(homePath(settings), 'vectors');
  const fingerprints = fingerprintFile(join(folder, `${name}.fingerprints.json`));
  const { pinecone } = settings;
  if (pinecone !== undefined) {
    return { embedder, fingerprints, place: 'Pinecone', index: pineconeVectorIndex({ ...pinecone, namespace: `images-${name}` }, outside) };
  }
  const path = join(folder, `${name}.vectors`);
  return { embedder, fingerprints, place: path, index: exactVectorIndex({ dimensions: embedder.dimensions, model: embedder.model, path }) };
}
