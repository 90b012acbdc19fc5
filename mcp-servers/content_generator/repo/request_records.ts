import { randomUUID } from 'node:crypto';
import type { ModelUsage } from '../../../shared/ai/model_usage.ts';
import type { Day } from '../../../shared/domain/calendar_day.ts';
import { deadlineIn } from '../../../shared/domain/deadline.ts';
import type { ContentStore, OutsideRequest } from '../../../shared/sources/content_store.ts';
import type { FoundImages } from './image_search.ts';

/** On whose behalf a model is asked. */
export type RequestedBy = {
  readonly tool: string;
  readonly caller: string;
  readonly today: Day;
  readonly now: () => Date;
  readonly clientId?: string | undefined;
  readonly campaignId?: string | undefined;
  /** Hears of each request that could not be recorded: whoever is answered is told. */
  readonly onUnrecorded: () => void;
};

/** A request to a model as its record needs it. */
export type ModelRequest = Pick<OutsideRequest, 'request' | 'result' | 'saved' | 'durationMs'> & { readonly usage: ModelUsage };

/** The service that records name. */
const SERVICE = 'openai';
/** What was paid for is recorded even when its caller has gone; so long is tried. */
const RECORD_MS = 5_000;

/** What whoever is answered is told of a request that could not be recorded. */
export const UNRECORDED = 'What this took could not be recorded in PromptContent: get_generation_usage will not show it.';

/** Records what placing the description of a search took, where a model was asked. */
export async function recordSearch(
  content: () => Promise<ContentStore>,
  by: RequestedBy,
  { model, usage, durationMs }: Pick<FoundImages, 'model' | 'usage' | 'durationMs'>,
): Promise<void> {
  if (usage.tokens === 0) return;
  await recordModelRequest(content, by, { request: { operation: 'embeddings', model, items: 1 }, result: 'ok', durationMs, usage });
}

/** Records a request in bitacora_solicitudes. Never rejects: what came of the request is worth more than its record. */
export async function recordModelRequest(
  content: () => Promise<ContentStore>,
  { tool, caller, today, now, clientId, campaignId, onUnrecorded }: RequestedBy,
  { request, result, saved, durationMs, usage }: ModelRequest,
): Promise<void> {
  try {
    const store = await content();
    await store.recordRequest(
      {
        requestId: `REQ-${randomUUID()}`,
        service: SERVICE,
        request,
        response: {},
        result,
        saved,
        clientId,
        campaignId,
        tokens: usage.tokens,
        costUsd: usage.costUsd,
        costKnown: usage.costKnown,
        durationMs,
        tool,
        caller,
        at: now(),
        day: today,
      },
      deadlineIn(RECORD_MS),
    );
  } catch {
    onUnrecorded();
  }
}
