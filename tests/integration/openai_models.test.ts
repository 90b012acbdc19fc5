import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ModelUsage } from '../../shared/ai/model_usage.ts';
import { type OpenAiModels, openAiModels } from '../../shared/ai/openai_models.ts';
import { type TextModel, UnusableAnswer } from '../../shared/ai/text_model.ts';
import { circuitBreaker } from '../../shared/cache/circuit_breaker.ts';
import { USUAL_RULES } from '../../shared/cache/circuit_rules.ts';
import { connectRedis, type RedisConnection } from '../../shared/cache/redis_connection.ts';
import { readSettings } from '../../shared/config/settings.ts';
import { type Deadline, deadlineIn } from '../../shared/domain/deadline.ts';
import { decimal } from '../../shared/domain/money.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';
import { outsideLimit } from '../../shared/gateway/outside_limit.ts';
import type { Outside } from '../../shared/gateway/outside_service.ts';
import { endpointTokens, endpointVector, type OpenAiEndpoint, startOpenAiEndpoint } from '../support/openai_endpoint.ts';
import { describeOnEachRedis, type RedisEngine, startRedisEngine } from '../support/redis_engines.ts';

// Of no known form, as the keys of other services are.
const KEY = 'proj.key_4f1d9c2ab7e6450f8d13';
const Message = z.object({ text: z.string().max(40), hashtags: z.array(z.string()) });
const GOOD = { text: 'Vení al volcán', hashtags: ['#PuraVida'] };
const PROMPT = { system: 'Write one message.', user: 'For people who like volcanoes.' };
const REQUEST = { prompt: PROMPT, schemaName: 'message', schema: Message, maxTokens: 500 };
const PRICES = JSON.stringify({
  writer: { inputPerMillion: '0.40', outputPerMillion: '1.60' },
  'text-embedding-3-small': { inputPerMillion: '0.02', outputPerMillion: '0' },
});

