import type { AiSettings } from '../config/settings.ts';
import type { Outside } from '../gateway/outside_service.ts';
import { openAiConnection } from './openai_connection.ts';
import { openAiTextModel } from './openai_text_model.ts';
import { type SemanticEmbedder, semanticEmbedder } from './semantic_embedder.ts';
import type { TextModel } from './text_model.ts';

/** The models this process may ask. Absent is what the settings do not name: the program then works without, and says so. */
export type OpenAiModels = { readonly embedder: SemanticEmbedder | undefined; readonly textModel: TextModel | undefined };

/**
 * The models of the settings: none without a key, unless OPENAI_BASE_URL names a service of one's own, which may need none; no text model
 * unless PROMPTSALES_TEXT_MODEL names it. Nothing is loaded or connected yet.
 */
export function openAiModels(outside: Outside, settings: AiSettings): OpenAiModels {
  if (settings.apiKey === undefined && settings.baseUrl === undefined) return { embedder: undefined, textModel: undefined };
  const connection = openAiConnection(settings);
  const { textModel } = settings;
  return {
    embedder: semanticEmbedder(connection, outside, settings),
    textModel: textModel === undefined ? undefined : openAiTextModel(connection, outside, settings, textModel),
  };
}
