import { addUsage, type ModelUsage, NO_MODEL_USAGE } from '../../../shared/ai/model_usage.ts';
import { formatCount, formatUsd } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import type { KeptGeneration, PopulationMessages, QuotaState } from '../../../shared/sources/content_store.ts';
import { briefText, type GenerationBrief, type GenerationMaterial, generationBrief } from './generation_brief.ts';
import type { Generation, Spending, Written } from './message_generation.ts';
import type { GeneratedMessage, GeneratedMessages } from './message_rules.ts';
import type { PlatformLimits } from './platform_limits.ts';
import { populationText as populationInWords, type ReadPopulation } from './population.ts';
import type { Language } from './regional_voice.ts';
import { type LengthMeasure, textLength } from './text_length.ts';

export type ShownMessage = {
  readonly number: number;
  readonly headline: string | null;
  readonly text: string;
  readonly tone: string;
  readonly hashtags: readonly string[];
  readonly images: readonly { readonly contentId: string; readonly url: string; readonly description: string }[];
  readonly reason: string;
  readonly length: number;
  readonly mostLength: number;
};

export type ShownPopulation = {
  readonly population: string;
  readonly notUnderstood: readonly string[];
  readonly result: Written['result'] | 'waiting' | 'brief';
  readonly why: string | null;
  readonly attempts: number;
  readonly messages: readonly ShownMessage[];
  readonly brief: Omit<GenerationBrief, 'segment' | 'channel'> | null;
};

/** A plan that awaits the user's consent. */
export type ShownPlan = {
  readonly populationsToWrite: number;
  readonly model: string;
  readonly mostTokens: number;
  /** Null: nobody knows. */
  readonly mostCostUsd: string | null;
  readonly confirmationToken: string;
  readonly expiresAt: string;
};

export type GenerationAnswer = {
  readonly status: 'written' | 'partly_written' | 'not_written' | 'needs_confirmation' | 'brief';
  readonly model: string | null;
  readonly channel: string;
  readonly language: Language;
  readonly populations: readonly ShownPopulation[];
  readonly lengthUnit: string;
  readonly spent: Spending;
  readonly saved: Spending;
  readonly quota: readonly Pick<QuotaState, 'feature' | 'used' | 'limit' | 'resetDate'>[];
  readonly plan: ShownPlan | null;
};

/** What an image is shown by. */
type NamedImage = { readonly contentId: string; readonly url: string; readonly description: string };

/** The populations of a call: as they were understood, and what a writer needs to know. */
export type AskedPopulations = {
  readonly segments: readonly (ReadPopulation & { readonly material: GenerationMaterial })[];
  /** By content id. */
  readonly images: ReadonlyMap<string, NamedImage>;
  readonly limits: PlatformLimits;
  readonly language: Language;
  /** What searching for images took. */
  readonly searched: ModelUsage;
};
type Segment = AskedPopulations['segments'][number];

/** No model is there to write: everything a writer needs instead. */
export function briefAnswer(asked: AskedPopulations): GenerationAnswer {
  const populations = asked.segments.map((segment): ShownPopulation => {
    const { segment: _segment, channel: _channel, ...brief } = generationBrief(segment.material);
    return { ...unwritten(segment, 'brief'), brief };
  });
  return { ...blank(asked), status: 'brief', populations };
}

/** It would cost much, or nobody knows how much: what the user has to agree to. */
export function planAnswer(asked: AskedPopulations, plan: ShownPlan): GenerationAnswer {
  const populations = asked.segments.map((segment) => unwritten(segment, 'waiting'));
  return { ...blank(asked), status: 'needs_confirmation', model: plan.model, populations, plan };
}

/** What a call under the same key was answered with. */
export function earlierAnswer(asked: AskedPopulations, earlier: KeptGeneration, quota: readonly QuotaState[]): GenerationAnswer {
  const populations = asked.segments.map((segment, index): ShownPopulation => {
    const found = earlier.populations[index];
    return { ...unwritten(segment, 'kept'), messages: found === undefined ? [] : shownMessages(messagesOfLog(found), asked) };
  });
  return {
    ...blank(asked),
    status: statusOf(populations),
    model: earlier.model,
    populations,
    saved: costOf(earlier),
    quota: quota.map(shownQuota),
  };
}

