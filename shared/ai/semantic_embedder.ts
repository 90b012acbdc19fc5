import { z } from 'zod';
import type { AiSettings } from '../config/settings.ts';
import type { Deadline } from '../domain/deadline.ts';
import { ToolError } from '../domain/tool_error.ts';
import { callOutside, type Outside, type OutsideReply } from '../gateway/outside_service.ts';
import { concurrencyLimit } from './concurrency_limit.ts';
import type { Embedder } from './embedder.ts';
import { estimateTokens, priceOf, usageOf } from './model_prices.ts';
import { addUsage, type ModelUsage, NO_MODEL_USAGE } from './model_usage.ts';
import { creditUsedUp, OPENAI_SERVICE, type OpenAiConnection } from './openai_connection.ts';

/** An {@link Embedder} that says of its usage whether the cost is known. */
export type SemanticEmbedder = Embedder & {
  readonly method: 'semantic';
  readonly embed: (
    texts: readonly string[],
    deadline: Deadline,
  ) => Promise<{ readonly vectors: readonly Float32Array[]; readonly usage: ModelUsage }>;
};

/** Texts of one request. OpenAI takes 2,048 and 300,000 tokens; this many of the longest stay far below it. */
const TEXTS_PER_REQUEST = 64;
/** Characters of one text. The models read 8,191 tokens, and no language we know writes tokens shorter than a character on average. */
const LONGEST_TEXT = 8_000;

/** As services answer: floats, or their bytes in base64, which is a quarter of the size and what is asked for. */
const Embeddings = z.object({
  data: z.array(z.object({ index: z.int().nonnegative(), embedding: z.union([z.string(), z.array(z.number())]) })),
  usage: z.object({ prompt_tokens: z.int().nonnegative() }).nullish().catch(undefined),
});

/** As answers are kept: in the order of the texts, always base64. */
const Kept = z.object({ vectors: z.array(z.base64()), promptTokens: z.int().nonnegative().nullable() });

/**
 * Texts placed by an embedding model. The same request is paid for once an hour (api:call keeps its answer), the same text once a request;
 * usage counts what was paid for since the last answer. Throws ToolError 'invalid_input' for a text that is empty or longer than 8,000
 * characters, 'internal' when the model's vectors do not have the dimensions of the settings, and what callOutside throws.
 */
export function semanticEmbedder(connection: OpenAiConnection, outside: Outside, settings: AiSettings): SemanticEmbedder {
  const { embeddingModel: model, embeddingDimensions: dimensions } = settings;
  const price = priceOf(model, settings.prices, connection.isOpenAi);
  const limit = concurrencyLimit('the embedding model', settings.concurrency);
  // Only this family can be asked for fewer dimensions than it has; others refuse the question.
  const shortened = model.startsWith('text-embedding-3-') ? { dimensions } : {};

  const embedSome = async (texts: readonly string[], deadline: Deadline) => {
    const body = { model, input: texts, encoding_format: 'base64', ...shortened };
    const answer = await callOutside(
      { ...outside, retries: { attempts: 3, firstPauseMs: 200, ...outside.retries, attemptMs: settings.timeoutMs } },
      {
        service: OPENAI_SERVICE,
        method: 'embeddings',
        arguments: { account: connection.account, ...body },
        response: Kept,
        repeatable: true,
        send: async (signal) => toBeKept(await connection.post('/embeddings', body, signal), texts.length),
      },
      deadline,
    ).catch((error: unknown) => {
      throw creditUsedUp(error) ?? error;
    });
    const { vectors, promptTokens } = answer.response;
    const inputTokens = promptTokens ?? estimateTokens(texts.join(''));
    return {
      vectors: vectors.map((bytes) => unitVector(bytes, dimensions, model)),
      usage: answer.fromCache ? NO_MODEL_USAGE : usageOf({ inputTokens, outputTokens: 0 }, price, promptTokens !== null),
    };
  };

  // What was paid for and not yet told to anybody: requests that went well within a call that failed. Their answers are kept, so that the
  // call that is made again gets them for nothing; it is told of them.
  let paid = NO_MODEL_USAGE;

  return {
    method: 'semantic',
    model,
    dimensions,
    async embed(texts, deadline) {
      const distinct = [...new Set(texts)];
      for (const text of distinct) {
        if (text.trim() === '')
          throw new ToolError('invalid_input', 'An empty text has no meaning to search by.', { remedy: 'Describe it in words.' });
        if (text.length > LONGEST_TEXT) {
          throw new ToolError('invalid_input', `A text of ${text.length} characters is too long.`, {
            remedy: `Use at most ${LONGEST_TEXT}.`,
          });
        }
      }
      const batches = Array.from({ length: Math.ceil(distinct.length / TEXTS_PER_REQUEST) }, (_, batch) =>
        distinct.slice(batch * TEXTS_PER_REQUEST, (batch + 1) * TEXTS_PER_REQUEST),
      );
      const outcomes = await Promise.allSettled(batches.map((batch) => limit.run(() => embedSome(batch, deadline), deadline)));
      const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      paid = answers.map(({ usage }) => usage).reduce(addUsage, paid);
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      const usage = paid;
      paid = NO_MODEL_USAGE;
      const vectors = answers.flatMap((answer) => answer.vectors);
      const vectorOf = new Map(distinct.map((text, at) => [text, vectors[at] as Float32Array]));
      return {
        vectors: texts.map((text) => vectorOf.get(text) as Float32Array),
        usage,
      };
    },
  };
}

/** A good answer in the form in which it is kept; any other as it came, for callOutside to judge. */
function toBeKept(reply: OutsideReply, texts: number): OutsideReply {
  const read = Embeddings.safeParse(reply.response);
  if (reply.status >= 400 || !read.success) return reply;
  const inOrder = read.data.data.toSorted((a, b) => a.index - b.index);
  if (inOrder.length !== texts || inOrder.some(({ index }, at) => index !== at)) return { ...reply, response: undefined };
  const vectors = inOrder.map(({ embedding }) => (typeof embedding === 'string' ? embedding : base64Of(embedding)));
  return { ...reply, response: { vectors, promptTokens: read.data.usage?.prompt_tokens ?? null } satisfies z.infer<typeof Kept> };
}

function base64Of(floats: readonly number[]): string {
  return Buffer.from(Float32Array.from(floats).buffer).toString('base64');
}

/** Little-endian 32-bit floats, brought to length 1. */
function unitVector(base64: string, dimensions: number, model: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length !== dimensions * 4) {
    throw new ToolError('internal', `${model} makes vectors of ${bytes.length / 4} dimensions, not ${dimensions}.`, {
      remedy: 'PROMPTSALES_EMBEDDING_DIMENSIONS has to say what PROMPTSALES_EMBEDDING_MODEL makes.',
    });
  }
  const vector = Float32Array.from({ length: dimensions }, (_, at) => bytes.readFloatLE(at * 4));
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (!(length > 0) || !Number.isFinite(length)) {
    throw new ToolError('unavailable', `${model} gave a vector without direction.`, { remedy: 'Ask again later.' });
  }
  return vector.map((value) => value / length);
}
