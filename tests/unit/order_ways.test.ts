import { describe, expect, it } from 'vitest';
import { type OrderWays, readOrderWays } from '../../mcp-servers/ads_optimizer/service/order_ways.ts';

const DAY = 86_400_000_000;
/** The question's days: a week from this time on. */
const SINCE = 800_000 * 1_000_000_000;
const UNTIL = SINCE + 7 * DAY;

type Touch = readonly [stop: number, day: number];
type Order = readonly [day: number, cents: number, credited: number];

/** A journey as sales.journeys holds it; days count from the question's first. */
function journey(touches: readonly Touch[], orders: readonly Order[]): Buffer {
  const bytes = Buffer.alloc(8 + 12 * touches.length + 20 * orders.length);
  const time = (day: number) => BigInt(SINCE) + BigInt(Math.round(day * DAY));
  bytes.writeInt32BE(touches.length, 0);
  bytes.writeInt32BE(orders.length, 4);
  for (const [i, [stop, day]] of touches.entries()) {
    bytes.writeInt32BE(stop, 8 + 12 * i);
    bytes.writeBigInt64BE(time(day), 12 + 12 * i);
  }
  for (const [i, [day, cents, credited]] of orders.entries()) {
    const at = 8 + 12 * touches.length + 20 * i;
    bytes.writeBigInt64BE(time(day), at);
    bytes.writeBigInt64BE(BigInt(cents), at + 8);
    bytes.writeInt32BE(credited, at + 16);
  }
  return bytes;
}

/** Stops 1 and 2 are nodes 2 and 3, stop 3 is outside the question. */
const read = (pieces: readonly Buffer[], halfLifeDays: number | null = null): OrderWays =>
  readOrderWays(pieces, { since: SINCE, until: UNTIL, codeOf: Int32Array.of(0, 2, 3, 0), codes: 4, halfLifeDays });
const none = { creditedToNone: 0, creditedToEarlier: 0, creditedElsewhere: 0, cut: 0 };

describe('ways of orders', () => {
  it('groups orders of the same path in the order of codes, over all journeys and pieces', () => {
    const one = journey(
      [
        [1, -3],
        [2, -1],
      ],
      [[0, 500, 2]],
    );
    const other = journey([[3, -4]], [[1, 100, 3]]);
    const third = journey(
      [
        [1, -9],
        [2, -8],
      ],
      [[2, 300, 2]],
    );
    const { paths, decayed, sold } = read([Buffer.concat([one, other]), third]);
    expect(paths).toEqual([
      { codes: [0], orders: 1, cents: 100, squaredCents: 10_000, ...none },
      { codes: [2, 3], orders: 2, cents: 800, squaredCents: 340_000, ...none },
    ]);
    expect(decayed).toEqual([]);
    expect(sold).toEqual({ orders: 3, cents: 900 });
  });

  it('gives each order of a journey the touches of the thirty days before it, ends included, and none after it', () => {
    const { paths, sold } = read([
      journey(
        [
          [1, -29],
          [2, 0.5],
          [1, 3],
          [2, 6.5],
        ],
        [
          [-1, 1, 1],
          [0.5, 10, 2],
          [1, 100, 1],
          [3, 1_000, 1],
          [6, 10_000, 1],
          [7, 1, 2],
        ],
      ),
    ]);
    expect(paths.map(({ codes, cents }) => [codes.join(' '), cents])).toEqual([
      ['2 3', 110],
      ['3 2', 11_000],
    ]);
    // Those of the day before and of the day after the question are not its.
    expect(sold).toEqual({ orders: 4, cents: 11_110 });
  });

  it('counts an order without a touch as sold, and gives it no path', () => {
    expect(read([journey([], [[1, 250, 0]]), journey([[1, -40]], [[1, 50, 0]])])).toEqual({
      sold: { orders: 2, cents: 300 },
      paths: [],
      decayed: [],
    });
  });

  it("tells how PromptCRM's credit differs from the last touch: nobody, an earlier touch, one that is not in the path", () => {
    const credited = (stop: number) =>
      journey(
        [
          [1, -2],
          [2, -1],
        ],
        [[0, 1, stop]],
      );
    expect(read([credited(2)]).paths).toMatchObject([{ orders: 1, ...none }]);
    expect(read([credited(0), credited(1), credited(3), credited(3)]).paths).toMatchObject([
      { orders: 4, creditedToNone: 1, creditedToEarlier: 1, creditedElsewhere: 2 },
    ]);
  });

  it('takes either of two touches at the same moment for the last', () => {
    expect(
      read([
        journey(
          [
            [1, -1],
            [2, -1],
          ],
          [[0, 1, 1]],
        ),
      ]).paths,
    ).toMatchObject([{ orders: 1, ...none }]);
  });

  it('keeps the first and the last nineteen of more than twenty touches, but divides by time over all', () => {
    const touches: readonly Touch[] = [[1, -7], ...new Array<Touch>(30).fill([2, 0])];
    const { paths, decayed } = read([journey(touches, [[0, 1_000, 2]])], 7);
    expect(paths).toMatchObject([{ codes: [2, ...new Array(19).fill(3)], cut: 1 }]);
    // Weights 0.5 and 30 × 1.
    expect(decayed).toEqual([
      { code: 2, orders: 16_393n, cents: 16_393_443n },
      { code: 3, orders: 30n * 32_787n, cents: 30n * 32_786_885n },
    ]);
  });

  it('divides by time only orders with a touch of what is asked', () => {
    expect(read([journey([[3, -1]], [[0, 100, 3]])], 7).decayed).toEqual([]);
    expect(
      read(
        [
          journey(
            [
              [3, -1],
              [1, -1],
            ],
            [[0, 100, 3]],
          ),
        ],
        7,
      ).decayed,
    ).toEqual([
      { code: 0, orders: 500_000n, cents: 50_000_000n },
      { code: 2, orders: 500_000n, cents: 50_000_000n },
    ]);
  });

  it('grows with as many different paths, and as long a journey, as there are', () => {
    const many = Array.from({ length: 3_000 }, (_, i) =>
      journey(
        [...i.toString(2).padStart(12, '0')].map((bit): Touch => [1 + Number(bit), -1]),
        [[0, 1, 1]],
      ),
    );
    const { paths } = read(many);
    expect(paths).toHaveLength(3_000);
    expect(paths.map(({ codes }) => codes.join(''))).toEqual(paths.map(({ codes }) => codes.join('')).sort());
    const long = journey(new Array<Touch>(700).fill([1, -1]), [[0, 1, 1]]);
    expect(read([long]).paths).toMatchObject([{ orders: 1, cut: 1 }]);
  });
});
