import { addUsage, type ModelUsage, NO_MODEL_USAGE } from '../../../shared/ai/model_usage.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { decimal, sum } from '../../../shared/domain/money.ts';
import type { ToolError } from '../../../shared/domain/tool_error.ts';
import type { Feature, Reservation, ReserveOutcome } from '../../../shared/sources/content_store.ts';
import { complaintsAbout, type GeneratedMessages, type MessageRules } from './message_rules.ts';
import { type AskModel, MOST_ATTEMPTS, type WritingOutcome, writeMessages } from './message_writing.ts';
import { notIncluded, usedUp } from './plan_refusal.ts';

/** What is to be written for one population. */
export type Writing = {
  /** Names what is asked by all the model is given: equal questions have equal keys. */
  readonly key: string;
  readonly rules: MessageRules;
  readonly ask: AskModel;
  /** The most that one question may take. */
  readonly estimate: Spending;
};

/** A writing as it was kept. */
export type KeptWriting = { readonly messages: GeneratedMessages } & Spending;

/** What is spent, or may be. Where `costKnown` is false, the cost is at least so much. */
export type Spending = { readonly tokens: number; readonly costUsd: string; readonly costKnown: boolean };

/** What a generation stands on. */
export type GenerationPorts<Asked extends Writing> = {
  /** What was written before and is kept; undefined for what is not. */
  readonly kept: (writing: Asked) => Promise<KeptWriting | undefined>;
  readonly keep: (writing: Asked, messages: GeneratedMessages, took: Pick<WritingOutcome, 'usage' | 'durationMs'>) => Promise<void>;
  readonly reserve: (feature: Feature, amount: number) => Promise<ReserveOutcome>;
  /** Closes a reservation, `kept` uses of it used. */
  readonly settle: (reservation: Reservation, kept: number) => Promise<void>;
};

/** What came of one population. */
export type Written = {
  readonly result: 'written' | 'kept' | 'failed';
  readonly messages: GeneratedMessages | undefined;
  readonly attempts: number;
  readonly failure: ToolError | undefined;
};

/** What came of a generation. */
export type Generation = {
  /** In the order asked. */
  readonly written: readonly Written[];
  readonly spent: ModelUsage;
  /** What the kept ones took when they were written. */
  readonly saved: Spending;
};

/** The most that the writings may take together, every question asked three times. */
export function mostSpending(writings: readonly Writing[]): Spending {
  return {
    tokens: writings.reduce((tokens, { estimate }) => tokens + estimate.tokens * MOST_ATTEMPTS, 0),
    costUsd: sum(writings.map(({ estimate }) => decimal(estimate.costUsd).times(MOST_ATTEMPTS))).toFixed(),
    costKnown: writings.every(({ estimate }) => estimate.costKnown),
  };
}

/** Whether so much may be spent without asking first: a known cost that is not above the threshold, in dollars. */
export function needsConfirmation({ costUsd, costKnown }: Spending, thresholdUsd: string): boolean {
  return !costKnown || decimal(costUsd).greaterThan(thresholdUsd);
}

/**
 * Writes what is not kept yet. The plan is asked before the model: uses are counted first, all or none, and those of populations for which
 * nothing was written are given back, however the generation ends. What a population took is counted whether or not it succeeded.
 * Throws ToolError 'forbidden' and 'quota_exceeded' of the plan; what goes wrong for one population is told in its place.
 */
export async function generateMessages<Asked extends Writing>(
  writings: readonly Asked[],
  { withImages, fresh }: { readonly withImages: boolean; readonly fresh: boolean },
  ports: GenerationPorts<Asked>,
  deadline: Deadline,
): Promise<Generation> {
  const found = await Promise.all(writings.map((writing) => (fresh ? undefined : keptByTheRules(writing, ports))));
  const missing = found.filter((kept) => kept === undefined).length;
  const features: readonly Feature[] = withImages ? ['generacion_contenido', 'imagenes_ia'] : ['generacion_contenido'];
  const reserved = missing === 0 ? [] : await reserveAll(features, missing, ports);

  let spent = NO_MODEL_USAGE;
  const write = async (writing: Asked, kept: KeptWriting | undefined): Promise<Written> => {
    if (kept !== undefined) return { result: 'kept', messages: kept.messages, attempts: 0, failure: undefined };
    const outcome = await writeMessages(writing.ask, writing.rules, deadline);
    spent = addUsage(spent, outcome.usage);
    const { attempts } = outcome;
    if ('failure' in outcome) return { result: 'failed', messages: undefined, attempts, failure: outcome.failure };
    await ports.keep(writing, outcome.messages, outcome);
    return { result: 'written', messages: outcome.messages, attempts, failure: undefined };
  };
  // All are waited for, should one reject: what others wrote meanwhile is used and counted.
  const settled = await Promise.allSettled(writings.map((writing, index) => write(writing, found[index])));
  const success = settled.filter((one) => one.status === 'fulfilled' && one.value.result === 'written').length;
  await Promise.all(reserved.map((reservation) => ports.settle(reservation, success)));
  return {
    written: settled.map((one) => {
      if (one.status === 'rejected') throw one.reason;
      return one.value;
    }),
    spent,
    saved: {
      tokens: found.reduce((tokens, kept) => tokens + (kept?.tokens ?? 0), 0),
      costUsd: sum(found.map((kept) => kept?.costUsd ?? '0')).toFixed(),
      costKnown: found.every((kept) => kept?.costKnown !== false),
    },
  };
}

/** What is kept, unless rules that came later forbid it. */
export async function keptByTheRules<Asked extends Writing>(
  writing: Asked,
  { kept }: Pick<GenerationPorts<Asked>, 'kept'>,
): Promise<KeptWriting | undefined> {
  const found = await kept(writing);
  return found !== undefined && complaintsAbout(found.messages, writing.rules).length === 0 ? found : undefined;
}

/** All features, or none: what was reserved already is given back when a later one is refused. */
async function reserveAll(
  features: readonly Feature[],
  amount: number,
  ports: Pick<GenerationPorts<Writing>, 'reserve' | 'settle'>,
): Promise<readonly Reservation[]> {
  const reserved: Reservation[] = [];
  try {
    for (const feature of features) {
      const outcome = await ports.reserve(feature, amount);
      if (outcome.outcome === 'exhausted') throw usedUp(feature, amount, outcome);
      if (outcome.outcome === 'not_included') throw notIncluded(feature, outcome.reason);
      reserved.push(outcome.reservation);
    }
    return reserved;
  } catch (error) {
    await Promise.all(reserved.map((reservation) => ports.settle(reservation, 0)));
    throw error;
  }
}
