import type { ModelPrice } from '../config/settings.ts';
import { decimal } from '../domain/money.ts';
import type { ModelUsage } from './model_usage.ts';

/** What models cost, by name: US dollars for a million tokens, as decimal text. */
export type ModelPrices = Readonly<Record<string, ModelPrice>>;

/**
 * OpenAI's list, standard tier (https://developers.openai.com/api/docs/pricing), as price trackers that read it reported it in June 2026.
 * Discounts for cached input and batches are not applied: what is counted is rather more than what is billed. PROMPTSALES_MODEL_PRICES adds
 * to the list and replaces what is in it.
 */
const LIST_PRICES: ModelPrices = {
  'text-embedding-3-small': { inputPerMillion: '0.02', outputPerMillion: '0' },
  'text-embedding-3-large': { inputPerMillion: '0.13', outputPerMillion: '0' },
  'gpt-4.1': { inputPerMillion: '2.00', outputPerMillion: '8.00' },
  'gpt-4.1-mini': { inputPerMillion: '0.40', outputPerMillion: '1.60' },
  'gpt-4.1-nano': { inputPerMillion: '0.10', outputPerMillion: '0.40' },
  'gpt-5.4': { inputPerMillion: '2.50', outputPerMillion: '15.00' },
  'gpt-5.4-mini': { inputPerMillion: '0.75', outputPerMillion: '4.50' },
  'gpt-5.4-nano': { inputPerMillion: '0.20', outputPerMillion: '1.25' },
};

/**
 * The price of a model: the settings' own first, then the list; a dated version ('gpt-4.1-mini-2025-04-14') costs what its name costs.
 * Undefined when nobody said. OpenAI's list holds for OpenAI's service: another service sells a model of the same name at its own price, so
 * `isOpenAi` false leaves only the settings.
 */
export function priceOf(model: string, own: ModelPrices, isOpenAi: boolean): ModelPrice | undefined {
  const undated = model.replace(/-\d{4}-\d{2}-\d{2}$/, '');
  for (const prices of isOpenAi ? [own, LIST_PRICES] : [own]) {
    for (const name of [model, undated]) if (Object.hasOwn(prices, name)) return prices[name];
  }
  return undefined;
}

/** What so many tokens took. */
export type TokenCount = { readonly inputTokens: number; readonly outputTokens: number };

/**
 * Dollars as decimal text with six digits: tokens × price, in whole micro-dollars, the unit accounts and records add in, rounded up once a
 * call so that nothing that was paid is counted as free. Undefined without a price.
 */
export function costOf({ inputTokens, outputTokens }: TokenCount, price: ModelPrice | undefined): string | undefined {
  if (price === undefined) return undefined;
  // Dollars for a million tokens are micro-dollars for one.
  const microDollars = decimal(price.inputPerMillion).times(inputTokens).plus(decimal(price.outputPerMillion).times(outputTokens));
  return microDollars.ceil().div(1_000_000).toFixed(6);
}

/** Tokens and their cost together. `counted` is false when the service did not say how many tokens it took and these are estimates. */
export function usageOf(tokens: TokenCount, price: ModelPrice | undefined, counted = true): ModelUsage {
  const costUsd = costOf(tokens, price);
  return {
    tokens: tokens.inputTokens + tokens.outputTokens,
    inputTokens: tokens.inputTokens,
    outputTokens: tokens.outputTokens,
    costUsd: costUsd ?? '0',
    costKnown: counted && costUsd !== undefined,
  };
}

/**
 * How many tokens a text is, before a model counts them: its UTF-8 bytes by three, rounded up. OpenAI's rule of thumb is four characters of
 * English; other languages take more tokens, and an estimate that someone agrees to should rather be too high.
 */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text, 'utf8') / 3);
}
