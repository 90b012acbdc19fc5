/** The little pieces that TDS messages are made of ([MS-TDS] 2.2.5): integers are little-endian, texts UTF-16LE behind their length in characters. */

export const u8 = (value: number): Buffer => Buffer.of(value & 0xff);

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

/** Eight bytes of a signed or an unsigned integer. */
export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
}

/** B_VARCHAR: a text of at most 255 characters. */
export const shortText = (text: string): Buffer => Buffer.concat([u8(text.length), Buffer.from(text, 'utf16le')]);

/** US_VARCHAR: a text of at most 65,535 characters. */
export const longText = (text: string): Buffer => Buffer.concat([u16(text.length), Buffer.from(text, 'utf16le')]);

/** B_VARBYTE. */
export const shortBytes = (bytes: Uint8Array): Buffer => Buffer.concat([u8(bytes.length), bytes]);

/** Reads a message from its start to its end. Throws RangeError where the message ends too early. */
export class TdsReader {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.at >= this.#bytes.length;
  }

  take(count: number): Buffer {
    if (this.at + count > this.#bytes.length) throw new RangeError('the message ends in the middle of a value');
    const part = this.#bytes.subarray(this.at, this.at + count);
    this.at += count;
    return part;
  }

  rest(): Buffer {
    return this.take(this.#bytes.length - this.at);
  }

  peek(): number {
    return this.#bytes.readUInt8(this.at);
  }

  u8(): number {
    return this.take(1).readUInt8();
  }

  u16(): number {
    return this.take(2).readUInt16LE();
  }

  u32(): number {
    return this.take(4).readUInt32LE();
  }

  u64(): bigint {
    return this.take(8).readBigUInt64LE();
  }

  shortText(): string {
    return this.take(this.u8() * 2).toString('utf16le');
  }

  longText(): string {
    return this.take(this.u16() * 2).toString('utf16le');
  }
}
