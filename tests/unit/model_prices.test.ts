import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { costOf, estimateTokens, priceOf, usageOf } from '../../shared/ai/model_prices.ts';
import { addUsage, NO_MODEL_USAGE } from '../../shared/ai/model_usage.ts';
import { strictSchema } from '../../shared/ai/strict_schema.ts';
import { readSettings } from '../../shared/config/settings.ts';
import { decimal, sum } from '../../shared/domain/money.ts';

const PRICE = { inputPerMillion: '0.40', outputPerMillion: '1.60' };

describe('what models cost', () => {
  it('is tokens by price, in whole micro-dollars, rounded up', () => {
    expect(costOf({ inputTokens: 1_000_000, outputTokens: 1_000_000 }, PRICE)).toBe('2.000000');
    expect(costOf({ inputTokens: 1_200, outputTokens: 300 }, PRICE)).toBe('0.000960');
    expect(costOf({ inputTokens: 7, outputTokens: 0 }, { inputPerMillion: '0.02', outputPerMillion: '0' })).toBe('0.000001');
    expect(costOf({ inputTokens: 0, outputTokens: 0 }, PRICE)).toBe('0.000000');
  });

  it('is exact for any price, and its sums are', () => {
    const tokens = fc.nat({ max: 5_000_000 });
    const price = fc.nat({ max: 10_000_000 }).map((n) => decimal(n).div(100_000).toFixed());
    fc.assert(
      fc.property(fc.array(fc.tuple(tokens, tokens), { maxLength: 20 }), price, price, (calls, inputPerMillion, outputPerMillion) => {
        const usages = calls.map(([inputTokens, outputTokens]) =>
          usageOf({ inputTokens, outputTokens }, { inputPerMillion, outputPerMillion }),
        );
        for (const usage of usages) {
          const exact = decimal(inputPerMillion)
            .times(usage.inputTokens)
            .plus(decimal(outputPerMillion).times(usage.outputTokens))
            .div(1e6);
          const over = decimal(usage.costUsd).minus(exact);
          expect(over.gte(0) && over.lt('0.000001')).toBe(true);
        }
        const total = usages.reduce(addUsage, NO_MODEL_USAGE);
        expect(decimal(total.costUsd).eq(sum(usages.map(({ costUsd }) => costUsd)))).toBe(true);
        expect(total.tokens).toBe(total.inputTokens + total.outputTokens);
      }),
    );
  });

  it('is said to be unknown where there is no price, which is not nothing', () => {
    const unknown = usageOf({ inputTokens: 10, outputTokens: 5 }, undefined);
    expect(unknown).toEqual({ tokens: 15, inputTokens: 10, outputTokens: 5, costUsd: '0', costKnown: false });
    const known = usageOf({ inputTokens: 10, outputTokens: 5 }, PRICE);
    expect(known.costKnown).toBe(true);
    expect(addUsage(known, unknown)).toMatchObject({ tokens: 30, costUsd: '0.000012', costKnown: false });
  });

  it('comes from the settings first, then from the list of OpenAI, for its own service only', () => {
    expect(priceOf('text-embedding-3-small', {}, true)?.inputPerMillion).toBe('0.02');
    expect(priceOf('gpt-4.1-mini-2025-04-14', {}, true)?.outputPerMillion).toBe('1.60');
    expect(priceOf('gpt-4.1-mini', { 'gpt-4.1-mini': PRICE }, true)).toBe(PRICE);
    expect(priceOf('gpt-4.1-mini', {}, false)).toBeUndefined();
    expect(priceOf('our-own', { 'our-own': PRICE }, false)).toBe(PRICE);
    expect(priceOf('nobody-knows', {}, true)).toBeUndefined();
    expect(priceOf('constructor', {}, true)).toBeUndefined();
  });

  it('is estimated from the bytes of a text, three for a token', () => {
    expect(estimateTokens('')).toBe(0);
    expect(estimateTokens('abcdef')).toBe(2);
    expect(estimateTokens('café')).toBe(2);
    expect(estimateTokens('🌋')).toBe(2);
  });
});

describe('the settings of models', () => {
  it('name no model that writes, and the embedding model of the vectors, where nothing is set', () => {
    expect(readSettings({}).ai).toEqual({
      apiKey: undefined,
      baseUrl: undefined,
      organization: undefined,
      project: undefined,
      embeddingModel: 'text-embedding-3-small',
      embeddingDimensions: 1_536,
      textModel: undefined,
      prices: {},
      concurrency: 4,
      timeoutMs: 60_000,
      costConfirmUsd: '0.50',
    });
    expect(readSettings({ OPENAI_API_KEY: ' ', PROMPTSALES_TEXT_MODEL: '' }).ai).toEqual(readSettings({}).ai);
  });

  it('read prices as text', () => {
    const prices = { 'our-own': { inputPerMillion: '0.1', outputPerMillion: '3' } };
    expect(readSettings({ PROMPTSALES_MODEL_PRICES: JSON.stringify(prices) }).ai.prices).toEqual(prices);
  });

  it.each([
    ['PROMPTSALES_MODEL_PRICES', 'cheap'],
    ['PROMPTSALES_MODEL_PRICES', '{"m":{"inputPerMillion":0.1,"outputPerMillion":"1"}}'],
    ['PROMPTSALES_MODEL_PRICES', '{"m":{"inputPerMillion":"0.1"}}'],
    ['PROMPTSALES_MODEL_PRICES', '{"m":{"inputPerMillion":"-1","outputPerMillion":"1"}}'],
    ['PROMPTSALES_COST_CONFIRM_USD', 'a lot'],
    ['OPENAI_BASE_URL', 'ftp://models'],
    ['OPENAI_BASE_URL', 'https://user:password@models/v1'],
    ['OPENAI_API_KEY', 'sk-secret\nX-Other: header'],
  ])('refuse %s=%s by its name', (name, value) => {
    expect(() => readSettings({ [name]: value })).toThrow(name);
  });

  it('never print a key they refuse', () => {
    expect(() => readSettings({ OPENAI_API_KEY: 'sk-secret ñ' })).toThrow(/^(?!.*secret)/);
  });
});

describe('a strict schema', () => {
  it('requires everything, allows nothing else, and leaves the limits to us', () => {
    const schema = z.object({
      messages: z.array(z.object({ text: z.string().min(1).max(280), image: z.string().nullable() })).length(3),
      tone: z.enum(['warm', 'cool']).describe('How it sounds'),
    });
    expect(strictSchema(schema)).toEqual({
      type: 'object',
      additionalProperties: false,
      required: ['messages', 'tone'],
      properties: {
        messages: {
          type: 'array',
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['text', 'image'],
            properties: { text: { type: 'string' }, image: { type: ['string', 'null'] } },
          },
        },
        tone: { type: 'string', enum: ['warm', 'cool'], description: 'How it sounds' },
      },
    });
  });

  it('cannot be made of what services do not enforce', () => {
    expect(() => strictSchema(z.object({ a: z.object({ b: z.string().optional() }) }))).toThrow('.a.b');
    expect(() => strictSchema(z.object({ a: z.unknown() }))).toThrow('.a');
    expect(() => strictSchema(z.object({ a: z.record(z.string(), z.string()) }))).toThrow('.a');
  });
});
