import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { refusedPlan } from '../../../shared/access/plan_token.ts';
import { NO_MODEL_USAGE } from '../../../shared/ai/model_usage.ts';
import { canonicalHash } from '../../../shared/domain/canonical_json.ts';
import { type Deadline, deadlineIn } from '../../../shared/domain/deadline.ts';
import { decimal } from '../../../shared/domain/money.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { Answer, CallContext, Handler } from '../../../shared/mcp/contract.ts';
import type { ContentStore, KeptGeneration, QuotaState } from '../../../shared/sources/content_store.ts';
import type { MessageWriter, PreparedWriting } from '../repo/message_writer.ts';
import type { ContentGeneratorRepos } from '../repo/repos.ts';
import { recordModelRequest } from '../repo/request_records.ts';
import {
  briefAnswer,
  earlierAnswer,
  type GenerationAnswer,
  generationText,
  logOf,
  planAnswer,
  writtenAnswer,
} from '../service/generation_answer.ts';
import {
  type Generation,
  generateMessages,
  keptByTheRules,
  mostSpending,
  needsConfirmation,
  type Spending,
} from '../service/message_generation.ts';
import { withoutImagesBecause } from '../service/plan_refusal.ts';
import { generateCampaignMessages } from '../tools/generate_campaign_messages.ts';
import { type GenerationQuestion, readQuestion } from './generation_question.ts';

const TOOL = generateCampaignMessages.name;
/** Kept of a call's time for what must be written down after the model has answered, in milliseconds. */
const FAREWELL_MS = 5_000;

/** A call that a model can be asked for. */
type Call = {
  readonly question: GenerationQuestion;
  readonly context: CallContext<ContentGeneratorRepos>;
  readonly writer: MessageWriter;
  readonly store: ContentStore;
  readonly deadline: Deadline;
};

export const handleGenerateCampaignMessages: Handler<typeof generateCampaignMessages, ContentGeneratorRepos> = async (asked, context) => {
  const { repos, caller } = context;
  const deadline = deadlineIn(Math.max(0, context.deadline.remainingMs() - FAREWELL_MS), context.deadline.signal);
  const question = await readQuestion(asked, context, deadline);
  const writer = await repos.writer();
  if (writer === undefined) {
    question.warnings.push('No text model is configured (PROMPTSALES_TEXT_MODEL): nothing was generated and nothing counted on the plan.');
    return answer(question, briefAnswer(question));
  }
  const call: Call = { question, context, writer, store: await repos.content(), deadline };

  const plan = confirmedPlan(call);
  // A plan is carried out once: its id is as good a key as the caller's own.
  const key = question.idempotencyKey ?? plan?.planId;
  const logId = key === undefined ? undefined : `GEN-${canonicalHash({ caller: caller.client, key })}`;
  const earlier = await earlierGeneration(call, logId);
  if (earlier !== undefined) return answerAgain(call, earlier);

  const { writings, missing, withImages } = await prepareWritings(call);
  const spending = mostSpending(missing);
  if (needsConfirmation(spending, repos.costConfirmUsd) && !isCovered(spending, plan)) return askForConsent(call, missing.length, spending);

  return repos.turns.take(
    question.campaign.campaignId,
    async (signal): Promise<Answer> => {
      // Whoever had the turn before may have done this very thing.
      const done = await earlierGeneration(call, logId);
      if (done !== undefined) return answerAgain(call, done);
      const remaining = { ...deadline, signal: AbortSignal.any([signal, deadline.signal]) };
      const begun = performance.now();
      const generation = await generate({ ...call, deadline: remaining }, writings, withImages);
      await record(call, logId, writings, generation, performance.now() - begun);
      throwIfForNothing(generation);
      return answer(question, writtenAnswer(question, writer.model, generation, await quotas(call)));
    },
    deadline,
  );
};

/** The log of an earlier call under the same key. Throws ToolError 'invalid_input' when that was another question. */
async function earlierGeneration({ store, question, deadline }: Call, logId: string | undefined): Promise<KeptGeneration | undefined> {
  const found = logId === undefined ? undefined : await store.generation(logId, deadline);
  if (found !== undefined && found.requestHash !== question.requestHash) {
    throw new ToolError('invalid_input', 'This idempotencyKey was used for another question before.', {
      remedy: 'Give a new key for a new question, or repeat the earlier one as it was.',
    });
  }
  return found;
}