/** What came of a generation. */
export function writtenAnswer(
  asked: AskedPopulations,
  model: string,
  { written, spent, saved }: Generation,
  quota: readonly QuotaState[],
): GenerationAnswer {
  const populations = asked.segments.map((segment, index): ShownPopulation => {
    const one = written[index];
    return {
      ...unwritten(segment, one?.result ?? 'failed'),
      attempts: one?.attempts ?? 0,
      why: one?.failure === undefined ? null : [one.failure.message, one.failure.remedy].filter(Boolean).join(' '),
      messages: one?.messages === undefined ? [] : shownMessages(inOrder(one.messages), asked),
    };
  });
  return {
    ...blank(asked),
    status: statusOf(populations),
    model,
    populations,
    spent: costOf(addUsage(asked.searched, spent)),
    saved,
    quota: quota.map(shownQuota),
  };
}

/** Messages by their numbers. */
function inOrder({ messages }: GeneratedMessages): readonly GeneratedMessage[] {
  return [...messages].sort((one, other) => one.number - other.number);
}

function blank({ limits, language, searched }: AskedPopulations): Omit<GenerationAnswer, 'status' | 'populations'> {
  return {
    model: null,
    channel: limits.channelId,
    language,
    lengthUnit: UNITS[limits.text.measure],
    spent: costOf(searched),
    saved: costOf(NO_MODEL_USAGE),
    quota: [],
    plan: null,
  };
}

function unwritten({ population, unread, material }: Segment, result: ShownPopulation['result']): ShownPopulation {
  return {
    population: populationInWords(population, material.language),
    notUnderstood: unread,
    result,
    why: null,
    attempts: 0,
    messages: [],
    brief: null,
  };
}

function costOf({ tokens, costUsd, costKnown }: Spending): Spending {
  return { tokens, costUsd, costKnown };
}

function shownQuota({ feature, used, limit, resetDate }: QuotaState): GenerationAnswer['quota'][number] {
  return { feature, used, limit, resetDate };
}

/** Messages as an answer shows them, with the images they name and their length as the channel counts it. */
function shownMessages(
  messages: readonly Omit<GeneratedMessage, 'number'>[],
  {
    images,
    limits: {
      text: { most, measure },
    },
  }: Pick<AskedPopulations, 'images' | 'limits'>,
): readonly ShownMessage[] {
  return messages.map(({ headline, text, tone, hashtags, imageIds, reason }, index) => ({
    number: index + 1,
    headline: headline.trim() === '' ? null : headline,
    text,
    tone,
    hashtags,
    images: imageIds.flatMap((id) => {
      const image = images.get(id);
      return image === undefined ? [] : [{ contentId: image.contentId, url: image.url, description: image.description }];
    }),
    reason,
    length: textLength(text, measure),
    mostLength: most,
  }));
}

/** What the log of a generation holds by population: what is new, with `all` what was kept from before too. */
export function logOf(
  segments: AskedPopulations['segments'],
  { written }: Pick<Generation, 'written'>,
  all: boolean,
): readonly PopulationMessages[] {
  return segments.flatMap(({ population }, index) => {
    const { messages, result } = written[index] ?? { messages: undefined, result: 'failed' };
    if (messages === undefined || (result === 'kept' && !all)) return [];
    return [
      {
        population,
        messages: inOrder(messages).map(({ headline, text, tone, hashtags, imageIds, reason }) => ({
          ...{ text, tone, hashtags, images: imageIds, reason },
          ...(headline.trim() === '' ? {} : { headline }),
        })),
      },
    ];
  });
}

/** Messages of a log in the form in which a model writes them. */
function messagesOfLog({ messages }: PopulationMessages): readonly Omit<GeneratedMessage, 'number'>[] {
  return messages.map(({ headline = '', text, tone, hashtags, images, reason }) => ({
    headline,
    text,
    tone,
    hashtags: [...hashtags],
    imageIds: [...images],
    reason,
  }));
}

/** What all populations together came to. */
function statusOf(populations: readonly ShownPopulation[]): 'written' | 'partly_written' | 'not_written' {
  const done = populations.filter(({ messages }) => messages.length > 0).length;
  return done === populations.length ? 'written' : done === 0 ? 'not_written' : 'partly_written';
}

