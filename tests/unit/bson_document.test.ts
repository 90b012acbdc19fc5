import fc from 'fast-check';
import { BSON } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { idOf, plainDocument, storedDocument } from '../../shared/sources/bson_document.ts';

const decimal = (text: string): unknown => plainDocument({ amount: BSON.Decimal128.fromString(text) }).amount;

describe('a document as it is stored', () => {
  it('has its id and its times as dates, and nothing else is touched', () => {
    const stored = storedDocument('IMG-1', { contentId: 'IMG-1', createdAt: '2026-01-01T08:00:00.123Z', dia: '2026-01-01', nota: null });
    expect(stored).toEqual({
      _id: 'IMG-1',
      contentId: 'IMG-1',
      createdAt: new Date('2026-01-01T08:00:00.123Z'),
      dia: '2026-01-01',
      nota: null,
    });
  });

  it('is the same JSON again when it is read', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue()),
        fc.date({ noInvalidDate: true, min: new Date(0) }),
        (json, at) => {
          const document = { ...json, updatedAt: at.toISOString() };
          const overTheWire = BSON.deserialize(BSON.serialize(storedDocument('X', document)));
          expect(JSON.parse(JSON.stringify(plainDocument(overTheWire)))).toEqual(JSON.parse(JSON.stringify(document)));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a value of a type that JSON has not', () => {
  it.each([
    ['1.5E-7', '0.00000015'],
    ['-1.5E-7', '-0.00000015'],
    ['12E+3', '12000'],
    ['0E-12', '0.000000000000'],
    ['1.23456E+2', '123.456'],
    ['0.00123456789', '0.00123456789'],
    ['99999999.999999999999', '99999999.999999999999'],
  ])('%s of Decimal128 is the decimal text %s', (given, text) => {
    expect(decimal(given)).toBe(text);
  });

  it('is a number where that is exact, else text', () => {
    expect(plainDocument({ a: BSON.Long.fromString('42'), b: 9_007_199_254_740_993n, c: new BSON.Int32(7) })).toEqual({
      a: 42,
      b: '9007199254740993',
      c: 7,
    });
  });

  it('that is a date beyond all dates is a text that no schema takes, and ends no read', () => {
    expect(plainDocument({ updatedAt: new Date(Number.NaN) })).toEqual({ updatedAt: 'Invalid Date' });
  });

  it('names a document by one text, whatever its id is', () => {
    expect(['IMG-1', 7, new BSON.ObjectId('65f0c0ffee65f0c0ffee0001')].map(idOf)).toEqual(['IMG-1', '7', '65f0c0ffee65f0c0ffee0001']);
  });
});
