import { z } from 'zod';
import { BinaryCopyWriter } from '../shared/db/binary_copy.ts';
import type { RejectedRow, SourceDocument } from '../shared/sources/change_source.ts';
import { tooLarge } from '../shared/sources/content_documents.ts';
import type { DocumentStream, StreamRow } from './stream.ts';

/** What became of the documents that were read: known once the chunks have been consumed. */
export type DocumentOutcome = { readonly loadedIds: string[]; readonly refused: RejectedRow[] };

/**
 * Turns documents into one binary COPY stream of their rows. A document that the stream's mapping refuses is noted in
 * `outcome` with the reason, and the rest goes on.
 */
export async function* documentRows(
  stream: DocumentStream,
  documents: AsyncIterable<SourceDocument>,
  outcome: DocumentOutcome,
): AsyncGenerator<Uint8Array> {
  const writer = new BinaryCopyWriter();
  for await (const { id, document } of documents) {
    const mapped = mapDocument(stream, id, document);
    if ('refused' in mapped) {
      outcome.refused.push({ key: id, reason: mapped.refused, data: document });
      continue;
    }
    outcome.loadedIds.push(id);
    for (const row of mapped.rows) {
      writeRow(writer, stream, row);
    }
    if (writer.full) {
      yield writer.take();
    }
  }
  yield writer.end();
}

function mapDocument(stream: DocumentStream, id: string, document: unknown): { rows: readonly StreamRow[] } | { refused: string } {
  try {
    const text = JSON.stringify(document) as string | undefined;
    const size = tooLarge(text);
    if (size !== undefined) return { refused: size };
    // PostgreSQL's text cannot hold the character NUL, and one such field would end the COPY for all.
    if (text?.includes('\\u0000')) return { refused: 'a text holds the character NUL' };
    return { rows: stream.map(id, document) };
  } catch (error) {
    return { refused: refusal(error) };
  }
}

function refusal(error: unknown): string {
  if (error instanceof z.ZodError) {
    return error.issues.map((issue) => `${issue.path.join('.') || 'document'}: ${issue.message}`).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}

function writeRow(writer: BinaryCopyWriter, stream: DocumentStream, row: StreamRow): void {
  writer.row(stream.columns.length);
  for (const { name, type } of stream.columns) {
    writeField(writer, type, row[name]);
  }
}

function writeField(writer: BinaryCopyWriter, type: string, value: unknown): void {
  if (value === null) {
    writer.null();
  } else if (type === 'jsonb') {
    writer.jsonb(JSON.stringify(value));
  } else if (type === 'text' && typeof value === 'string') {
    writer.text(value);
  } else if (type === 'text[]' && Array.isArray(value)) {
    writer.textArray(value);
  } else if (type === 'boolean' && typeof value === 'boolean') {
    writer.bool(value);
  } else if (type === 'bigint' && typeof value === 'number') {
    writer.int8(value);
  } else if (type.startsWith('numeric') && typeof value === 'string') {
    writer.numeric(value);
  } else if (type === 'date' && typeof value === 'string') {
    writer.date(Date.parse(value) / 86_400_000);
  } else if (type === 'timestamp with time zone' && value instanceof Date) {
    writer.timestamptz(value.getTime());
  } else {
    throw new TypeError(`no way to write ${typeof value} into a column of type ${type}`);
  }
}
