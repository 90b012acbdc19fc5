import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyRows } from '../../database/generator/copy_rows.ts';
import { BinaryCopyWriter } from '../../shared/db/binary_copy.ts';

/** What BinaryCopyWriter writes for PostgreSQL is read back for SQL Server. */
describe('rows of a binary COPY stream', () => {
  it('are what was written, value by value', () => {
    const writer = new BinaryCopyWriter();
    writer.row(11).bool(true).int4(-5).int8(9_007_199_254_740_993n).float8(9.9312).text('Ñandú 😀').textArray(['CR', 'MX']);
    writer.jsonb('{"a":1}').date(20_000).timestamptz(1_700_000_000_123).decimal(-123_456, 2).null();
    expect([
      ...copyRows(
        [writer.end()],
        ['bool', 'int4', 'int8', 'float8', 'text', 'textArray', 'jsonb', 'date', 'timestamptz', 'numeric', 'text'],
      ),
    ]).toEqual([
      [
        true,
        -5,
        '9007199254740993',
        9.9312,
        'Ñandú 😀',
        '["CR","MX"]',
        '{"a":1}',
        new Date(20_000 * 86_400_000),
        new Date(1_700_000_000_123),
        '-1234.56',
        null,
      ],
    ]);
  });

  it('keep every decimal to the digit', () => {
    fc.assert(
      fc.property(fc.integer({ min: -9e11, max: 9e11 }), fc.integer({ min: 0, max: 6 }), (units, scale) => {
        const digits = String(Math.abs(units)).padStart(scale + 1, '0');
        const text = `${units < 0 ? '-' : ''}${scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`}`;
        const writer = new BinaryCopyWriter();
        writer.row(2).decimal(units, scale).numeric(text);
        expect([...copyRows([writer.end()], ['numeric', 'numeric'])]).toEqual([[text, text]]);
      }),
    );
  });

  it('go on over chunks, and have to end', () => {
    const writer = new BinaryCopyWriter(64);
    const chunks: Uint8Array[] = [];
    for (let i = 0; i < 50; i++) {
      writer.row(1).int4(i);
      if (writer.full) chunks.push(writer.take());
    }
    expect(chunks.length).toBeGreaterThan(3);
    expect(() => [...copyRows(chunks, ['int4'])]).toThrow('without its end');
    expect([...copyRows([...chunks, writer.end()], ['int4'])].map(([value]) => value)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it('of another shape are refused', () => {
    const row = () => new BinaryCopyWriter().row(1).int4(1).end();
    expect(() => [...copyRows([row()], ['int4', 'int4'])]).toThrow('a row of 1 columns where 2 belong');
    expect(() => [...copyRows([row()], ['int8'])]).toThrow('a value of 4 bytes where 8 belong');
  });
});
