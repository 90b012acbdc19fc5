import { BinaryCopyWriter } from '../../shared/db/binary_copy.ts';

/** A collection's documents as rows of id and document. */
export function* documentRows<T extends object>(documents: readonly T[], idOf: (document: T) => string): Generator<Uint8Array> {
  const rows = new BinaryCopyWriter();
  for (const document of documents) {
    rows.row(2).text(idOf(document)).jsonb(JSON.stringify(document));
    if (rows.full) yield rows.take();
  }
  yield rows.end();
}
