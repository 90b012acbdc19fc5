import type { Deadline } from '../domain/deadline.ts';
import { orAborted } from '../domain/or_aborted.ts';
import { ToolError } from '../domain/tool_error.ts';
import type { DocumentSource, SourceDocument } from './change_source.ts';
import { ImageDocument } from './content_documents.ts';
import type { ContentReader } from './content_reader.ts';
import type { ImageChanges } from './content_store.ts';
import { toImage } from './content_values.ts';

/** The images written since a position, from any source of documents. Errors: ToolError 'timeout' and 'unavailable'. */
export async function readImageChanges(
  source: DocumentSource,
  reader: ContentReader,
  since: string | null,
  deadline: Deadline,
): Promise<ImageChanges> {
  const { signal } = deadline;
  try {
    return await orAborted(readAll(source, reader, since, signal), signal);
  } catch (error) {
    if (signal.aborted) throw new ToolError('timeout', 'Reading the images took longer than it may take.', { cause: error });
    throw error instanceof ToolError ? error : unavailable(error);
  }
}

/** Goes on, when nobody waits any more, until the source answers: what was opened there has to be closed. */
async function readAll(source: DocumentSource, reader: ContentReader, since: string | null, signal: AbortSignal): Promise<ImageChanges> {
  const set = await source.readChanges({ table: 'content.imagenes', columns: [], key: ['id'] }, since);
  try {
    const found: SourceDocument[] = [];
    for await (const document of set.content) {
      if (signal.aborted) break;
      found.push(document);
    }
    return {
      mode: set.mode,
      images: reader.readable('imagenes', ImageDocument, found).map(({ value }) => toImage(value)),
      deletedIds: set.deletedKeys.map((key) => String(key.id)),
      position: set.position,
    };
  } finally {
    await set.close();
  }
}

function unavailable(cause: unknown): ToolError {
  return new ToolError('unavailable', 'PromptContent cannot be reached just now.', {
    remedy: 'Try again in a few seconds; `promptsales status` shows which part is down.',
    retryAfterSeconds: 5,
    cause,
  });
}