/** The writings, and those that are not kept yet, with images where they are wanted and the client's plan lets them be chosen. */
async function prepareWritings({ question, context, writer, store, deadline }: Call) {
  const { segments, by, campaign, warnings, withImages } = question;
  const prepare = async (images: boolean) => {
    const writings = await Promise.all(segments.map(({ material }) => writer.prepare(images ? material : { ...material, images: [] }, by)));
    const kept = await Promise.all(writings.map((writing) => (context.fresh ? undefined : keptByTheRules(writing, writer))));
    return { writings, missing: writings.filter((_, index) => kept[index] === undefined), withImages: images };
  };
  const offered = segments.some(({ material }) => material.images.length > 0);
  if (withImages && !offered) warnings.push('Neither the campaign nor its client has an approved image: the messages come without.');
  const prepared = await prepare(withImages && offered);
  if (!prepared.withImages || prepared.missing.length === 0) return prepared;
  const left = await store.quotas(campaign.clientId, context.clock.today(), deadline);
  const because = withoutImagesBecause(left, prepared.missing.length);
  if (because === undefined) return prepared;
  warnings.push(because);
  return prepare(false);
}

/** What a plan binds its consent to. The nonce tells two plans for the same apart: each is carried out once. */
const Plan = z.object({ request: z.string(), model: z.string(), mostCostUsd: z.string().nullable(), nonce: z.string() });
type ConfirmedPlan = z.output<typeof Plan> & { readonly planId: string };

function confirmedPlan({ question, writer, context: { repos, caller, clock } }: Call): ConfirmedPlan | undefined {
  const { confirmationToken, requestHash } = question;
  if (confirmationToken === undefined) return undefined;
  const { plan, planId } = repos.plans.confirmed(confirmationToken, { caller: caller.client, tool: TOOL }, clock.now());
  const read = Plan.safeParse(plan);
  if (!read.success || read.data.request !== requestHash || read.data.model !== writer.model) throw refusedPlan('changed plan', TOOL);
  return { ...read.data, planId };
}

/** Whether the user agreed to as much as it may cost now. */
function isCovered({ costUsd, costKnown }: Spending, plan: ConfirmedPlan | undefined): boolean {
  if (plan === undefined) return false;
  return plan.mostCostUsd === null || (costKnown && decimal(costUsd).lessThanOrEqualTo(plan.mostCostUsd));
}

function askForConsent({ question, writer, context }: Call, populationsToWrite: number, spending: Spending): Answer {
  const { repos, caller, clock } = context;
  const mostCostUsd = spending.costKnown ? spending.costUsd : null;
  const plan: z.input<typeof Plan> = { request: question.requestHash, model: writer.model, mostCostUsd, nonce: randomUUID() };
  const { token, expiresAt } = repos.plans.sign(plan, { caller: caller.client, tool: TOOL }, clock.now());
  const shown = planAnswer(question, {
    populationsToWrite,
    model: writer.model,
    mostTokens: spending.tokens,
    mostCostUsd,
    confirmationToken: token,
    expiresAt: expiresAt.toISOString(),
  });
  return answer(question, shown);
}

async function generate(call: Call, writings: readonly PreparedWriting[], withImages: boolean): Promise<Generation> {
  const { question, context, writer, store, deadline } = call;
  const { clientId } = question.campaign;
  const reservation = randomUUID();
  context.progress(`Asking ${writer.model} for ${writings.length} populations.`);
  return generateMessages(
    writings,
    { withImages, fresh: context.fresh },
    {
      kept: writer.kept,
      keep: writer.keep,
      reserve: (feature, amount) =>
        store.reserve({ reservationId: `${reservation}-${feature}`, clientId, feature, amount, today: context.clock.today() }, deadline),
      settle: async (reserved, kept) => {
        try {
          await store.settle(reserved, kept, deadlineIn(FAREWELL_MS));
        } catch {
          question.warnings.push(`Uses of ${reserved.feature} that were not needed could not be given back.`);
        }
      },
    },
    deadline,
  );
}

