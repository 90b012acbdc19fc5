import { Buffer } from 'node:buffer';

/** The fields of one row in the types' binary formats, null for NULL. They lie in memory that is not used for anything else. */
export type CopiedRow = readonly (Buffer | null)[];

/** Signature 11 bytes, flags 4, length of the header's extension 4. */
const HEADER_BYTES = 19;
const NONE = Buffer.alloc(0);

/**
 * The rows of a binary COPY stream as {@link BinaryCopyWriter} describes it, as many at a time as a chunk completes. Throws when the stream
 * ends before its trailer.
 */
export async function* binaryCopyRows(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly CopiedRow[]> {
  let rest: Buffer = NONE;
  let at: number | undefined;
  let ended = false;
  for await (const chunk of chunks) {
    const fresh = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const bytes = rest.length === 0 ? fresh : Buffer.concat([rest, fresh]);
    at ??= bytes.length < HEADER_BYTES ? undefined : HEADER_BYTES + bytes.readInt32BE(HEADER_BYTES - 4);
    const rows: CopiedRow[] = [];
    while (at !== undefined && !ended && at + 2 <= bytes.length) {
      const count = bytes.readInt16BE(at);
      if (count === -1) {
        ended = true; // what is left is read to its end all the same: its connection is free then
        break;
      }
      const row = rowAt(bytes, at + 2, count);
      if (row === undefined) break;
      rows.push(row.fields);
      at = row.end;
    }
    rest = at === undefined ? bytes : bytes.subarray(Math.min(at, bytes.length));
    at = at === undefined ? undefined : Math.max(0, at - bytes.length);
    if (rows.length > 0) yield rows;
  }
  if (!ended) throw new Error('a COPY stream ended before its end');
}

/** Undefined when the row is not whole yet. */
function rowAt(bytes: Buffer, start: number, count: number): { readonly fields: CopiedRow; readonly end: number } | undefined {
  const fields: (Buffer | null)[] = [];
  let at = start;
  for (let column = 0; column < count; column++) {
    if (at + 4 > bytes.length) return undefined;
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length === -1) {
      fields.push(null);
      continue;
    }
    if (at + length > bytes.length) return undefined;
    fields.push(bytes.subarray(at, at + length));
    at += length;
  }
  return { fields, end: at };
}