describeOnEachRedis('models behind an OpenAI-compatible service (T1, N6)', (engine) => {
  let server: RedisEngine;
  let redis: RedisConnection;
  let endpoint: OpenAiEndpoint;

  const outsideOf = (connection: RedisConnection | undefined, more: Partial<Outside> = {}): Outside => ({
    redis: connection,
    breaker: circuitBreaker({ redis: connection }),
    limit: outsideLimit(connection, () => new Date()),
    retries: { attempts: 3, firstPauseMs: 10, attemptMs: 1 },
    ...more,
  });
  /** The models of a process of its own. */
  const models = (environment: NodeJS.ProcessEnv = {}, outside: Outside = outsideOf(redis)): OpenAiModels => {
    const { ai } = readSettings({
      OPENAI_API_KEY: KEY,
      OPENAI_BASE_URL: endpoint.url,
      PROMPTSALES_TEXT_MODEL: 'writer',
      PROMPTSALES_MODEL_PRICES: PRICES,
      PROMPTSALES_MODEL_TIMEOUT_MS: '2000',
      ...environment,
    });
    return openAiModels(outside, ai);
  };
  const writer = (environment?: NodeJS.ProcessEnv, outside?: Outside): TextModel => models(environment, outside).textModel!;
  const embedder = (environment?: NodeJS.ProcessEnv, outside?: Outside) => models(environment, outside).embedder!;
  const write = (model: TextModel = writer(), deadline: Deadline = deadlineIn(10_000)) => model.generate(REQUEST, deadline);
  const failureOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => expect.unreachable('it did not fail'),
      (error: unknown) => error,
    );
  const unusable = async (work: Promise<unknown>): Promise<UnusableAnswer> => {
    const error = await failureOf(work);
    expect(error).toBeInstanceOf(UnusableAnswer);
    return error as UnusableAnswer;
  };
  const promptTokens = endpointTokens(PROMPT.system + PROMPT.user);
  const costOf = (usage: ModelUsage) =>
    decimal('0.40').times(usage.inputTokens).plus(decimal('1.60').times(usage.outputTokens)).ceil().div(1_000_000).toFixed(6);

  beforeAll(async () => {
    [server, endpoint] = await Promise.all([startRedisEngine(engine), startOpenAiEndpoint({ writes: () => GOOD, key: KEY })]);
    redis = await connectRedis(server.url);
  });
  beforeEach(async () => {
    await expect.poll(() => redis.isUp, { timeout: 10_000 }).toBe(true);
    await redis.pipeline([['flushall']]);
    endpoint.forget();
  });
  afterAll(async () => {
    await redis.close();
    await Promise.all([server.stop(), endpoint.stop()]);
  });

  describe('writing', () => {
    it('asks for the schema strictly, and gives the value with its tokens, its cost and its time', async () => {
      const { value, usage, durationMs } = await write();
      expect(value).toEqual(GOOD);
      expect(usage).toEqual({
        tokens: promptTokens + endpointTokens(JSON.stringify(GOOD)),
        inputTokens: promptTokens,
        outputTokens: endpointTokens(JSON.stringify(GOOD)),
        costUsd: costOf(usage),
        costKnown: true,
      });
      expect(durationMs).toBeGreaterThanOrEqual(0);
      expect(endpoint.requests).toHaveLength(1);
      expect(endpoint.requests[0]).toMatchObject({ path: '/v1/chat/completions', authorization: `Bearer ${KEY}` });
      expect(endpoint.requests[0]?.body).toEqual({
        model: 'writer',
        messages: [
          { role: 'system', content: PROMPT.system },
          { role: 'user', content: PROMPT.user },
        ],
        max_tokens: 500,
        response_format: {
          type: 'json_schema',
          json_schema: {
            name: 'message',
            strict: true,
            schema: {
              type: 'object',
              properties: { text: { type: 'string' }, hashtags: { type: 'array', items: { type: 'string' } } },
              required: ['text', 'hashtags'],
              additionalProperties: false,
            },
          },
        },
      });
    });

    it('is estimated before, and the estimate is not exceeded', async () => {
      const model = writer();
      const { usage } = await write(model);
      const estimate = model.estimate(PROMPT, 500);
      expect(estimate.tokens).toBeGreaterThanOrEqual(usage.tokens);
      expect(decimal(estimate.costUsd).gte(usage.costUsd)).toBe(true);
      expect(estimate.costKnown).toBe(true);
      expect(model.estimate(PROMPT).tokens).toBe(estimate.tokens + 1_500);
      expect(endpoint.requests).toHaveLength(1);
    });

    it('says that the cost is unknown where no price is, or where the service did not count', async () => {
      const unpriced = writer({ PROMPTSALES_MODEL_PRICES: '{}' });
      expect(unpriced.estimate(PROMPT)).toMatchObject({ costUsd: '0', costKnown: false });
      expect((await write(unpriced)).usage).toMatchObject({ inputTokens: promptTokens, costUsd: '0', costKnown: false });
      endpoint.script({ as: 'text', text: JSON.stringify(GOOD), withoutUsage: true });
      const { usage } = await write();
      expect(usage.costKnown).toBe(false);
      expect(usage.tokens).toBeGreaterThan(promptTokens);
    });

    it('reads an answer that comes as in a chat', async () => {
      endpoint.script({ as: 'text', text: `\`\`\`json\n${JSON.stringify(GOOD)}\n\`\`\`` });
      expect((await write()).value).toEqual(GOOD);
    });

    it('asks each time anew: what is written is paid for, and nothing of it is kept here', async () => {
      const model = writer();
      await write(model);
      await write(model);
      expect(endpoint.requests).toHaveLength(2);
    });
  });

  describe('an answer without use', () => {
    it.each([
      ['invalid JSON', { as: 'text', text: 'Sure! Here it is: {"text":' }, 'invalid_json', 'unavailable', /not JSON/],
      ['another shape', { as: 'written', value: { text: 'Hi' } }, 'wrong_shape', 'unavailable', /hashtags/],
      [
        'a broken rule of the schema',
        { as: 'written', value: { ...GOOD, text: 'x'.repeat(41) } },
        'wrong_shape',
        'unavailable',
        /40.*\n.*text/,
      ],
      ['nothing', { as: 'text', text: '' }, 'empty', 'unavailable', /empty/],
      ['no text', { as: 'text', text: null }, 'empty', 'unavailable', /empty/],
      ['no choice', { as: 'no choice' }, 'empty', 'unavailable', /empty/],
      ['an end for length', { as: 'text', text: '{"text":"Ven', finishReason: 'length' }, 'truncated', 'unavailable', /shorter/],
      ['a refusal', { as: 'refused', refusal: 'I cannot help with that.' }, 'refused', 'invalid_input', undefined],
      ['a filter', { as: 'text', text: '', finishReason: 'content_filter' }, 'filtered', 'invalid_input', undefined],
    ] as const)('is told by its reason: %s', async (_what, answer, reason, errorClass, complaint) => {
      endpoint.script(answer);
      const error = await unusable(write());
      expect(error).toMatchObject({ reason, errorClass });
      expect(error.remedy).toEqual(expect.any(String));
      if (complaint === undefined) expect(error.complaint).toBeUndefined();
      else expect(error.complaint).toMatch(complaint);
      // It was paid for, and is not asked for again behind the caller's back.
      expect(error.usage).toMatchObject({ inputTokens: promptTokens, costUsd: costOf(error.usage), costKnown: true });
      expect(error.durationMs).toBeGreaterThanOrEqual(0);
      expect(endpoint.requests).toHaveLength(1);
      expect(inspect(error, { depth: 10 })).not.toContain(PROMPT.user);
    });

    it.each([
      ['content_filter', 'filtered'],
      ['context_length_exceeded', 'too_long'],
    ])('refused before anything was written (%s) is told by its reason and costs nothing', async (code, reason) => {
      endpoint.script({ as: 'error', status: 400, code });
      const error = await unusable(write());
      expect(error).toMatchObject({ reason, errorClass: 'invalid_input', usage: { tokens: 0, costKnown: true } });
      expect(endpoint.requests).toHaveLength(1);
    });

    it.each(['cut midway', 'streamed then cut'] as const)('that is %s is not asked for again: it may have been billed', async (as) => {
      endpoint.script({ as });
      const error = await unusable(write());
      expect(error).toMatchObject({ reason: 'broken_off', errorClass: 'unavailable' });
      expect(error.usage).toMatchObject({ costKnown: false });
      expect(error.usage.tokens).toBeGreaterThan(0);
      expect(endpoint.requests).toHaveLength(1);
    });

    it('never closes the way to the service for others', async () => {
      const model = writer();
      for (let call = 0; call < 8; call++) {
        endpoint.script({ as: 'refused', refusal: 'No.' });
        await unusable(write(model));
      }
      expect((await write(model)).value).toEqual(GOOD);
    });
  });

  describe('a service that fails', () => {
    it('is asked again after 429, when it said, and after 500', async () => {
      endpoint.script({ as: 'error', status: 429, headers: { 'retry-after': '1' } }, { as: 'error', status: 500 });
      const begun = performance.now();
      expect((await write()).value).toEqual(GOOD);
      expect(performance.now() - begun).toBeGreaterThanOrEqual(990);
      expect(endpoint.requests).toHaveLength(3);
      expect(endpoint.requests.every(({ headers }) => headers['x-stainless-retry-count'] === '0')).toBe(true);
    });

    it('is not waited for longer than the question may take', async () => {
      endpoint.script({ as: 'error', status: 429, headers: { 'retry-after': '60' } });
      const begun = performance.now();
      expect(await failureOf(write(writer(), deadlineIn(5_000)))).toMatchObject({ errorClass: 'rate_limited', retryAfterSeconds: 60 });
      expect(performance.now() - begun).toBeLessThan(3_000);
    });

    it('that has no credit left is not asked again, and says so', async () => {
      endpoint.script({ as: 'error', status: 429, code: 'insufficient_quota' }, { as: 'error', status: 429, code: 'insufficient_quota' });
      expect(await failureOf(write())).toMatchObject({ errorClass: 'unavailable', message: expect.stringContaining('credit') });
      expect(await failureOf(embedder().embed(['sol'], deadlineIn(5_000)))).toMatchObject({ message: expect.stringContaining('credit') });
      expect(endpoint.requests).toHaveLength(2);
    });

    it('may have begun to write when the connection or the time ends: that is not sent twice', async () => {
      endpoint.script({ as: 'cut' });
      expect(await failureOf(write())).toMatchObject({ errorClass: 'unavailable' });
      endpoint.script({ as: 'usual', afterMs: 1_000 });
      expect(await failureOf(write(writer({ PROMPTSALES_MODEL_TIMEOUT_MS: '150' })))).toMatchObject({ errorClass: 'unavailable' });
      endpoint.script({ as: 'error', status: 504 });
      expect(await failureOf(write())).toMatchObject({ errorClass: 'unavailable' });
      expect(endpoint.requests).toHaveLength(3);
    });

    it('is asked again for embeddings, which cost nothing to repeat', async () => {
      endpoint.script({ as: 'cut' }, { as: 'streamed then cut' });
      expect((await embedder().embed(['sol'], deadlineIn(5_000))).vectors).toHaveLength(1);
      expect(endpoint.requests).toHaveLength(3);
    });

    it('that answers something else is unavailable', async () => {
      endpoint.script({ as: 'raw', body: '<html>sign in</html>', contentType: 'text/html' });
      expect(await failureOf(write())).toMatchObject({ errorClass: 'unavailable' });
      endpoint.script({ as: 'raw', body: 'data: {"choices":[]}\n\n', contentType: 'text/event-stream' });
      expect(await failureOf(write())).toMatchObject({ errorClass: 'unavailable' });
      expect(endpoint.requests).toHaveLength(2);
    });

    it('is left alone after failures in a row, by every process', async () => {
      const failing = writer({}, outsideOf(redis, { retries: { attempts: 1, firstPauseMs: 1, attemptMs: 1 } }));
      for (let call = 0; call < USUAL_RULES.failuresToOpen; call++) {
        endpoint.script({ as: 'error', status: 500 });
        expect(await failureOf(write(failing))).toMatchObject({ errorClass: 'unavailable' });
      }
      const refused = await failureOf(write());
      expect(refused).toMatchObject({ errorClass: 'unavailable', message: expect.stringContaining('not being asked') });
      expect((refused as ToolError).retryAfterSeconds).toBeGreaterThan(0);
      expect(endpoint.requests).toHaveLength(USUAL_RULES.failuresToOpen);
    });
  });

  describe('time and room', () => {
    it('ends the request when the caller goes away, with the caller’s reason', async () => {
      const caller = new AbortController();
      endpoint.script({ as: 'usual', afterMs: 1_500 });
      const asked = failureOf(write(writer(), deadlineIn(10_000, caller.signal)));
      await expect.poll(() => endpoint.requests.length).toBe(1);
      const reason = new Error('the caller has gone');
      caller.abort(reason);
      expect(await asked).toBe(reason);
      await expect.poll(() => endpoint.abandoned()).toBe(1);
    });

    it('ends the request when time is up', async () => {
      endpoint.script({ as: 'usual', afterMs: 1_500 });
      expect(await failureOf(write(writer(), deadlineIn(200)))).toMatchObject({ errorClass: 'timeout' });
      await expect.poll(() => endpoint.abandoned()).toBe(1);
    });

    it('asks no more at once than it may, the others in their order', async () => {
      const model = writer({ PROMPTSALES_MODEL_CONCURRENCY: '2' });
      endpoint.script(...Array.from({ length: 6 }, () => ({ as: 'usual', afterMs: 60 }) as const));
      const order: number[] = [];
      await Promise.all(Array.from({ length: 6 }, (_, at) => write(model).then(() => order.push(at))));
      expect(endpoint.mostAtOnce()).toBe(2);
      expect(endpoint.requests).toHaveLength(6);
      expect(order.slice(0, 2).toSorted()).toEqual([0, 1]);
      expect(order.slice(4).toSorted()).toEqual([4, 5]);
    });

    it('lets whoever waits leave the queue at the end of their time, unpaid, and the place goes on', async () => {
      const model = writer({ PROMPTSALES_MODEL_CONCURRENCY: '1' });
      endpoint.script({ as: 'usual', afterMs: 400 });
      const first = write(model);
      await expect.poll(() => endpoint.requests.length).toBe(1);
      const caller = new AbortController();
      const [late, gone] = [failureOf(write(model, deadlineIn(100))), failureOf(write(model, deadlineIn(5_000, caller.signal)))];
      const last = write(model);
      caller.abort(new Error('gone'));
      expect(await gone).toMatchObject({ message: 'gone' });
      expect(await late).toMatchObject({ errorClass: 'timeout', message: expect.stringContaining('turn') });
      expect((await first).value).toEqual(GOOD);
      expect((await last).value).toEqual(GOOD);
      expect(endpoint.requests).toHaveLength(2);
    });
  });

  describe('embeddings', () => {
    const unit = (text: string, dimensions = 1_536) => {
      const vector = endpointVector(text, dimensions);
      const length = Math.hypot(...vector);
      return vector.map((value) => value / length);
    };
    const near = (one: Float32Array | undefined, other: Float32Array) => one?.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);

    it('are vectors of unit length, one a text, in the order of the texts', async () => {
      const texts = ['playa al atardecer', 'volcán Arenal', 'café de altura'];
      const { method, model, dimensions, embed } = embedder();
      expect({ method, model, dimensions }).toEqual({ method: 'semantic', model: 'text-embedding-3-small', dimensions: 1_536 });
      const { vectors, usage } = await embed(texts, deadlineIn(5_000));
      expect(vectors).toHaveLength(3);
      for (const [at, text] of texts.entries()) {
        expect(near(vectors[at], vectors[at]!)).toBeCloseTo(1, 5);
        expect(near(vectors[at], unit(text))).toBeCloseTo(1, 5);
      }
      const tokens = texts.reduce((sum, text) => sum + endpointTokens(text), 0);
      expect(usage).toEqual({ tokens, inputTokens: tokens, outputTokens: 0, costUsd: '0.000001', costKnown: true });
      expect(endpoint.requests[0]?.body).toEqual({
        model: 'text-embedding-3-small',
        input: texts,
        encoding_format: 'base64',
        dimensions: 1_536,
      });
    });

    it('of the same texts are paid for once, by all processes, and are the same', async () => {
      const first = await embedder().embed(['playa', 'volcán'], deadlineIn(5_000));
      await expect.poll(async () => (await redis.pipeline([['dbsize']]))?.[0]).toSatisfy((reply: { value: number }) => reply.value >= 1);
      await expect
        .poll(async () => {
          endpoint.forget();
          const again = await embedder().embed(['playa', 'volcán'], deadlineIn(5_000));
          return {
            requests: endpoint.requests.length,
            tokens: again.usage.tokens,
            costUsd: again.usage.costUsd,
            same: equal(again.vectors, first.vectors),
          };
        })
        .toEqual({ requests: 0, tokens: 0, costUsd: '0', same: true });
    });

    it('of a text that comes twice are asked for once', async () => {
      const { vectors, usage } = await embedder().embed(['sol', 'mar', 'sol'], deadlineIn(5_000));
      expect(endpoint.requests[0]?.body.input).toEqual(['sol', 'mar']);
      expect(vectors[0]).toEqual(vectors[2]);
      expect(usage.tokens).toBe(2);
    });

    it('of many texts come in batches, in order', async () => {
      const texts = Array.from({ length: 150 }, (_, at) => `imagen número ${at}`);
      const { vectors } = await embedder({ PROMPTSALES_EMBEDDING_DIMENSIONS: '64' }).embed(texts, deadlineIn(10_000));
      expect(endpoint.requests.map(({ body }) => body.input?.length).toSorted()).toEqual([22, 64, 64]);
      for (const at of [0, 63, 64, 127, 128, 149]) expect(near(vectors[at], unit(texts[at] ?? '', 64))).toBeCloseTo(1, 5);
    });

    it('that were paid for in a call that failed are counted by the call that succeeds, and not paid for again', async () => {
      const texts = Array.from({ length: 150 }, (_, at) => `imagen número ${at}`);
      const own = embedder({ PROMPTSALES_EMBEDDING_DIMENSIONS: '16', PROMPTSALES_MODEL_CONCURRENCY: '1' });
      endpoint.script({ as: 'usual' }, { as: 'error', status: 400 }, { as: 'usual' });
      expect(await failureOf(own.embed(texts, deadlineIn(5_000)))).toMatchObject({ errorClass: 'internal' });
      expect(endpoint.requests).toHaveLength(3);
      await expect.poll(async () => (await redis.pipeline([['keys', 'api:call:*']]))?.[0]).toMatchObject({ value: { length: 2 } });
      const tokens = texts.reduce((sum, text) => sum + endpointTokens(text), 0);
      expect((await own.embed(texts, deadlineIn(5_000))).usage.tokens).toBe(tokens);
      expect(endpoint.requests).toHaveLength(4);
      expect((await own.embed(['sol'], deadlineIn(5_000))).usage.tokens).toBe(1);
    });

    it('are read from services that answer with plain numbers', async () => {
      const data = [{ index: 0, embedding: [3, 4] }];
      endpoint.script({ as: 'raw', body: JSON.stringify({ data }), contentType: 'application/json' });
      const own = embedder({ PROMPTSALES_EMBEDDING_MODEL: 'our-own', PROMPTSALES_EMBEDDING_DIMENSIONS: '2' });
      const { vectors, usage } = await own.embed(['sol'], deadlineIn(5_000));
      expect([...(vectors[0] ?? [])].map((value) => value.toFixed(4))).toEqual(['0.6000', '0.8000']);
      expect(usage).toMatchObject({ tokens: 1, costKnown: false });
      expect(endpoint.requests[0]?.body).not.toHaveProperty('dimensions');
    });

    it('of other dimensions than the settings say are refused with what to set', async () => {
      const own = embedder({ PROMPTSALES_EMBEDDING_MODEL: 'our-own', PROMPTSALES_EMBEDDING_DIMENSIONS: '2' });
      const error = await failureOf(own.embed(['sol'], deadlineIn(5_000)));
      expect(error).toMatchObject({
        errorClass: 'internal',
        message: expect.stringContaining('1536'),
        remedy: expect.stringContaining('DIMENSIONS'),
      });
    });

    it('that are missing or without direction are no answer', async () => {
      const own = { PROMPTSALES_EMBEDDING_MODEL: 'our-own', PROMPTSALES_EMBEDDING_DIMENSIONS: '2' };
      const once = () => embedder(own, outsideOf(redis, { retries: { attempts: 1, firstPauseMs: 1, attemptMs: 1 } }));
      for (const data of [[], [{ index: 1, embedding: [1, 0] }], [{ index: 0, embedding: [0, 0] }]]) {
        endpoint.script({ as: 'raw', body: JSON.stringify({ data }), contentType: 'application/json' });
        expect(await failureOf(once().embed(['sol'], deadlineIn(5_000)))).toMatchObject({ errorClass: 'unavailable' });
      }
    });

    it('of nothing are refused unasked, and of no texts are none', async () => {
      expect(await failureOf(embedder().embed(['sol', ' '], deadlineIn(5_000)))).toMatchObject({ errorClass: 'invalid_input' });
      expect(await failureOf(embedder().embed(['x'.repeat(8_001)], deadlineIn(5_000)))).toMatchObject({ errorClass: 'invalid_input' });
      expect(await embedder().embed([], deadlineIn(5_000))).toMatchObject({ vectors: [], usage: { tokens: 0, costKnown: true } });
      expect(endpoint.requests).toHaveLength(0);
    });

    it('do without Redis, paying each time', async () => {
      const alone = () => embedder({}, outsideOf(undefined));
      await alone().embed(['sol'], deadlineIn(5_000));
      await alone().embed(['sol'], deadlineIn(5_000));
      expect(endpoint.requests).toHaveLength(2);
    });
  });

  describe('the key', () => {
    it('is in no error, whatever the service says of it, and in nothing that Redis holds', async () => {
      const wrong = 'sk-wrong-9182736455463728xqzw';
      const errors: unknown[] = [];
      errors.push(await failureOf(write(writer({ OPENAI_API_KEY: wrong }))));
      endpoint.script(
        { as: 'error', status: 400, message: `You sent Bearer ${KEY}, which ends in ${KEY}` },
        { as: 'cut' },
        { as: 'cut midway' },
      );
      for (let call = 0; call < 3; call++) errors.push(await failureOf(write()));
      errors.push(await failureOf(write(writer({ OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }))));
      expect(errors[0]).toMatchObject({ errorClass: 'internal' });
      await embedder().embed(['sol'], deadlineIn(5_000));
      await sleep(50);
      for (const error of errors) {
        expect(error).toBeInstanceOf(ToolError);
        const told = inspect(error, { depth: 12, showHidden: true }) + JSON.stringify(error) + causes(error);
        for (const secret of [KEY, wrong, wrong.slice(0, 8), wrong.slice(-4)]) expect(told).not.toContain(secret);
      }
      const [keys] = (await redis.pipeline([['keys', '*']])) ?? [];
      const names = keys?.ok ? (keys.value as string[]) : [];
      expect(names.some((name) => name.startsWith('api:call:openai:embeddings:'))).toBe(true);
      const dumped = await redis.pipeline(names.map((name) => (name.startsWith('api:call') ? ['get', name] : ['type', name])));
      expect(names.join() + JSON.stringify(dumped)).not.toContain(KEY);
    });

    it('absent, and no service of one’s own named: there are no models, and nothing is loaded', () => {
      const nothing = readSettings({ PROMPTSALES_TEXT_MODEL: 'writer' }).ai;
      expect(openAiModels(outsideOf(undefined), nothing)).toEqual({ embedder: undefined, textModel: undefined });
      expect(models({ PROMPTSALES_TEXT_MODEL: '' }).textModel).toBeUndefined();
    });

    it('is not needed by a service of one’s own', async () => {
      const open = await startOpenAiEndpoint({ writes: () => GOOD });
      try {
        const own = writer({ OPENAI_API_KEY: '', OPENAI_BASE_URL: open.url });
        expect((await write(own)).value).toEqual(GOOD);
      } finally {
        await open.stop();
      }
    });
  });
});

function equal(some: readonly Float32Array[], others: readonly Float32Array[]): boolean {
  return some.length === others.length && some.every((vector, at) => vector.every((value, place) => value === others[at]?.[place]));
}

/** Every message and text of an error and of what caused it. */
function causes(error: unknown): string {
  const texts: string[] = [];
  for (let at = error; at !== undefined && at !== null; at = at instanceof Error ? at.cause : undefined) {
    texts.push(at instanceof Error ? `${at.message} ${at.stack}` : JSON.stringify(at));
  }
  return texts.join('\n');
}
