import { generationCache } from '../../../shared/ai/generation_cache.ts';
import { type ModelUsage, NO_MODEL_USAGE } from '../../../shared/ai/model_usage.ts';
import { openAiModels } from '../../../shared/ai/openai_models.ts';
import { fillPrompt, loadPrompt, type PromptFile, type PromptLanguage } from '../../../shared/ai/prompt_file.ts';
import { UnusableAnswer } from '../../../shared/ai/text_model.ts';
import { circuitBreaker } from '../../../shared/cache/circuit_breaker.ts';
import type { RedisConnection } from '../../../shared/cache/redis_connection.ts';
import type { Settings } from '../../../shared/config/settings.ts';
import { canonicalHash } from '../../../shared/domain/canonical_json.ts';
import { jsonText } from '../../../shared/domain/json_text.ts';
import { decimal } from '../../../shared/domain/money.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import { outsideLimit } from '../../../shared/gateway/outside_limit.ts';
import type { ContentStore } from '../../../shared/sources/content_store.ts';
import { type GenerationMaterial, messagePromptParts } from '../service/generation_brief.ts';
import type { GenerationPorts, Writing } from '../service/message_generation.ts';
import { GeneratedMessages } from '../service/message_rules.ts';
import { populationHash } from '../service/population.ts';
import { type RequestedBy, recordModelRequest } from './request_records.ts';

/** A writing that can be asked for, and what its records name. */
export type PreparedWriting = Writing & { readonly material: GenerationMaterial; readonly promptVersion: string };

/** Has a text model write messages, and keeps what it wrote: in ai:generation, and in ai:campaign_messages for whoever reads those. */
export type MessageWriter = {
  readonly model: string;
  /** Asks nothing yet. */
  readonly prepare: (material: GenerationMaterial, by: RequestedBy) => Promise<PreparedWriting>;
} & Pick<GenerationPorts<PreparedWriting>, 'kept' | 'keep'>;

const PROMPT = { name: 'campaign_messages', version: 1 } as const;
/** Three messages with their reasons are below 1,500 tokens; models that think first take more. */
const MOST_TOKENS = 4_000;

const Kept = jsonText(GeneratedMessages);

/** The writer of the settings; undefined when they name no text model. Connects to nothing yet. */
export function openMessageWriter(
  settings: Settings,
  redis: RedisConnection | undefined,
  content: () => Promise<ContentStore>,
): MessageWriter | undefined {
  const outside = { redis, breaker: circuitBreaker({ redis }), limit: outsideLimit(redis, () => new Date()) };
  const { textModel } = openAiModels(outside, settings.ai);
  if (textModel === undefined) return undefined;
  const { model } = textModel;
  const cache = generationCache(redis);
  const files = new Map<PromptLanguage, PromptFile>();
  const fileOf = async (language: PromptLanguage): Promise<PromptFile> => {
    const file = files.get(language) ?? (await loadPrompt(PROMPT.name, PROMPT.version, language));
    files.set(language, file);
    return file;
  };

  return {
    model,
    async prepare(material, by) {
      const file = await fileOf(material.language);
      const fill = (complaint: string) => fillPrompt(file, messagePromptParts(material, complaint));
      // What was written last time for this client differs after each generation, and the question is the same.
      const asked = fillPrompt(file, messagePromptParts({ ...material, similar: [] }, '')).key;
      const rules = {
        limits: material.limits,
        language: material.language,
        voice: material.voice,
        banned: material.banned,
        imageIds: material.images.map(({ imageId }) => imageId),
      };
      return {
        key: canonicalHash({ ...asked, schema: PROMPT.name }),
        material,
        rules,
        promptVersion: file.identity,
        estimate: textModel.estimate(fill(''), MOST_TOKENS),
        async ask(complaint, deadline) {
          const prompt = fill(complaint);
          const begun = performance.now();
          /** Recorded, and told with how long it took. */
          const recorded = async (result: string, usage: ModelUsage) => {
            const durationMs = Math.round(performance.now() - begun);
            await recordModelRequest(content, by, {
              result,
              usage,
              durationMs,
              request: {
                operation: 'chat.completions',
                model,
                promptVersion: file.identity,
                promptHash: canonicalHash(prompt.key),
                items: 1,
              },
            });
            return { usage, durationMs };
          };
          try {
            const { value, usage } = await textModel.generate(
              { prompt, schemaName: PROMPT.name, schema: GeneratedMessages, maxTokens: MOST_TOKENS },
              deadline,
            );
            return { ...(await recorded('ok', usage)), messages: value };
          } catch (error) {
            if (error instanceof UnusableAnswer) {
              return { ...(await recorded(error.reason, error.usage)), failure: error, complaint: error.complaint };
            }
            if (error instanceof ToolError) {
              return { ...(await recorded(error.errorClass, NO_MODEL_USAGE)), failure: error, complaint: undefined };
            }
            // The caller went; the model may have written, and nobody heard what it took.
            await recorded('cancelled', { ...NO_MODEL_USAGE, costKnown: false });
            throw error;
          }
        },
      };
    },
    async kept({ key }) {
      const found = await cache.readGeneration({ model, prompt: key });
      const messages = Kept.safeParse(found?.content);
      if (found === undefined || !messages.success) return undefined;
      return { messages: messages.data, tokens: found.tokensUsed, costUsd: decimal(found.costUsd).toFixed(), costKnown: found.costKnown };
    },
    async keep({ key, material }, messages, { usage, durationMs }) {
      const generatedAt = new Date();
      const { campaign, population, limits, language, tone } = material;
      await Promise.all([
        cache.writeGeneration(
          { model, prompt: key },
          {
            content: JSON.stringify(messages),
            tokensUsed: usage.tokens,
            costUsd: Number(usage.costUsd),
            costKnown: usage.costKnown,
            generatedAt,
          },
        ),
        cache.writeMessages(
          {
            campaignId: campaign.campaignId,
            segment: { population: populationHash(population), channel: limits.channelId, language, tone },
          },
          messages.messages.map(({ number, text, tone: said }) => ({ number, text, tone: said })),
          { tokensTotal: usage.tokens, costTotalUsd: Number(usage.costUsd), durationMs, segments: 1, generatedAt },
        ),
      ]);
    },
  };
}
