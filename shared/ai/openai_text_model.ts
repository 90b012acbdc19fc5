import { z } from 'zod';
import type { AiSettings } from '../config/settings.ts';
import { ToolError } from '../domain/tool_error.ts';
import { callOutside, type Outside } from '../gateway/outside_service.ts';
import { concurrencyLimit } from './concurrency_limit.ts';
import { estimateTokens, priceOf, type TokenCount, usageOf } from './model_prices.ts';
import { BROKEN_OFF, creditUsedUp, OPENAI_SERVICE, type OpenAiConnection } from './openai_connection.ts';
import { strictSchema } from './strict_schema.ts';
import { type ModelPrompt, type TextModel, UnusableAnswer, type UnusableReason } from './text_model.ts';

/** What a chat completion says, as far as it is read. Wide on purpose: an answer without use is still one that was paid for. */
const Completion = z.object({
  choices: z.array(
    z.object({
      finish_reason: z.string().nullish(),
      message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }).nullish(),
    }),
  ),
  usage: z.object({ prompt_tokens: z.int().nonnegative(), completion_tokens: z.int().nonnegative() }).nullish().catch(undefined),
});
type Completion = z.infer<typeof Completion>;

/** Codes with which services say in a 400 that their filter, or the length of the prompt, is the reason. */
const REFUSED_BECAUSE: Readonly<Record<string, UnusableReason>> = {
  content_filter: 'filtered',
  content_policy_violation: 'filtered',
  context_length_exceeded: 'too_long',
};

const Refusal = z.object({ code: z.string() });

/** Of a complaint the model needs the beginning. */
const LONGEST_COMPLAINT = 1_000;
const USUAL_MOST_TOKENS = 2_000;

/**
 * A model asked through chat completions with a strict JSON schema, which OpenAI, Azure, vLLM, Ollama and llama.cpp all take (the newer
 * responses API is not everywhere). Answers come whole, not streamed: only so do all of them say the tokens they counted.
 */
export function openAiTextModel(connection: OpenAiConnection, outside: Outside, settings: AiSettings, model: string): TextModel {
  const price = priceOf(model, settings.prices, connection.isOpenAi);
  const limit = concurrencyLimit('the model', settings.concurrency);
  // OpenAI's newer models refuse the older name; other services know only that one.
  const mostTokens = connection.isOpenAi ? 'max_completion_tokens' : 'max_tokens';

  return {
    model,
    estimate(prompt, maxTokens = USUAL_MOST_TOKENS) {
      const { tokens, costUsd, costKnown } = usageOf({ inputTokens: promptTokens(prompt), outputTokens: maxTokens }, price);
      return { tokens, costUsd, costKnown };
    },
    async generate({ prompt, schemaName, schema, maxTokens }, deadline) {
      const body = {
        model,
        messages: [
          { role: 'system', content: prompt.system },
          { role: 'user', content: prompt.user },
        ],
        response_format: { type: 'json_schema', json_schema: { name: schemaName, strict: true, schema: strictSchema(schema) } },
        [mostTokens]: maxTokens,
      };
      return limit.run(async () => {
        const begun = performance.now();
        const estimated = { inputTokens: promptTokens(prompt), outputTokens: 0 };
        const unusable = (reason: UnusableReason, tokens: Counted, more: { complaint?: string; cause?: unknown } = {}) =>
          new UnusableAnswer(reason, {
            ...more,
            usage: usageOf(tokens, price, tokens.counted),
            durationMs: Math.round(performance.now() - begun),
          });
        let brokeOff = false;
        let completion: Completion;
        try {
          const answer = await callOutside(
            { ...outside, retries: { attempts: 3, firstPauseMs: 500, ...outside.retries, attemptMs: settings.timeoutMs } },
            {
              service: OPENAI_SERVICE,
              method: 'chat.completions',
              arguments: null,
              response: Completion,
              // It is paid for each time, and another answer is what a second question is asked for.
              repeatable: false,
              send: async (signal) => {
                const reply = await connection.post('/chat/completions', body, signal);
                brokeOff = reply.response === BROKEN_OFF;
                return reply;
              },
            },
            deadline,
          );
          completion = answer.response;
        } catch (error) {
          if (brokeOff) throw unusable('broken_off', { ...estimated, counted: false }, { cause: error });
          const reason = error instanceof ToolError ? refusedBecause(error.cause) : undefined;
          // Refused before anything was written: nothing is billed.
          if (reason !== undefined) throw unusable(reason, { inputTokens: 0, outputTokens: 0, counted: true }, { cause: error });
          throw creditUsedUp(error) ?? error;
        }
        const tokens = tokensOf(completion, estimated);
        const read = readCompletion(completion, schema);
        if ('reason' in read) throw unusable(read.reason, tokens, read);
        return {
          value: read.value,
          usage: usageOf(tokens, price, tokens.counted),
          durationMs: Math.round(performance.now() - begun),
        };
      }, deadline);
    },
  };
}

/** Tokens, and whether the service counted them. */
type Counted = TokenCount & { readonly counted: boolean };

function tokensOf({ usage, choices }: Completion, estimated: TokenCount): Counted {
  if (usage) return { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens, counted: true };
  const written = choices.map(({ message }) => message?.content ?? message?.refusal ?? '').join('');
  return { inputTokens: estimated.inputTokens, outputTokens: estimateTokens(written), counted: false };
}

/** Some tokens go into the roles and the schema's name; a hundred cover them. */
function promptTokens({ system, user }: ModelPrompt): number {
  return estimateTokens(system) + estimateTokens(user) + 100;
}

function readCompletion<T>(
  { choices: [choice] }: Completion,
  schema: z.ZodType<T>,
): { readonly value: T } | { readonly reason: UnusableReason; readonly complaint?: string; readonly cause?: unknown } {
  if (choice?.message?.refusal) return { reason: 'refused' };
  if (choice?.finish_reason === 'content_filter') return { reason: 'filtered' };
  if (choice?.finish_reason === 'length') return { reason: 'truncated', complaint: 'The answer was cut off: be shorter.' };
  const text = choice?.message?.content?.trim();
  if (!text) return { reason: 'empty', complaint: 'The answer was empty.' };
  let json: unknown;
  try {
    json = JSON.parse(withoutCodeFence(text));
  } catch {
    return { reason: 'invalid_json', complaint: 'The answer was not JSON: answer with one JSON object and nothing else.' };
  }
  const read = schema.safeParse(json);
  if (read.success) return { value: read.data };
  return { reason: 'wrong_shape', complaint: z.prettifyError(read.error).slice(0, LONGEST_COMPLAINT), cause: read.error };
}

/** Services that do not enforce a schema often answer as they would in a chat. */
function withoutCodeFence(text: string): string {
  return /^```(?:json)?\s*\n([\s\S]*)\n```$/.exec(text)?.[1] ?? text;
}

function refusedBecause(said: unknown): UnusableReason | undefined {
  const read = Refusal.safeParse(said);
  return read.success && Object.hasOwn(REFUSED_BECAUSE, read.data.code) ? REFUSED_BECAUSE[read.data.code] : undefined;
}