const UNITS: Readonly<Record<LengthMeasure, string>> = {
  characters: 'characters',
  double_width: 'characters, wide ones counted twice',
  x_weighted: 'characters as X counts them',
  utf8_bytes: 'bytes',
  sms_segments: 'SMS',
};

export function generationText(answer: GenerationAnswer): string {
  const { status, model, channel, language, populations, lengthUnit, spent, saved, quota, plan } = answer;
  const where = `${channel === 'any' ? 'for any channel' : `for ${channel}`}, in ${language === 'es' ? 'Spanish' : 'English'}`;
  return [
    ...(status === 'brief' ? [] : [`${SAID[status]} ${where}${model === null ? '' : `, by ${model}`}.`]),
    ...(plan === null ? [] : [planText(plan)]),
    ...populations.flatMap((population, index) => populationText(population, index, lengthUnit, language)),
    ...(status === 'brief' || status === 'needs_confirmation'
      ? []
      : [
          `Spent: ${formatCount(spent.tokens)} tokens, ${costText(spent)}; saved by what was kept: ${formatCount(saved.tokens)} tokens, ${costText(saved)}.`,
        ]),
    ...quota.map(
      ({ feature, used, limit, resetDate }) =>
        `Plan, ${feature}: ${formatCount(used)} of ${limit === null ? 'no limit' : formatCount(limit)} used, counted anew on ${resetDate}.`,
    ),
  ].join('\n');
}

const SAID: Readonly<Record<Exclude<GenerationAnswer['status'], 'brief'>, string>> = {
  written: 'Written',
  partly_written: 'Written in part',
  not_written: 'Nothing was written',
  needs_confirmation: 'Nothing was written yet: this needs the user’s consent. To be written',
};

function planText({ populationsToWrite, mostTokens, mostCostUsd, confirmationToken, expiresAt }: ShownPlan): string {
  const cost = mostCostUsd === null ? 'an unknown amount: the model has no price in the settings' : `at most ${dollars(mostCostUsd)}`;
  return `Plan: ${populationsToWrite} populations, at most ${formatCount(mostTokens)} tokens, ${cost}. Until ${expiresAt}, confirm with confirmationToken ${confirmationToken}`;
}

function populationText(shown: ShownPopulation, index: number, lengthUnit: string, language: Language): readonly string[] {
  const { population, notUnderstood, result, why, attempts, messages, brief } = shown;
  const outcome: Readonly<Record<ShownPopulation['result'], string>> = {
    written: attempts === 1 ? 'written' : `written in ${attempts} attempts`,
    kept: 'written before',
    failed: `not written${attempts === 0 ? '' : ` in ${attempts} attempts`}: ${why ?? ''}`,
    waiting: 'to be written',
    brief: 'to be written by you',
  };
  return [
    `Population ${index + 1}: ${population} (${outcome[result]})`,
    ...(notUnderstood.length === 0 ? [] : [`Not understood in its description: ${notUnderstood.join(', ')}`]),
    ...(brief === null ? [] : [briefText({ ...brief, segment: population, channel: '' }, language)]),
    ...(messages.length === 0
      ? []
      : [
          table<ShownMessage>(
            [
              { header: '#', cell: ({ number }) => String(number) },
              ...(messages.some(({ headline }) => headline !== null)
                ? [{ header: 'Headline', cell: ({ headline }: ShownMessage) => headline ?? '' }]
                : []),
              { header: 'Text', cell: ({ text }) => text },
              { header: 'Hashtags', cell: ({ hashtags }) => hashtags.join(' ') },
              { header: 'Tone', cell: ({ tone }) => tone },
              { header: 'Images', cell: ({ images }) => images.map(({ contentId, url }) => `${contentId} ${url}`).join(', ') },
              { header: `Length (${lengthUnit})`, cell: ({ length, mostLength }) => `${length} of ${mostLength}` },
              { header: 'Why', cell: ({ reason }) => reason },
            ],
            messages,
          ),
        ]),
  ];
}

function costText({ costUsd, costKnown }: Spending): string {
  return costKnown ? dollars(costUsd) : `${dollars(costUsd)} and an unknown amount (the model has no price in the settings)`;
}

const dollars = (usd: string): string => formatUsd(usd, 6);
