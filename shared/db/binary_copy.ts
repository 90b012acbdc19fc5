import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import type { Client, ClientBase, PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** The signature every binary COPY stream begins with. */
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
/** Milliseconds and days from the Unix epoch to PostgreSQL's, 2000-01-01 UTC. */
const EPOCH_MS = 946_684_800_000;
const TEXT_OID = 25;
const TWO_32 = 4_294_967_296;
const NUMERIC_NEGATIVE = 0x4000;
const NUMERIC_SPECIAL: Readonly<Record<string, number>> = { NaN: 0xc000, Infinity: 0xd000, '-Infinity': 0xf000 };
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?$/;
const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
const POWERS_OF_TEN = [1, 10, 100, 1000] as const;

/**
 * Writes rows in PostgreSQL's binary COPY format and hands them out in chunks of about `chunkBytes`.
 *
 * A stream is a header, then for each row the number of columns and for each column its length and its bytes in the
 * type's send/receive format, then a trailer (PostgreSQL manual, SQL command COPY, "Binary Format"; the types' formats
 * are those of their `*recv` functions). Every method writes one column, in the order of the COPY statement's columns, after
 * {@link row}. Typed methods instead of a row object: no allocation a row, 3 to 4 times the speed of text COPY
 * through objects.
 *
 * ```ts
 * const rows = new BinaryCopyWriter();
 * for (const city of cities) {
 *   rows.row(2).int4(city.id).text(city.name);
 *   if (rows.full) yield rows.take();
 * }
 * yield rows.end();
 * ```
 */
export class BinaryCopyWriter {
  readonly #chunkBytes: number;
  #bytes: Buffer;
  #view: DataView;
  #at = 0;
  #ended = false;

  /** `chunkBytes`: 64 to 256 kB suits the socket; a longer row makes a longer chunk. */
  constructor(chunkBytes = 131_072) {
    this.#chunkBytes = chunkBytes;
    this.#bytes = Buffer.allocUnsafeSlow(chunkBytes + 8192);
    this.#view = new DataView(this.#bytes.buffer);
    SIGNATURE.copy(this.#bytes);
    this.#at = SIGNATURE.length;
    this.#int32(0); // flags
    this.#int32(0); // header extension
  }

  /** Whether a chunk is ready to {@link take}. Ask between rows. */
  get full(): boolean {
    return this.#at >= this.#chunkBytes;
  }

  /** What has been written since the last chunk. The bytes belong to the caller. */
  take(): Buffer {
    const chunk = this.#bytes.subarray(0, this.#at);
    this.#bytes = Buffer.allocUnsafeSlow(this.#chunkBytes + 8192);
    this.#view = new DataView(this.#bytes.buffer);
    this.#at = 0;
    return chunk;
  }

  /** The last chunk, with the trailer. Nothing can be written after it. */
  end(): Buffer {
    if (this.#ended) throw new Error('this COPY stream has already ended');
    this.#ended = true;
    this.#room(2);
    this.#view.setInt16(this.#at, -1);
    const chunk = this.#bytes.subarray(0, this.#at + 2);
    this.#at = 0;
    return chunk;
  }

  /** Begins a row of `columns` columns. */
  row(columns: number): this {
    if (this.#ended) throw new Error('this COPY stream has already ended');
    this.#room(2);
    this.#view.setInt16(this.#at, columns);
    this.#at += 2;
    return this;
  }

  null(): this {
    this.#room(4);
    this.#int32(-1);
    return this;
  }

  bool(value: boolean): this {
    this.#room(5);
    this.#int32(1);
    this.#bytes[this.#at++] = value ? 1 : 0;
    return this;
  }

  /** smallint. RangeError outside its range. */
  int2(value: number): this {
    if ((value << 16) >> 16 !== value) throw new RangeError(`${value} is not a smallint`);
    this.#room(6);
    this.#int32(2);
    this.#view.setInt16(this.#at, value);
    this.#at += 2;
    return this;
  }

  /** integer. RangeError outside its range. */
  int4(value: number): this {
    if ((value | 0) !== value) throw new RangeError(`${value} is not an integer of 32 bits`);
    this.#room(8);
    this.#int32(4);
    this.#int32(value);
    return this;
  }

  /** bigint. A number must be a safe integer; RangeError otherwise. */
  int8(value: number | bigint): this {
    this.#room(12);
    this.#int32(8);
    if (typeof value === 'bigint') {
      if (BigInt.asIntN(64, value) !== value) throw new RangeError(`${value} is not an integer of 64 bits`);
      this.#view.setBigInt64(this.#at, value);
      this.#at += 8;
    } else {
      if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a safe integer; pass a bigint`);
      this.#int64(value);
    }
    return this;
  }

  /** double precision. */
  float8(value: number): this {
    this.#room(12);
    this.#int32(8);
    this.#view.setFloat64(this.#at, value);
    this.#at += 8;
    return this;
  }

  /** text, varchar, or any type whose binary form is its text. */
  text(value: string): this {
    this.#string(value, 0);
    return this;
  }

  /** A text column already encoded by {@link encodeText}: for values that come back in many rows. */
  encoded(field: Uint8Array): this {
    const length = field.length;
    this.#room(length);
    // A short copy is faster byte by byte than through the call that TypedArray.set makes.
    if (length <= 32) {
      const bytes = this.#bytes;
      let at = this.#at;
      for (let i = 0; i < length; i++) bytes[at++] = field[i] as number;
      this.#at = at;
    } else {
      this.#bytes.set(field, this.#at);
      this.#at += length;
    }
    return this;
  }

  /** text[], one dimension; null elements are allowed. */
  textArray(values: readonly (string | null)[]): this {
    this.#room(32);
    const lengthAt = this.#at;
    this.#at += 4;
    this.#int32(values.length === 0 ? 0 : 1); // dimensions
    this.#int32(values.includes(null) ? 1 : 0);
    this.#int32(TEXT_OID);
    if (values.length > 0) {
      this.#int32(values.length);
      this.#int32(1); // lower bound
      for (const value of values) {
        if (value === null) this.null();
        else this.#string(value, 0);
      }
    }
    this.#view.setInt32(lengthAt, this.#at - lengthAt - 4);
    return this;
  }

  /** bytea. */
  bytes(value: Uint8Array): this {
    this.#room(4 + value.length);
    this.#int32(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  /** date, given as days since 1970-01-01. */
  date(epochDay: number): this {
    return this.int4(epochDay - EPOCH_MS / 86_400_000);
  }

  /** timestamptz, given as milliseconds since 1970-01-01 UTC, rounded to the microsecond. */
  timestamptz(epochMs: number): this {
    this.#room(12);
    this.#int32(8);
    const microseconds = Math.round((epochMs - EPOCH_MS) * 1000);
    if (!Number.isSafeInteger(microseconds)) throw new RangeError(`${epochMs} is not a time`);
    this.#int64(microseconds);
    return this;
  }

  /** timestamptz, given exactly, as microseconds since 1970-01-01 UTC. */
  timestamptzMicroseconds(epochMicroseconds: bigint): this {
    return this.int8(epochMicroseconds - BigInt(EPOCH_MS) * 1000n);
  }

  /** jsonb, given as JSON text. */
  jsonb(json: string): this {
    this.#string(json, 1);
    return this;
  }

  /** uuid, with or without hyphens. RangeError when it is none. */
  uuid(value: string): this {
    if (!UUID.test(value)) throw new RangeError(`'${value}' is not a uuid`);
    this.#room(20);
    this.#int32(16);
    this.#at += this.#bytes.write(value.replaceAll('-', ''), this.#at, 'hex');
    return this;
  }

  /**
   * numeric, given as an integer of units of 10^-scale: `decimal(12345, 2)` is 123.45. Exact; `scaled` must be a
   * safe integer (and below 9·10^12 in magnitude where scale is not a multiple of 4). RangeError otherwise.
   */
  decimal(scaled: number, scale: number): this {
    const fractionDigits = (scale + 3) >> 2; // groups of four decimal digits after the point
    const aligned = Math.abs(scaled) * (POWERS_OF_TEN[fractionDigits * 4 - scale] ?? Number.NaN);
    if (!Number.isSafeInteger(aligned)) throw new RangeError(`${scaled} at scale ${scale} is not exact; pass a string to numeric()`);
    let rest = aligned;
    let weight = -fractionDigits; // of the lowest digit still to come
    while (rest !== 0 && rest % 10_000 === 0) {
      rest /= 10_000;
      weight++;
    }
    this.#room(24);
    const headAt = this.#at;
    let digits = 0;
    for (let probe = rest; probe >= 1; probe = Math.floor(probe / 10_000)) digits++;
    let at = headAt + 12 + 2 * digits;
    this.#at = at;
    for (let i = 0; i < digits; i++) {
      const higher = Math.floor(rest / 10_000);
      at -= 2;
      this.#view.setInt16(at, rest - higher * 10_000);
      rest = higher;
    }
    this.#numericHead(headAt, digits, digits === 0 ? 0 : weight + digits - 1, scaled < 0 ? NUMERIC_NEGATIVE : 0, scale);
    return this;
  }

  /** numeric, given as text ('-12.50', 'NaN'), any size; its scale is the digits after the point. RangeError when it is no number. */
  numeric(text: string): this {
    const special = NUMERIC_SPECIAL[text];
    if (special !== undefined) {
      this.#room(12);
      this.#at += 12;
      this.#numericHead(this.#at - 12, 0, 0, special, 0);
      return this;
    }
    const [, sign, whole = '', fraction = ''] = DECIMAL.exec(text) ?? [];
    if (whole.length + fraction.length === 0) throw new RangeError(`'${text}' is not a decimal number`);
    const wholeGroups = Math.ceil(whole.length / 4);
    const aligned = whole.padStart(wholeGroups * 4, '0') + fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0');
    let first = 0;
    while (first < aligned.length && aligned.startsWith('0000', first)) first += 4;
    let end = aligned.length;
    while (end > first && aligned.startsWith('0000', end - 4)) end -= 4;
    const digits = (end - first) / 4;
    const headAt = this.#at;
    this.#room(12 + 2 * digits);
    this.#at += 12;
    for (let i = first; i < end; i += 4) {
      this.#view.setInt16(this.#at, Number(aligned.slice(i, i + 4)));
      this.#at += 2;
    }
    const weight = digits === 0 ? 0 : wholeGroups - 1 - first / 4;
    this.#numericHead(headAt, digits, weight, sign === '-' && digits > 0 ? NUMERIC_NEGATIVE : 0, fraction.length);
    return this;
  }

  #numericHead(at: number, digits: number, weight: number, sign: number, scale: number): void {
    this.#view.setInt32(at, 8 + 2 * digits);
    this.#view.setInt16(at + 4, digits);
    this.#view.setInt16(at + 6, weight);
    this.#view.setUint16(at + 8, sign);
    this.#view.setInt16(at + 10, scale);
  }

  /** A length, `version` as a first byte when it is not 0 (jsonb), and the text in UTF-8. */
  #string(value: string, version: number): void {
    const extra = version === 0 ? 0 : 1;
    this.#room(4 + extra + 3 * value.length);
    const bytes = this.#bytes;
    const start = this.#at + 4 + extra;
    let at = start;
    let length = value.length;
    if (length <= 40) {
      // Calling into the runtime's encoder costs more than encoding a short string here.
      for (let i = 0; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code < 0x80) bytes[at++] = code;
        else if (code < 0x800) {
          bytes[at++] = 0xc0 | (code >> 6);
          bytes[at++] = 0x80 | (code & 0x3f);
        } else {
          length = -1; // rare: left to the encoder below
        }
      }
    }
    if (length < 0 || value.length > 40) at = start + bytes.write(value, start, 'utf8');
    this.#view.setInt32(this.#at, at - start + extra);
    if (extra === 1) bytes[this.#at + 4] = version;
    this.#at = at;
  }

  #int32(value: number): void {
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  #int64(value: number): void {
    const high = Math.floor(value / TWO_32);
    this.#view.setInt32(this.#at, high);
    this.#view.setUint32(this.#at + 4, value - high * TWO_32);
    this.#at += 8;
  }

  /** Makes sure that `count` more bytes fit. */
  #room(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#at + count + 8192));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** A text column (length and UTF-8 bytes) to be written again and again with {@link BinaryCopyWriter.encoded}. */
export function encodeText(value: string): Uint8Array {
  const size = Buffer.byteLength(value);
  const field = Buffer.allocUnsafeSlow(4 + size);
  field.writeInt32BE(size, 0);
  field.write(value, 4);
  return field;
}

/**
 * Runs `COPY … FROM STDIN` with the given chunks and returns the number of rows the server took. Waits for the server when it is
 * slower than the chunks. Errors: the server's (DatabaseError), the connection's, or whatever the chunks throw; in the last case the
 * server is told and the COPY, with the transaction around it, is undone.
 */
export async function copyInto(
  client: Client | PoolClient | ClientBase,
  copyStatement: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<number> {
  const stream = client.query(copyFrom(copyStatement, { highWaterMark: 524_288 }));
  // Kept besides the waits below: an error between two waits must not go unheard.
  let failure: Error | undefined;
  const failed = new Promise<never>((_, reject) => {
    stream.on('error', (error: Error) => {
      failure = error;
      reject(error);
    });
  });
  failed.catch(() => undefined);
  try {
    for await (const chunk of chunks) {
      if (failure !== undefined) throw failure;
      if (!stream.write(chunk)) await Promise.race([once(stream, 'drain'), failed]);
    }
  } catch (error) {
    if (failure === undefined) {
      // The server answers a cancelled COPY with an error; only then is the connection free again.
      const closed = once(stream, 'close').catch(() => undefined);
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
      await closed;
    }
    throw error;
  }
  const finished = new Promise<void>((resolve) => stream.once('finish', resolve));
  stream.end();
  await Promise.race([finished, failed]);
  return stream.rowCount;
}
