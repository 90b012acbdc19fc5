import { describe, expect, it } from 'vitest';
import { type Buyers, readBuyers, traitsAt } from '../../mcp-servers/crm_analyzer/service/buyers.ts';
import { dayOfTime, readDayStarts } from '../../mcp-servers/crm_analyzer/service/day_starts.ts';
import { percentileOf, percentileOfCounts } from '../../mcp-servers/crm_analyzer/service/percentile.ts';
import { periodSums } from '../../mcp-servers/crm_analyzer/service/period_sums.ts';
import { rankedPage } from '../../mcp-servers/crm_analyzer/service/ranked_page.ts';

const MICROSECONDS_AN_HOUR = 3_600_000_000n;

function packed(...parts: readonly (readonly ['int4' | 'int8', number | bigint])[]): Uint8Array {
  return Buffer.concat(
    parts.map(([type, value]) => {
      const bytes = Buffer.alloc(type === 'int4' ? 4 : 8);
      if (type === 'int4') bytes.writeInt32BE(Number(value));
      else bytes.writeBigInt64BE(BigInt(value));
      return bytes;
    }),
  );
}

/** Days that begin after so many hours, the first on 2000-01-01. */
const daysAt = (...hours: readonly bigint[]) =>
  readDayStarts('2000-01-01', packed(...hours.map((hour) => ['int8', hour * MICROSECONDS_AN_HOUR] as const)));

const order = (hour: bigint, cents: number | bigint) =>
  [
    ['int8', hour * MICROSECONDS_AN_HOUR],
    ['int8', cents],
    ['int4', 7],
  ] as const;

const customer = (id: number, ...orders: readonly ReturnType<typeof order>[]) =>
  [['int8', id], ['int4', 3], ['int4', orders.length], ...orders.flat()] as const;

describe('days of a time zone', () => {
  it('are found where one has 23 hours and the next 25', () => {
    const days = daysAt(6n, 30n, 53n, 78n, 102n);
    const hours = [6, 29, 30, 52, 53, 77, 78, 101];
    expect(hours.map((hour) => dayOfTime(days, hour * Number(MICROSECONDS_AN_HOUR)))).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  });
});

describe('buyers', () => {
  const person = { customerType: 'person', industry: null, segment: 'vip', potential: 'high', sex: 'female' };
  const read = (): Buyers =>
    readBuyers(
      [
        { clientId: 'CLI-1', packed: packed(...customer(5, order(7n, 1_050), order(31n, 2_000)), ...customer(9, order(40n, 1))) },
        { clientId: 'CLI-2', packed: packed(...customer(7, order(54n, 2n ** 52n))) },
      ],
      [{ traits: person, packed: packed(['int8', 7], ['int4', 3], ['int4', 1990], ['int8', 8], ['int4', 1], ['int4', 0]) }],
    );

  it('have their orders, their client, and what is known of them', () => {
    const buyers = read();
    expect([...buyers.ids]).toEqual([5, 9, 7]);
    expect([...buyers.ordersFrom]).toEqual([0, 2, 3, 4]);
    expect([...buyers.cents]).toEqual([1_050, 2_000, 1, 2 ** 52]);
    expect([...buyers.clientOf].map((client) => buyers.clientIds[client])).toEqual(['CLI-1', 'CLI-1', 'CLI-2']);
    expect([...buyers.cityIds]).toEqual([0, 0, 3]);
    expect([...buyers.birthYears]).toEqual([0, 0, 1990]);
    expect(traitsAt(buyers, 2)).toEqual(person);
    expect(traitsAt(buyers, 0).customerType).toBeNull();
  });

  it('add up what they bought on the days of a period', () => {
    const sums = periodSums(read(), { from: '2000-01-02', to: '2000-01-03' }, daysAt(6n, 30n, 54n, 78n));
    expect([...sums.orders]).toEqual([1, 1, 1]);
    expect([...sums.cents]).toEqual([2_000, 1, 2 ** 52]);
    expect([...sums.days]).toEqual([1, 1, 0]);
  });
});

describe('percentiles', () => {
  it('are the first value up to which so large a part is', () => {
    const values = Float64Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect([0.1, 0.2, 0.25, 0.5, 0.9].map((part) => percentileOf(values, part))).toEqual([1, 2, 3, 5, 9]);
    const counts = new Map([
      [30, 1],
      [20, 8],
      [10, 1],
    ]);
    expect([0.1, 0.2, 0.5, 0.9, 0.95].map((part) => percentileOfCounts(counts, part))).toEqual([10, 20, 20, 20, 30]);
    expect(percentileOfCounts(new Map(), 0.5)).toBeNull();
  });
});

describe('a page of a ranking', () => {
  const ids = Float64Array.from([11, 12, 13, 14, 15, 16, 17]);
  const values = Float64Array.from([5, 9, 5, 7, 5, Number.NaN, 1]);
  const partitions = ['b', 'b', 'b', 'b', 'a', 'b', null];
  const page = (more: object) =>
    rankedPage(ids, values, (row) => partitions[row] ?? null, {
      order: 'most',
      lowestRank: 3,
      smallestGroup: 2,
      limit: 10,
      after: undefined,
      ...more,
    });

  it('tells ties together and leaves the next rank out; counts small partitions, and those without a name', () => {
    const { places, ...counted } = page({});
    expect(places.map(({ row, rank, tied }) => [ids[row], rank, tied])).toEqual([
      [12, 1, 1],
      [14, 2, 1],
      [11, 3, 2],
      [13, 3, 2],
    ]);
    expect(counted).toEqual({ ranked: 6, inPartitions: 4, told: 4, smallGroups: 2 });
    expect(page({ order: 'fewest', lowestRank: 1 }).places.map(({ row }) => ids[row])).toEqual([11, 13]);
  });

  it('goes on after a position, also within a tie, and from one partition to the next', () => {
    const after = { partition: 'b', rank: 3, customerId: 11, seen: 3 };
    expect(page({ after }).places).toEqual([{ row: 2, partition: 'b', rank: 3, tied: 2 }]);
    const all = page({ smallestGroup: 1, limit: 2 });
    expect(all.places.map(({ row, partition }) => [ids[row], partition])).toEqual([
      [15, 'a'],
      [12, 'b'],
    ]);
    expect(all.told).toBe(5);
  });
});
