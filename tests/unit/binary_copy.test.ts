import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BinaryCopyWriter, encodeText } from '../../shared/db/binary_copy.ts';

const HEADER_BYTES = 19;

/** The one column that `write` wrote, as hexadecimal: its length and its bytes. */
function column(write: (rows: BinaryCopyWriter) => void): string {
  const rows = new BinaryCopyWriter();
  rows.row(1);
  write(rows);
  return rows
    .end()
    .subarray(HEADER_BYTES + 2, -2)
    .toString('hex');
}

/** Reads a numeric column as PostgreSQL's numeric_recv does: base-10,000 digits, weight, sign, display scale. */
function readNumeric(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  const count = bytes.readInt16BE(4);
  expect(bytes.readInt32BE(0)).toBe(8 + 2 * count);
  const weight = bytes.readInt16BE(6);
  const negative = bytes.readUInt16BE(8) === 0x4000;
  const scale = bytes.readInt16BE(10);
  let units = 0n;
  for (let i = 0; i < count; i++) units = units * 10_000n + BigInt(bytes.readInt16BE(12 + 2 * i));
  // The value is units · 10,000^(weight − count + 1); shown with `scale` digits after the point.
  const power = 4 * (weight - count + 1) + scale;
  const scaled = power >= 0 ? units * 10n ** BigInt(power) : units / 10n ** BigInt(-power);
  const digits = scaled.toString().padStart(scale + 1, '0');
  return (negative ? '-' : '') + (scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`);
}

describe('BinaryCopyWriter', () => {
  it('writes byte for byte what PostgreSQL itself writes for every type', () => {
    const rows = new BinaryCopyWriter();
    rows
      .row(13)
      .bool(true)
      .int2(-2)
      .int4(70_000)
      .int8(9_007_199_254_740_993n)
      .float8(1.5)
      .text('año 🎉')
      .textArray(['a', null, 'ñ'])
      .numeric('-12345.67')
      .date(10_956) // 1999-12-31
      .timestamptzMicroseconds(BigInt(Date.parse('2026-11-21T04:36:00Z')) * 1000n + 123_456n)
      .jsonb('{"a": 1}')
      .uuid('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')
      .bytes(Buffer.from([0, 255]));
    rows.row(13).null().null().null().int8(-1).null().text('').textArray([]).decimal(0, 0).null().null().null().null().null();
    // COPY … TO STDOUT (FORMAT binary) of the same two rows by PostgreSQL 18.
    expect(rows.end().toString('hex')).toBe(
      '5047434f50590aff0d0a000000000000000000000d000000010100000002fffe0000000400011170000000080020000000000001000000083ff80000000000000000000961c3b16f20f09f8e89' +
        '0000002300000001000000010000001900000003000000010000000161ffffffff00000002c3b10000000e0003000140000002000109291a2c00000004ffffffff00000008000303c0aa8d4e40' +
        '00000009017b2261223a20317d00000010a0eebc999c0b4ef8bb6d6bb9bd380a110000000200ff000dffffffffffffffffffffffff00000008ffffffffffffffffffffffff000000000000000c' +
        '000000000000000000000019000000080000000000000000ffffffffffffffffffffffffffffffffffffffffffff',
    );
  });

  it('writes a decimal exactly, whether given as scaled integer or as text', () => {
    fc.assert(
      fc.property(fc.integer({ min: -8_999_999_999_999, max: 8_999_999_999_999 }), fc.integer({ min: 0, max: 6 }), (scaled, scale) => {
        const digits = Math.abs(scaled)
          .toString()
          .padStart(scale + 1, '0');
        const text =
          (scaled < 0 ? '-' : '') +
          (scale === 0 ? digits : `${digits.slice(0, digits.length - scale)}.${digits.slice(digits.length - scale)}`);
        const asInteger = column((rows) => rows.decimal(scaled, scale));
        expect(readNumeric(asInteger)).toBe(text);
        expect(column((rows) => rows.numeric(text))).toBe(asInteger);
      }),
    );
  });

  it('keeps decimals of any size given as text', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^-?[1-9]\d{0,40}\.\d{1,20}$/), (text) => {
        expect(readNumeric(column((rows) => rows.numeric(text)))).toBe(text);
      }),
    );
  });

  it('encodes any text as UTF-8, short and long, as encodeText does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 120 }), (text) => {
        const bytes = Buffer.from(text);
        const expected = Buffer.concat([Buffer.from([0, 0, bytes.length >> 8, bytes.length & 255]), bytes]).toString('hex');
        expect(column((rows) => rows.text(text))).toBe(expected);
        expect(column((rows) => rows.encoded(encodeText(text)))).toBe(expected);
      }),
    );
  });

  it('refuses what a type cannot hold instead of wrapping it', () => {
    const rows = new BinaryCopyWriter();
    expect(() => rows.int2(32_768)).toThrow(RangeError);
    expect(() => rows.int4(2_147_483_648)).toThrow(RangeError);
    expect(() => rows.int4(1.5)).toThrow(RangeError);
    expect(() => rows.int8(2 ** 53)).toThrow(RangeError);
    expect(() => rows.int8(2n ** 63n)).toThrow(RangeError);
    expect(() => rows.decimal(2 ** 53, 2)).toThrow(RangeError);
    expect(() => rows.numeric('12,5')).toThrow(RangeError);
    expect(() => rows.numeric('')).toThrow(RangeError);
    expect(() => rows.uuid('a0eebc99')).toThrow(RangeError);
    expect(() => rows.timestamptz(Number.NaN)).toThrow(RangeError);
  });

  it('cuts the stream into chunks at row ends, the same bytes whatever the chunk size', () => {
    const streamOf = (chunkBytes: number) => {
      const rows = new BinaryCopyWriter(chunkBytes);
      const chunks: Buffer[] = [];
      for (let i = 0; i < 2000; i++) {
        rows.row(2).int4(i).text('x'.repeat(i));
        if (rows.full) chunks.push(rows.take());
      }
      chunks.push(rows.end());
      return chunks;
    };
    const small = streamOf(65_536);
    const large = streamOf(262_144);
    expect(small.length).toBeGreaterThan(large.length);
    expect(Buffer.concat(small).equals(Buffer.concat(large))).toBe(true);
  });

  it('takes a row longer than a chunk', () => {
    const rows = new BinaryCopyWriter(65_536);
    const long = 'ñ'.repeat(500_000);
    expect(
      rows
        .row(1)
        .text(long)
        .end()
        .subarray(HEADER_BYTES + 6, -2)
        .toString(),
    ).toBe(long);
  });

  it('writes nothing after its end', () => {
    const rows = new BinaryCopyWriter();
    rows.end();
    expect(() => rows.row(1)).toThrow(/ended/);
    expect(() => rows.end()).toThrow(/ended/);
  });
});