/** Writes down what was written and what kept messages spared. A key is used up only when nothing is missing: else the rest can be asked for. */
async function record(
  { question, context, writer, store }: Call,
  logId: string | undefined,
  writings: readonly PreparedWriting[],
  generation: Generation,
  durationMs: number,
): Promise<void> {
  const { campaign, segments, by, requestHash } = question;
  const [first] = writings;
  if (first === undefined) return;
  const kept = generation.written.filter(({ result }) => result === 'kept').length;
  if (kept > 0) await recordSaving({ question, store }, { ...first, model: writer.model, items: kept, saved: generation.saved });
  // Without a key only what is new; under a key all that the call is answered with.
  const populations = logOf(segments, generation, logId !== undefined);
  if (populations.length === 0) return;
  const { campaign: known, language, limits } = first.material;
  try {
    await store.recordGeneration(
      {
        logId: logId !== undefined && populations.length === segments.length ? logId : `GEN-${randomUUID()}`,
        campaignId: campaign.campaignId,
        clientId: campaign.clientId,
        campaignDescription: known.description,
        targetAudience: known.targetAudience,
        populations,
        model: writer.model,
        promptVersion: first.promptVersion,
        promptHash: canonicalHash(writings.map(({ key }) => key)),
        language,
        channel: limits.channelId,
        requestHash,
        tokens: generation.spent.tokens,
        costUsd: generation.spent.costUsd,
        costKnown: generation.spent.costKnown,
        durationMs: Math.round(durationMs),
        tool: TOOL,
        caller: context.caller.client,
        at: context.clock.now(),
        day: context.clock.today(),
      },
      deadlineIn(FAREWELL_MS),
    );
  } catch {
    by.onUnrecorded();
  }
}

/** Nothing came and nothing was paid: that is a failed call. */
function throwIfForNothing({ written, spent }: Generation): void {
  const [failure] = written.flatMap(({ failure }) => failure ?? []);
  if (failure !== undefined && spent.tokens === 0 && written.every(({ result }) => result === 'failed')) throw failure;
}

async function answerAgain(call: Call, earlier: KeptGeneration): Promise<Answer> {
  const { model, promptVersion, populations } = earlier;
  await recordSaving(call, { model, promptVersion, items: populations.length, saved: earlier });
  return answer(call.question, earlierAnswer(call.question, earlier, await quotas(call)));
}

/** Records a question that nothing had to be sent for. */
function recordSaving(
  { question, store }: Pick<Call, 'question' | 'store'>,
  {
    model,
    promptVersion,
    items,
    saved,
  }: {
    readonly model: string;
    readonly promptVersion: string;
    readonly items: number;
    readonly saved: Generation['saved'];
  },
): Promise<void> {
  return recordModelRequest(async () => store, question.by, {
    request: { operation: 'chat.completions', model, promptVersion, items },
    result: 'from_cache',
    saved: { tokens: saved.tokens, costUsd: saved.costUsd },
    durationMs: 0,
    usage: { ...NO_MODEL_USAGE, costKnown: saved.costKnown },
  });
}

/** Where the plan stands; nothing of it, with a warning, when it cannot be asked: what was written is worth more. */
async function quotas({ question, store, context }: Call): Promise<readonly QuotaState[]> {
  try {
    return await store.quotas(question.campaign.clientId, context.clock.today(), deadlineIn(FAREWELL_MS));
  } catch {
    question.warnings.push('What is left of the plan could not be read.');
    return [];
  }
}

function answer({ campaign, warnings }: GenerationQuestion, data: GenerationAnswer): Answer {
  const { spent, saved, populations, status } = data;
  if (status === 'partly_written' || status === 'not_written') {
    warnings.push('Some populations have no messages: ask again for those; the others are kept and cost nothing again.');
  }
  const [only, ...others] = populations;
  return {
    data,
    text: generationText(data),
    campaign,
    warnings,
    usage: { tokens: spent.tokens, costUsd: spent.costUsd, segment: others.length === 0 ? only?.population : undefined },
    saved: { tokens: saved.tokens, costUsd: saved.costUsd },
    next: populations.some(({ messages }) => messages.length > 0)
      ? [
          {
            tool: 'save_campaign_content',
            arguments: { campaignName: campaign.campaignId },
            why: 'keep the messages that the user chose, given as its argument messages',
          },
        ]
      : [],
  };
}
