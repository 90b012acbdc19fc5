/** A binary COPY stream without rows: signature 11, flags 4, header extension 4, trailer 2 bytes. */
const EMPTY_COPY_BYTES = 21;

/** Looks whether a binary COPY stream has any row, without losing what was read to find out. */
export async function peekCopy(
  content: AsyncIterable<Uint8Array>,
): Promise<{ readonly isEmpty: boolean; readonly chunks: AsyncIterable<Uint8Array> }> {
  const iterator = content[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let bytes = 0;
  let ended = false;
  while (bytes <= EMPTY_COPY_BYTES && !ended) {
    const next = await iterator.next();
    if (next.done === true) {
      ended = true;
    } else {
      seen.push(next.value);
      bytes += next.value.length;
    }
  }
  return {
    isEmpty: ended && bytes <= EMPTY_COPY_BYTES,
    chunks: (async function* () {
      yield* seen;
      if (!ended) {
        yield* { [Symbol.asyncIterator]: () => iterator };
      }
    })(),
  };
}
