import { optionalTextOf, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import { addDays, daysBetween } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { decimal } from '../../../shared/domain/money.ts';
import { type DataVersion, openDataVersion } from '../../../shared/hub/data_version.ts';
import { type Buyers, traitsAt } from '../service/buyers.ts';
import { type CityRegion, regionName } from '../service/city_regions.ts';
import type { RankingMetric, RankingPartition } from '../service/customer_ranking.ts';
import type { RankingPosition } from '../service/customer_ranking_cursor.ts';
import { type FittedPurchases, fitPurchases } from '../service/purchase_model_fit.ts';
import { rankedPage } from '../service/ranked_page.ts';
import { type Fitted, rankingValues, sampledHistories, toDate } from '../service/ranking_values.ts';
import { type BuyersOf, openBuyers } from './buyers.ts';
import { cityRegions } from './city_regions.ts';
import { dayStartsOfOrders } from './day_starts.ts';

export type RankingScope = { readonly clientId: string | undefined; readonly timeZone: string; readonly today: string };

export type RankingQuestion = RankingScope & {
  readonly metric: RankingMetric;
  readonly partition: RankingPartition;
  /** The last rank that is told in each partition; without a partition, how many customers the pages so far hold, this one included. */
  readonly lowestRank: number;
  /** Partitions with fewer customers are left out. */
  readonly smallestGroup: number;
  readonly limit: number;
  readonly after: RankingPosition | undefined;
};

/** A customer in their place; money as decimal text, US dollars. */
export type RankedRow = {
  readonly partition: string;
  readonly rank: number;
  readonly tied: number;
  readonly customerId: number;
  readonly value: number;
  readonly orders: number;
  readonly revenue: string;
  readonly lastOrder: string;
};

export type RankedPage = {
  readonly rows: readonly RankedRow[];
  /** Customers who could be ranked, and how many of them have a place that is told. */
  readonly ranked: number;
  readonly told: number;
  /** Partitions left out for being small. */
  readonly smallGroups: number;
};

export type CustomerRanking = {
  readonly dataVersion: DataVersion;
  /** Both models, fitted to the scope; kept for as long as the data stays the same. */
  readonly model: (scope: RankingScope, version: string, deadline: Deadline) => Promise<FittedPurchases>;
  /** `model` is used for churn_risk and expected_value alone, and needed there. */
  readonly page: (question: RankingQuestion, model: Fitted | undefined, deadline: Deadline) => Promise<RankedPage>;
};

const COMPANIES: Statement = { name: 'crm_companies', text: 'SELECT client_id, company FROM business.clients' };

type PartitionNames = { readonly cities: ReadonlyMap<number, CityRegion>; readonly companies: ReadonlyMap<string, string> };

const PARTITIONS: Readonly<Record<RankingPartition, (buyers: Buyers, names: PartitionNames) => (row: number) => string | null>> = {
  none: () => () => '',
  client: (buyers, { companies }) => {
    const names = buyers.clientIds.map((clientId) => companies.get(clientId) ?? clientId);
    return (row) => names[buyers.clientOf[row] as number] as string;
  },
  segment: (buyers) => (row) => traitsAt(buyers, row).segment,
  industry: (buyers) => (row) => traitsAt(buyers, row).industry ?? 'none',
  country:
    (buyers, { cities }) =>
    (row) =>
      cities.get(buyers.cityIds[row] as number)?.country ?? 'unknown',
  region: (buyers, { cities }) => {
    const names = new Map([...cities].map(([cityId, city]) => [cityId, regionName(city)]));
    return (row) => names.get(buyers.cityIds[row] as number) ?? regionName(undefined);
  },
};

const KEPT_MODELS = 100;

/** Customers of the hub in the order of what they bought, or of what a model expects of them. */
export function openCustomerRanking(hub: SqlDatabase, buyersOf: BuyersOf = openBuyers(hub)): CustomerRanking {
  const kept = new Map<string, FittedPurchases>();
  const read = async ({ clientId, timeZone, today }: RankingScope, deadline: Deadline) => {
    const [buyers, days] = await Promise.all([buyersOf(clientId, deadline), dayStartsOfOrders(hub, today, timeZone, deadline)]);
    return { buyers, days, today: daysBetween(days.first, today) };
  };
  const namesOf = async (partition: RankingPartition, deadline: Deadline): Promise<PartitionNames> => {
    const isOfCities = partition === 'country' || partition === 'region';
    const toCompany = (row: Readonly<Record<string, unknown>>) => [textOf(row, 'client_id'), optionalTextOf(row, 'company')] as const;
    const companies = partition === 'client' ? await hub.rows(COMPANIES, [], toCompany, deadline) : [];
    return {
      cities: isOfCities ? await cityRegions(hub, deadline) : new Map(),
      companies: new Map(companies.flatMap(([clientId, company]) => (company === null ? [] : [[clientId, company]]))),
    };
  };
  return {
    dataVersion: openDataVersion(hub),
    model: async (scope, version, deadline) => {
      const key = JSON.stringify([version, scope]);
      const known = kept.get(key);
      if (known !== undefined) return known;
      const { buyers, days, today } = await read(scope, deadline);
      const fitted = fitPurchases(sampledHistories(buyers, days, today), today);
      if (kept.size >= KEPT_MODELS) kept.clear();
      kept.set(key, fitted);
      return fitted;
    },
    page: async (question, model, deadline) => {
      const { metric, partition } = question;
      const [{ buyers, days, today }, names] = await Promise.all([read(question, deadline), namesOf(partition, deadline)]);
      const values = rankingValues(metric, buyers, days, today, model);
      const order = metric === 'recency' ? 'fewest' : 'most';
      const { places, ...page } = rankedPage(buyers.ids, values, PARTITIONS[partition](buyers, names), { ...question, order });
      return {
        rows: places.map(({ row, ...place }) => {
          const { orders, cents, daysSinceLast } = toDate(buyers, row, days, today);
          return {
            ...place,
            customerId: buyers.ids[row] as number,
            value: values[row] as number,
            orders,
            revenue: decimal(cents).div(100).toFixed(2),
            lastOrder: addDays(question.today, -daysSinceLast),
          };
        }),
        ranked: page.ranked,
        // All pages together go through everybody where there is no partition.
        told: partition === 'none' ? page.inPartitions : page.told,
        smallGroups: page.smallGroups,
      };
    },
  };
}
