import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type InnerProducts, innerProducts, plainInnerProducts } from '../../shared/ai/inner_products.ts';
import { simdInnerProducts } from '../../shared/ai/simd_inner_products.ts';

afterEach(() => vi.unstubAllGlobals());

/** Puts the rows in and gives the score of each with the question, four at a time as asked. */
function scoresOf(products: InnerProducts, rows: readonly Float32Array[], question: Float32Array): number[] {
  products.makeRoom(rows.length);
  for (const [row, vector] of rows.entries()) products.values().set(vector, row * question.length);
  products.ask(question);
  const scores = new Float64Array(4);
  return rows.map((_, row) => {
    // In another place of the four each time.
    const four = new Uint32Array(4);
    four[row % 4] = row;
    products.scoreFour(four, scores);
    return scores[row % 4] ?? Number.NaN;
  });
}

function unit(numbers: readonly number[]): Float32Array {
  const length = Math.hypot(...numbers);
  return Float32Array.from(numbers, (number) => (length === 0 ? 0 : number / length));
}

const simd = (size: number): InnerProducts => {
  const products = simdInnerProducts(size);
  if (products === undefined) throw new Error('this Node.js has no WebAssembly vector instructions');
  return products;
};

describe.each([
  ['by vector instructions', simd],
  ['without vector instructions', plainInnerProducts],
])('inner products %s', (_, open) => {
  it('are those of the definition, for every size that is a multiple of eight', () => {
    const vectors = fc.integer({ min: 1, max: 24 }).chain((eights) => {
      const vector = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 8 * eights, maxLength: 8 * eights }).map(unit);
      return fc.tuple(fc.array(vector, { minLength: 1, maxLength: 9 }), vector);
    });
    fc.assert(
      fc.property(vectors, ([rows, question]) => {
        for (const [row, score] of scoresOf(open(question.length), rows, question).entries()) {
          const exact = question.reduce((sum, value, index) => sum + value * (rows[row]?.[index] ?? Number.NaN), 0);
          expect(Math.abs(score - exact)).toBeLessThan(1e-6);
        }
      }),
    );
  });

  it('keep what is there when room is made, thousands of rows on', () => {
    const size = 1536;
    const products = open(size);
    const row = (number: number) => Float32Array.from({ length: size }, (_unused, index) => Math.sin(number * 7 + index));
    for (let number = 0; number < 3_000; number++) {
      products.makeRoom(number + 1);
      products.values().set(row(number), number * size);
    }
    const scores = new Float64Array(4);
    products.ask(row(1));
    products.scoreFour(Uint32Array.of(0, 1, 1_500, 2_999), scores);
    const expected = [0, 1, 1_500, 2_999].map((number) => row(number).reduce((sum, value, index) => sum + value * (row(1)[index] ?? 0), 0));
    for (const [place, score] of scores.entries()) expect(Math.abs(score - (expected[place] ?? Number.NaN))).toBeLessThan(1e-3);
    expect(products.values().slice(2_999 * size, 3_000 * size)).toEqual(row(2_999));
  });

  it('are the same to the last bit for equal rows, whichever of the four they are, so that ties stay ties', () => {
    const row = unit(Array.from({ length: 1536 }, (_unused, index) => Math.cos(index * index)));
    const question = unit(Array.from({ length: 1536 }, (_unused, index) => Math.sin(index + 3)));
    expect(new Set(scoresOf(open(1536), [row, row, row, row, row, row], question)).size).toBe(1);
  });

  it('says that there is no memory for more than there can be', () => {
    expect(() => open(1536).makeRoom(1e9)).toThrow(RangeError);
  });
});

describe('inner products', () => {
  const question = unit([3, 1, 4, 1, 5, 9, 2, 6]);

  it('are made without vector instructions where the engine has no WebAssembly', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(simdInnerProducts(8)).toBeUndefined();
    expect(scoresOf(innerProducts(8), [question], question)[0]).toBeCloseTo(1, 6);
  });

  it('are made without vector instructions for a size that does not fit them', () => {
    expect(simdInnerProducts(12)).toBeUndefined();
    const other = unit(Array.from({ length: 12 }, (_, index) => index));
    expect(scoresOf(innerProducts(12), [other], other)[0]).toBeCloseTo(1, 6);
  });
});
