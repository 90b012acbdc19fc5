import { describe, expect, it } from 'vitest';
import { BinaryCopyWriter } from '../../shared/db/binary_copy.ts';
import { binaryCopyRows, type CopiedRow } from '../../shared/db/binary_copy_rows.ts';

const ROWS = 50;

function written(rows = ROWS): Buffer {
  const writer = new BinaryCopyWriter();
  for (let i = 0; i < rows; i++)
    writer
      .row(3)
      .int8(i)
      .text('ñandú '.repeat(i % 7))
      .null();
  return Buffer.concat([writer.end()]);
}

async function* inPieces(bytes: Buffer, size: number, onEnd: () => void = () => {}): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  onEnd();
}

async function read(chunks: AsyncIterable<Uint8Array>): Promise<readonly CopiedRow[]> {
  const all: CopiedRow[] = [];
  for await (const rows of binaryCopyRows(chunks)) all.push(...rows);
  return all;
}

describe('the rows of a binary COPY stream', () => {
  it.each([1, 2, 3, 7, 19, 64, 1_000_000])('are the same in pieces of %d bytes', async (size) => {
    const rows = await read(inPieces(written(), size));
    expect(rows.map(([id, text, none]) => [Number(id?.readBigInt64BE()), text?.toString(), none])).toEqual(
      Array.from({ length: ROWS }, (_, i) => [i, 'ñandú '.repeat(i % 7), null]),
    );
  });

  it('can be none', async () => {
    expect(await read(inPieces(written(0), 5))).toEqual([]);
  });

  it('are read to the very end, so that their connection is free again', async () => {
    let ended = false;
    await read(
      inPieces(Buffer.concat([written(), Buffer.from('what a server may still send')]), 16, () => {
        ended = true;
      }),
    );
    expect(ended).toBe(true);
  });

  it('are an error when the stream breaks off', async () => {
    await expect(read(inPieces(written().subarray(0, -2), 100))).rejects.toThrow('before its end');
    await expect(read(inPieces(Buffer.alloc(0), 100))).rejects.toThrow('before its end');
  });
});
