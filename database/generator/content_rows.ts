import { BinaryCopyWriter } from '../../shared/db/binary_copy.ts';
import type { GeneratedDocument } from './content_collections.ts';

/** A collection's documents as rows of id and document. */
export function* documentRows(documents: readonly GeneratedDocument[]): Generator<Uint8Array> {
  const rows = new BinaryCopyWriter();
  for (const { id, document } of documents) {
    rows.row(2).text(id).jsonb(JSON.stringify(document));
    if (rows.full) yield rows.take();
  }
  yield rows.end();
}
