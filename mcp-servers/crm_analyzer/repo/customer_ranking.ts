import { countOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { type RankingMetric, type RankingPartition, WEEKS_AHEAD } from '../service/customer_ranking.ts';
import type { RankingPosition } from '../service/customer_ranking_cursor.ts';
import { expectedIfActive } from '../service/purchase_model.ts';
import { type FittedPurchases, fitPurchases, type PurchaseHistory } from '../service/purchase_model_fit.ts';

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

type Fitted = Extract<FittedPurchases, { readonly kind: 'fitted' }>;

export type CustomerRanking = {
  readonly dataVersion: (deadline: Deadline) => Promise<string>;
  /** Both models, fitted to the scope; kept for as long as the data stays the same. */
  readonly model: (scope: RankingScope, version: string, deadline: Deadline) => Promise<FittedPurchases>;
  /** `model` is used for churn_risk and expected_value alone, and needed there. */
  readonly page: (question: RankingQuestion, model: Fitted | undefined, deadline: Deadline) => Promise<RankedPage>;
};

const DATA_VERSION: Statement = { name: 'crm_data_version', text: 'SELECT version::text AS version FROM etl.data_version' };

/** The model is fitted to so many customers at most: more would not change its parameters by what they are rounded to, but cost as much time. */
const SAMPLED = 4_000;

// Every so-many-th customer by a hash of the id: the same ones in every process.
const HISTORIES: Statement = {
  name: 'crm_purchase_histories',
  text: `
  WITH scope AS MATERIALIZED (
    SELECT customer_id, client_id FROM sales.customer_orders WHERE $1::text IS NULL OR client_id = $1
  ), sampled AS MATERIALIZED (
    SELECT customer_id, client_id FROM scope
     WHERE mod(mod(customer_id * 2654435761, 1000003), (SELECT ceil(count(*) / ${SAMPLED}.0)::bigint FROM scope)) = 0
  )
  SELECT string_agg((o.ordered_at AT TIME ZONE $2)::date - date '1970-01-01' || '', ' ' ORDER BY o.ordered_at) AS days,
         (sum(o.total_usd) * 100)::bigint AS cents
    FROM sampled s
    JOIN crm.orders o ON o.client_id = s.client_id AND o.customer_id = s.customer_id AND o.status = 'paid'
   GROUP BY o.customer_id
   ORDER BY o.customer_id`,
};

const DAY = (column: string): string => `(${column} AT TIME ZONE $2)::date`;

const OBSERVED: Statement = {
  name: 'crm_observed_purchases',
  text: `SELECT DISTINCT orders - 1 AS x, $3::date - ${DAY('first_at')} AS days
           FROM sales.customer_orders WHERE ($1::text IS NULL OR client_id = $1) AND ${DAY('first_at')} <= $3::date`,
};

const CITY = 'LEFT JOIN crm.cities y USING (city_id)';
const KEYS: Readonly<Record<RankingPartition, { readonly key: string; readonly joins: string }>> = {
  none: { key: `''::text`, joins: '' },
  client: { key: 'coalesce(b.company, o.client_id)', joins: 'LEFT JOIN business.clients b USING (client_id)' },
  segment: { key: 'o.segment', joins: '' },
  industry: { key: `coalesce(o.industry, 'none')`, joins: '' },
  country: { key: `coalesce(y.country, 'unknown')`, joins: CITY },
  region: { key: `coalesce(y.region || ', ' || y.country, 'unknown')`, joins: CITY },
};

// $8 r, $9 alpha, $10 a, $11 b of BG/NBD; $12 p, $13 q, $14 v of Gamma-Gamma; $15, $16, $17 what is expected by x and T of those who still buy.
const ACTIVE = `CASE WHEN o.x = 0 THEN 1 ELSE 1 / (1 + $10::float8 / ($11::float8 + o.x - 1)
  * power(($9::float8 + o.age / 7.0::float8) / ($9::float8 + (o.age - o.days) / 7.0::float8), $8::float8 + o.x)) END`;
const BASKET = '($12::float8 * ($14::float8 + o.revenue::float8)) / ($12::float8 * o.orders + $13::float8 - 1)';

/** Customers who have bought until today. The days from their first and their last order are worked out once: the time zone is what costs. */
const bought = (needsDays: boolean): string => `
  (SELECT customer_id, client_id, segment, industry, city_id, orders, orders - 1 AS x, revenue${needsDays ? `, $3::date - ${DAY('first_at')} AS age, $3::date - ${DAY('last_at')} AS days` : ''}
     FROM sales.customer_orders
    WHERE ($1::text IS NULL OR client_id = $1) AND first_at < (($3::date + 1)::timestamp AT TIME ZONE $2) OFFSET 0)`;

type Value = { readonly value: string; readonly order: 'ASC' | 'DESC'; readonly joins: string; readonly only: string };
const VALUES: Readonly<Record<RankingMetric, Value>> = {
  revenue: { value: 'o.revenue::float8', order: 'DESC', joins: '', only: '' },
  orders: { value: 'o.orders', order: 'DESC', joins: '', only: '' },
  recency: { value: 'o.days', order: 'ASC', joins: '', only: '' },
  churn_risk: { value: `round((1 - ${ACTIVE}) * 1e6) / 1e6`, order: 'DESC', joins: '', only: 'WHERE o.x > 0' },
  // Cents of an estimate: what is shown alike is ranked alike.
  expected_value: {
    value: `round(e.expected * (${ACTIVE}) * ${BASKET} * 100) / 100`,
    order: 'DESC',
    joins: 'JOIN unnest($15::integer[], $16::integer[], $17::float8[]) AS e (x, age, expected) ON e.x = o.x AND e.age = o.age',
    only: '',
  },
};

/**
 * Parameters up to $7 are those of every ranking. Of all customers together only those are sorted who can be on the page: a bounded sort
 * finds the value of its last row, and whoever is before that has a rank above it. Partitions are sorted by number, which is faster than by name.
 */
function ranking(metric: RankingMetric, partition: RankingPartition): Statement {
  const { value, order, joins, only } = VALUES[metric];
  const { key, joins: keyJoins } = KEYS[partition];
  const isWhole = partition === 'none';
  const needsDays = metric !== 'revenue' && metric !== 'orders';
  return {
    name: `crm_rank_${metric}_by_${partition}`,
    text: `
    WITH scored AS MATERIALIZED (
      SELECT o.customer_id, ${key} AS key, ${value} AS value FROM ${bought(needsDays)} o ${keyJoins} ${joins} ${only}
    ), sizes AS MATERIALIZED (
      SELECT key, count(*) AS customers, row_number() OVER (ORDER BY key)::integer AS number FROM scored GROUP BY key
    ), ${isWhole ? `last AS (SELECT value FROM scored ORDER BY value ${order} OFFSET $4::bigint - 1 LIMIT 1), ` : ''}ranked AS (
      SELECT key, value, customer_id, rank() OVER (PARTITION BY number ORDER BY value ${order}) AS rank FROM scored JOIN sizes USING (key)
       WHERE customers >= $5::bigint ${isWhole ? `AND ((SELECT value FROM last) IS NULL OR value ${order === 'ASC' ? '<=' : '>='} (SELECT value FROM last))` : ''}
    ), told AS MATERIALIZED (
      SELECT * FROM ranked WHERE rank <= $4::bigint
    ), page AS (
      SELECT * FROM told
       WHERE $6::text IS NULL OR (key, rank, customer_id) > (($6::text::jsonb ->> 0), ($6::text::jsonb ->> 1)::bigint, ($6::text::jsonb ->> 2)::bigint)
       ORDER BY key, rank, customer_id LIMIT $7
    )
    SELECT t.key, t.rank, (SELECT count(*) FROM told same WHERE same.key = t.key AND same.rank = t.rank) AS tied, t.customer_id, t.value::text AS value,
           o.orders, o.revenue, ${DAY('o.last_at')} AS last_order, s.ranked, s.told, s.small_groups
      FROM (SELECT (SELECT coalesce(sum(customers), 0)::bigint FROM sizes) AS ranked,
                   (SELECT ${isWhole ? 'coalesce(sum(customers), 0)::bigint FROM sizes WHERE customers >= $5::bigint' : 'count(*) FROM told'}) AS told,
                   (SELECT count(*) FROM sizes WHERE customers < $5::bigint) AS small_groups) s
      LEFT JOIN page t ON true
      LEFT JOIN sales.customer_orders o USING (customer_id)
     ORDER BY t.key, t.rank, t.customer_id`,
  };
}

const KEPT_MODELS = 100;

/** Customers of the hub in the order of what they bought, or of what a model expects of them. */
export function openCustomerRanking(hub: SqlDatabase): CustomerRanking {
  const kept = new Map<string, FittedPurchases>();
  const values = ({ clientId, timeZone, today }: RankingScope) => [clientId ?? null, timeZone, today];
  return {
    dataVersion: async (deadline) => (await hub.rows(DATA_VERSION, [], (row) => textOf(row, 'version'), deadline))[0] ?? '0',
    model: async (scope, version, deadline) => {
      const key = JSON.stringify([version, scope]);
      const known = kept.get(key);
      if (known !== undefined) return known;
      const histories = await hub.rows(HISTORIES, [scope.clientId ?? null, scope.timeZone], toHistory, deadline);
      const today = Date.parse(`${scope.today}T00:00:00Z`) / 86_400_000;
      const fitted = fitPurchases(upTo(histories, today), today);
      if (kept.size >= KEPT_MODELS) kept.clear();
      kept.set(key, fitted);
      return fitted;
    },
    page: async (question, model, deadline) => {
      const { metric, partition, lowestRank, smallestGroup, limit, after } = question;
      const position = after === undefined ? null : JSON.stringify([after.partition, after.rank, after.customerId]);
      const asked = [...values(question), lowestRank, smallestGroup, position, limit];
      const modelled = model === undefined ? [] : parametersOf(model);
      const expected =
        model === undefined || metric !== 'expected_value'
          ? []
          : expectedColumns(
              model,
              await hub.rows(OBSERVED, values(question), (row) => [countOf(row, 'x'), countOf(row, 'days')] as const, deadline),
            );
      const used = metric === 'churn_risk' ? modelled.slice(0, 4) : metric === 'expected_value' ? [...modelled, ...expected] : [];
      const rows = await hub.rows(ranking(metric, partition), [...asked, ...used], (row) => row, deadline);
      const [first] = rows;
      return {
        rows: rows.filter((row) => row.customer_id !== null).map(toRanked),
        ranked: first === undefined ? 0 : countOf(first, 'ranked'),
        told: first === undefined ? 0 : countOf(first, 'told'),
        smallGroups: first === undefined ? 0 : countOf(first, 'small_groups'),
      };
    },
  };
}

const parametersOf = ({ purchases: { r, alpha, a, b }, baskets: { p, q, v } }: Fitted): readonly number[] => [r, alpha, a, b, p, q, v];

function expectedColumns({ purchases }: Fitted, observed: readonly (readonly [number, number])[]): readonly (readonly number[])[] {
  return [
    observed.map(([x]) => x),
    observed.map(([, days]) => days),
    observed.map(([x, days]) => expectedIfActive(purchases, x, days / 7, WEEKS_AHEAD)),
  ];
}

/** What was bought after `today` is not known yet. */
function upTo(histories: readonly PurchaseHistory[], today: number): readonly PurchaseHistory[] {
  return histories.flatMap((history) => ((history.days[0] ?? today + 1) > today ? [] : [history]));
}

function toHistory(row: Row): PurchaseHistory {
  return { days: textOf(row, 'days').split(' ').map(Number), cents: countOf(row, 'cents') };
}

function toRanked(row: Row): RankedRow {
  return {
    partition: textOf(row, 'key'),
    rank: countOf(row, 'rank'),
    tied: countOf(row, 'tied'),
    customerId: countOf(row, 'customer_id'),
    value: Number(textOf(row, 'value')),
    orders: countOf(row, 'orders'),
    revenue: textOf(row, 'revenue'),
    lastOrder: textOf(row, 'last_order'),
  };
}
