import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

const MAGIC = Buffer.from('PSVECT01');
const DIGEST_BYTES = 32;
const HEADER_AT = MAGIC.length + 4;

const Header = z.object({
  model: z.string(),
  dimensions: z.int().positive(),
  items: z.array(
    z.object({
      id: z.string(),
      attributes: z.object({
        category: z.string(),
        hashtags: z.array(z.string()),
        campaignIds: z.array(z.string()),
        clientIds: z.array(z.string()),
        format: z.string(),
        approved: z.boolean(),
      }),
    }),
  ),
});

/** What a file of vectors holds: the vectors of the items one after the other in `values`, made by `model`. */
export type VectorFile = z.infer<typeof Header> & { readonly values: Float32Array };

/** A file of vectors that was read: its numbers are written to the beginning of where they are to be, so that they are in memory once. */
export type ReadVectorFile = z.infer<typeof Header> & { readonly writeValues: (values: Float32Array) => void };

/**
 * Replaces the file: written beside it, brought to the disk, and renamed over it, so that a reader sees the old one or the new one. The
 * layout: 'PSVECT01', length of the header (32 bits, little-endian), the header in JSON filled up with spaces to a multiple of four, the
 * numbers (32-bit IEEE, little-endian), SHA-256 of all of it.
 */
export async function writeVectorFile(path: string, { values, ...header }: VectorFile): Promise<void> {
  const json = Buffer.from(JSON.stringify(header));
  const filled = Buffer.concat([json, Buffer.alloc((4 - (json.length % 4)) % 4, ' ')]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(filled.length);
  const numbers = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const parts = [MAGIC, length, filled, numbers];
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      for (const part of [...parts, digest.digest()]) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** What the file holds; undefined when there is none, when it is torn, or when something else wrote it. */
export async function readVectorFile(path: string): Promise<ReadVectorFile | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const end = bytes.length - DIGEST_BYTES;
  if (end < HEADER_AT || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (!createHash('sha256').update(bytes.subarray(0, end)).digest().equals(bytes.subarray(end))) return undefined;
  const numbersAt = HEADER_AT + bytes.readUInt32LE(MAGIC.length);
  const header = headerOf(bytes.subarray(HEADER_AT, numbersAt));
  if (header === undefined || end - numbersAt !== header.items.length * header.dimensions * 4) return undefined;
  const numbers = bytes.subarray(numbersAt, end);
  // Byte by byte, because what was read may begin where a number cannot.
  return { ...header, writeValues: ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength).set(numbers) };
}

function headerOf(json: Buffer): z.infer<typeof Header> | undefined {
  try {
    return Header.parse(JSON.parse(json.toString('utf8')));
  } catch {
    return undefined;
  }
}
