import { countOf, doublesOf, optionalTextOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { DayRange } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { round } from '../../../shared/domain/money.ts';
import { keptByVersion, openDataVersion } from '../../../shared/hub/data_version.ts';
import { quantileAmong } from '../../../shared/statistics/quantile.ts';
import { FUNNEL, ofSteps, STEPS, type Step } from '../service/lead_funnel_steps.ts';

/** Which leads are asked about; what is left out does not narrow. Ids, not names. */
export type LeadFilters = {
  readonly clientId?: string | undefined;
  readonly campaignId?: string | undefined;
  readonly source?: string | undefined;
};

/** What leads are grouped by. */
export const LEAD_GROUPS = ['none', 'source', 'campaign', 'industry', 'region', 'channel', 'client'] as const;
export type LeadGroup = (typeof LEAD_GROUPS)[number];

/** Days in a stage of those who left it; texts with two decimals, null where nobody did. */
export type Stay = { readonly left: number; readonly stillThere: number; readonly median: string | null; readonly p90: string | null };

/** Leads created in a period, in the state of the last load. Money is US dollars, exact. */
export type LeadTotals = {
  readonly leads: number;
  /** Different people and companies among them. */
  readonly customers: number;
  /** Got to the stage or beyond it. */
  readonly contacted: number;
  readonly qualified: number;
  readonly proposal: number;
  readonly won: number;
  readonly lost: number;
  readonly openValue: string;
  readonly wonValue: string;
  /** Days from creation to the first contact, and to the sale, of those who got there. */
  readonly medianDaysToContact: string | null;
  readonly medianDaysToWin: string | null;
  readonly p90DaysToWin: string | null;
};

/** `key` is null where there is none: no campaign, no industry. */
export type LeadGroupTotals = LeadTotals & { readonly key: string | null; readonly name: string | null };

/** As much of a group as is compared. */
export type LeadGroupSize = Pick<LeadGroupTotals, 'key' | 'leads' | 'customers'>;

export type LeadStays = Readonly<Record<Step, Stay>>;

/** Leads created in a month, and how many had got to a stage within 30, 60, … days of their creation. */
export type LeadCohort = {
  /** 'YYYY-MM'. */
  readonly month: string;
  readonly leads: number;
  readonly customers: number;
  readonly contacted: readonly number[];
  readonly qualified: readonly number[];
  readonly proposal: readonly number[];
  readonly won: readonly number[];
};

/** One step of the funnel as some leads took it. */
export type StepCount = {
  /** Got to the stage. */
  readonly entered: number;
  /** Got to it at least the step's days before today, so that each had the same time to move on. */
  readonly followed: number;
  readonly followedCustomers: number;
  /** Of them, got to the next stage within those days. */
  readonly moved: number;
  /** Of those who had not moved on in time: closed as lost by now, went on later, and wait still. */
  readonly lost: number;
  readonly late: number;
  readonly waiting: number;
};

export type FunnelCounts = {
  readonly leads: number;
  readonly customers: number;
  readonly won: number;
  readonly lost: number;
  readonly steps: Readonly<Record<Step, StepCount>>;
};

/** How long a step takes those who take it: moves seen, and the median and 90th percentile of their days. */
export type StepTime = { readonly moves: number; readonly median: number | null; readonly p90: number | null };
export type StepTimes = Readonly<Record<Step, StepTime>>;
/** Days in which a lead is to move on, by step. */
export type StepDays = Readonly<Record<Step, number>>;

export type Leads = {
  readonly totals: (filters: LeadFilters, days: DayRange, timeZone: string, deadline: Deadline) => Promise<LeadTotals>;
  /** Most leads first. */
  readonly groups: (
    group: Exclude<LeadGroup, 'none'>,
    filters: LeadFilters,
    days: DayRange,
    timeZone: string,
    deadline: Deadline,
  ) => Promise<readonly LeadGroupTotals[]>;
  readonly groupSizes: (
    group: Exclude<LeadGroup, 'none'>,
    filters: LeadFilters,
    days: DayRange,
    timeZone: string,
    deadline: Deadline,
  ) => Promise<readonly LeadGroupSize[]>;
  readonly stays: (filters: LeadFilters, days: DayRange, timeZone: string, deadline: Deadline) => Promise<LeadStays>;
  /** In order of the months. */
  readonly cohorts: (filters: LeadFilters, days: DayRange, timeZone: string, deadline: Deadline) => Promise<readonly LeadCohort[]>;
  readonly stepTimes: (filters: LeadFilters, days: DayRange, timeZone: string, deadline: Deadline) => Promise<StepTimes>;
  /** `today` is the day up to whose beginning leads were surely followed. */
  readonly funnel: (
    filters: LeadFilters,
    days: DayRange,
    allowed: StepDays,
    today: string,
    timeZone: string,
    deadline: Deadline,
  ) => Promise<FunnelCounts>;
};

/** Ages of a cohort, in steps of 30 days. */
const COHORT_AGES = 6;

/** Parameters of every statement: $1 and $2 the days, $3 the time zone. Those of the filters come after a statement's own. */
const OF_DAYS = 'l.created_at >= ($1::date::timestamp AT TIME ZONE $3) AND l.created_at < (($2::date + 1)::timestamp AT TIME ZONE $3)';

const FILTERS = [
  ['clientId', 'client_id'],
  ['campaignId', 'campaign_id'],
  ['source', 'source'],
] as const;

/** A statement over `FROM`: only filters that are given are in its text, so that its plan knows what it can be narrowed by. */
type Question = {
  readonly name: string;
  readonly text: (from: string) => string;
  readonly own?: readonly unknown[];
  readonly plannedForValues?: true;
};

function asked({ name, text, own = [], ...planned }: Question, filters: LeadFilters, { from, to }: DayRange, timeZone: string) {
  const values: unknown[] = [from, to, timeZone, ...own];
  const given = FILTERS.flatMap(([filter, column]) => {
    const value = filters[filter];
    if (value === undefined) return [];
    values.push(value);
    return [{ filter, condition: `l.${column} = $${values.length}` }];
  });
  const where = [OF_DAYS, ...given.map(({ condition }) => condition)].join(' AND ');
  const statement: Statement = {
    name: [name, ...given.map(({ filter }) => filter)].join('_'),
    text: text(`FROM crm.leads l WHERE ${where}`),
    ...planned,
  };
  return { statement, values };
}

/**
 * All values of a column as {@link doublesOf} reads them, in no order; ids are exact in it below 2^53. Different ones are counted and percentiles
 * taken where they arrive: sorting a year's leads for each of them took the hub several times as long as handing the values over.
 */
const allOf = (column: string): string => `string_agg(float8send(${column}), '')`;

const TOTALS_COLUMNS = `
  count(*) AS leads, ${allOf('l.customer_id')} AS customers,
  count(*) FILTER (WHERE l.reached >= 1) AS contacted, count(*) FILTER (WHERE l.reached >= 2) AS qualified,
  count(*) FILTER (WHERE l.reached >= 3) AS proposal, count(*) FILTER (WHERE l.reached = 4) AS won,
  count(*) FILTER (WHERE l.stage = 'lost') AS lost,
  coalesce(sum(l.value_usd) FILTER (WHERE l.stage NOT IN ('won', 'lost')), 0) AS open_value,
  coalesce(sum(l.value_usd) FILTER (WHERE l.stage = 'won'), 0) AS won_value,
  ${allOf('l.to_contacted')} AS to_contacted, ${allOf('l.to_won')} AS to_won`;

const TOTALS: Question = { name: 'lead_totals', text: (from) => `SELECT ${TOTALS_COLUMNS} ${from}` };

/**
 * The leads with what their customers are. In the order of their customers many meet theirs in one pass over the index, and few look theirs up;
 * which it is shows only when the days are known.
 */
const withCustomers = (from: string): string => `FROM (SELECT * FROM (SELECT l.* ${from} OFFSET 0) l ORDER BY l.customer_id OFFSET 0) l
  LEFT JOIN crm.customers u ON u.customer_id = l.customer_id`;

/** By group: the leads with what is joined to them, where it is not in them; the key; and where its name is. */
const GROUPINGS: Readonly<
  Record<
    Exclude<LeadGroup, 'none'>,
    { readonly joined?: (from: string) => string; readonly key: string; readonly named: string; readonly name: string }
  >
> = {
  source: { key: 'l.source', named: '', name: 'g.key' },
  campaign: { key: 'l.campaign_id', named: 'LEFT JOIN ads.campaigns n ON n.campaign_id = g.key', name: 'n.name' },
  channel: { key: 'l.channel_id', named: 'LEFT JOIN ads.channels n ON n.channel_id = g.key', name: 'n.name' },
  client: { key: 'l.client_id', named: 'LEFT JOIN business.clients n ON n.client_id = g.key', name: 'n.company' },
  industry: { joined: withCustomers, key: 'u.industry', named: '', name: 'g.key' },
  region: {
    joined: (from) => `${withCustomers(from)} LEFT JOIN crm.cities c ON c.city_id = u.city_id`,
    key: `(c.country_code || '/' || c.region)`,
    named: `LEFT JOIN (SELECT DISTINCT country_code || '/' || region AS key, region || ', ' || country AS name FROM crm.cities) n ON n.key = g.key`,
    name: 'n.name',
  },
};

type GroupedBy = Exclude<LeadGroup, 'none'>;

/** Some columns by key, as a question of its own: `wrapped` is given the statement that has them. */
const byKey = (name: string, group: GroupedBy, columns: string, wrapped: (grouped: string) => string): Question => {
  const { joined, key } = GROUPINGS[group];
  return {
    name: `${name}_${group}`,
    text: (from) => wrapped(`SELECT ${key} COLLATE "C" AS key, ${columns} ${joined === undefined ? from : joined(from)} GROUP BY 1`),
    ...(joined === undefined ? {} : { plannedForValues: true }),
  };
};

const groups = (group: GroupedBy): Question => {
  const { named, name } = GROUPINGS[group];
  const wrapped = (grouped: string): string =>
    `SELECT g.*, ${name} AS name FROM (${grouped}) g ${named} ORDER BY g.leads DESC, g.key NULLS LAST`;
  return byKey('lead_groups', group, TOTALS_COLUMNS, wrapped);
};

const groupSizes = (group: GroupedBy): Question =>
  byKey('lead_group_sizes', group, `count(*) AS leads, ${allOf('l.customer_id')} AS customers`, (grouped) => grouped);

const STAYS: Question = {
  name: 'lead_stays',
  text: (from) =>
    `SELECT ${STEPS.map(
      (step) => `${allOf(`l.stay_${step}`)} AS ${step}_stays, count(*) FILTER (WHERE l.stage = '${step}') AS ${step}_there`,
    ).join(', ')} ${from}`,
};

const COHORT_STAGES = FUNNEL.slice(1);
// The month of a lead is found among the months' beginnings: to turn each time into the zone's would take longer than all else.
const COHORTS: Question = {
  name: 'lead_cohorts',
  text: (
    from,
  ) => `SELECT to_char(date_trunc('month', $1::date::timestamp) + (number - 1) * interval '1 month', 'YYYY-MM') AS month, c.* FROM (
    SELECT width_bucket(l.created_at, ARRAY(
             SELECT begins AT TIME ZONE $3 FROM generate_series(date_trunc('month', $1::date::timestamp), $2::date, interval '1 month') begins
           )) AS number, count(*) AS leads, ${allOf('l.customer_id')} AS customers,
    ${COHORT_STAGES.map((stage) => {
      const within = (age: number): string => `count(*) FILTER (WHERE l.to_${stage} < ${30 * 86_400 * age})`;
      return `concat_ws(' ', ${Array.from({ length: COHORT_AGES }, (_, age) => within(age + 1)).join(', ')}) AS ${stage}`;
    }).join(',\n    ')}
    ${from} GROUP BY 1) c ORDER BY number`,
};

/** Seconds from creation until each stage of the funnel was got to. */
const TO_STAGE = ['0', ...COHORT_STAGES.map((stage) => `l.to_${stage}`)];

const STEP_TIMES: Question = {
  name: 'lead_step_times',
  text: (from) =>
    `SELECT ${STEPS.map((step, index) => `${allOf(`l.to_${FUNNEL[index + 1]} - ${TO_STAGE[index]}`)} AS ${step}`).join(', ')} ${from}`,
};

/** `today` ($4) is the day up to whose beginning leads were surely followed; the days of each step are $5 to $8. */
const funnelCounts = (today: string, allowed: StepDays): Question => ({
  name: 'lead_funnel',
  own: [today, ...STEPS.map((step) => allowed[step])],
  text: (
    from,
  ) => `SELECT count(*) AS leads, ${allOf('l.customer_id')} AS customers, count(*) FILTER (WHERE l.reached = 4) AS won, count(*) FILTER (WHERE l.is_lost) AS lost,
    ${STEPS.map((step, index) => {
      const [isFollowed, isMoved] = [`l.${step}_followed`, `l.${step}_moved`];
      return `count(*) FILTER (WHERE l.reached >= ${index}) AS ${step}_entered,
      count(*) FILTER (WHERE ${isFollowed}) AS ${step}_followed, ${allOf('l.customer_id')} FILTER (WHERE ${isFollowed}) AS ${step}_customers,
      count(*) FILTER (WHERE ${isFollowed} AND ${isMoved}) AS ${step}_moved,
      count(*) FILTER (WHERE ${isFollowed} AND NOT ${isMoved} AND l.reached = ${index} AND l.is_lost) AS ${step}_lost,
      count(*) FILTER (WHERE ${isFollowed} AND NOT ${isMoved} AND l.reached > ${index}) AS ${step}_late`;
    }).join(',\n    ')}
    FROM (SELECT l.customer_id, l.reached, l.stage = 'lost' AS is_lost,
      ${STEPS.map((step, index) => {
        const [here, next] = [TO_STAGE[index], TO_STAGE[index + 1]];
        const allowedSeconds = `86400 * $${5 + index}::int`;
        return `l.followed >= ${here} + ${allowedSeconds} AND (l.reached = ${index} OR ${next} IS NOT NULL) AS ${step}_followed,
      coalesce(${next} <= ${here} + ${allowedSeconds}, false) AS ${step}_moved`;
      }).join(',\n      ')}
      FROM (SELECT l.*, sales.seconds_between(l.created_at, $4::date::timestamp AT TIME ZONE $3) AS followed ${from} OFFSET 0) l OFFSET 0) l`,
});

/** Of the whole company, which clients with few leads are compared with: fifty milliseconds each time. */
const keptTimes = keptByVersion<StepTimes>(4);

/** The hub's leads. */
export function openLeads(hub: SqlDatabase): Leads {
  const dataVersion = openDataVersion(hub);
  const all = <T>(
    question: Question,
    filters: LeadFilters,
    range: DayRange,
    timeZone: string,
    map: (row: Row) => T,
    deadline: Deadline,
  ) => {
    const { statement, values } = asked(question, filters, range, timeZone);
    return hub.rows(statement, values, map, deadline);
  };
  const one = async <T>(...[question, ...rest]: Parameters<typeof all<T>>): Promise<T> => {
    const [row] = await all(question, ...rest);
    if (row === undefined) throw new Error(`${question.name} gave no row`);
    return row;
  };
  return {
    totals: (filters, range, timeZone, deadline) => one(TOTALS, filters, range, timeZone, toTotals, deadline),
    groups: (group, filters, range, timeZone, deadline) => all(groups(group), filters, range, timeZone, toGroup, deadline),
    groupSizes: (group, filters, range, timeZone, deadline) => all(groupSizes(group), filters, range, timeZone, toGroupSize, deadline),
    stays: (filters, range, timeZone, deadline) => one(STAYS, filters, range, timeZone, toStays, deadline),
    cohorts: (filters, range, timeZone, deadline) => all(COHORTS, filters, range, timeZone, toCohort, deadline),
    stepTimes: (filters, range, timeZone, deadline) => {
      const read = () => one(STEP_TIMES, filters, range, timeZone, toStepTimes, deadline);
      const isEverybody = Object.values(filters).every((filter) => filter === undefined);
      return isEverybody ? keptTimes(dataVersion, JSON.stringify([range, timeZone]), read, deadline) : read();
    },
    funnel: (filters, range, allowed, today, timeZone, deadline) =>
      one(funnelCounts(today, allowed), filters, range, timeZone, toFunnel, deadline),
  };
}

/** How many different ids. Open addressing, half of the slots free, 0 is none (no id is): a Set of a year's customers took seven times as long. */
function distinct(ids: Float64Array): number {
  const slots = new Float64Array(2 ** Math.ceil(Math.log2(2 * ids.length + 1)));
  const last = slots.length - 1;
  let found = 0;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as number;
    // Fibonacci hashing: ids that follow each other are spread.
    let at = (Math.imul(id | 0, 0x9e3779b1) >>> 7) & last;
    while (slots[at] !== 0 && slots[at] !== id) at = (at + 1) & last;
    if (slots[at] === id) continue;
    slots[at] = id;
    found++;
  }
  return found;
}

/** The quantile of spans of seconds, in days: text with two decimals, null of none. Changes their order. */
function daysAt(spans: Float64Array, share: number): string | null {
  // Fifteen digits are what a double surely has: what is 3.005 days but for its last bits is rounded as that.
  return spans.length === 0 ? null : round((quantileAmong(spans, share) / 86_400).toPrecision(15)).toFixed(2);
}

function toTotals(row: Row): LeadTotals {
  const toWon = doublesOf(row, 'to_won');
  return {
    leads: countOf(row, 'leads'),
    customers: distinct(doublesOf(row, 'customers')),
    contacted: countOf(row, 'contacted'),
    qualified: countOf(row, 'qualified'),
    proposal: countOf(row, 'proposal'),
    won: countOf(row, 'won'),
    lost: countOf(row, 'lost'),
    openValue: textOf(row, 'open_value'),
    wonValue: textOf(row, 'won_value'),
    medianDaysToContact: daysAt(doublesOf(row, 'to_contacted'), 0.5),
    medianDaysToWin: daysAt(toWon, 0.5),
    p90DaysToWin: daysAt(toWon, 0.9),
  };
}

const toGroupSize = (row: Row): LeadGroupSize => ({
  key: optionalTextOf(row, 'key'),
  leads: countOf(row, 'leads'),
  customers: distinct(doublesOf(row, 'customers')),
});

const toGroup = (row: Row): LeadGroupTotals => ({ ...toTotals(row), key: optionalTextOf(row, 'key'), name: optionalTextOf(row, 'name') });

const toStays = (row: Row): LeadStays =>
  ofSteps((step) => {
    const stays = doublesOf(row, `${step}_stays`);
    return { left: stays.length, stillThere: countOf(row, `${step}_there`), median: daysAt(stays, 0.5), p90: daysAt(stays, 0.9) };
  });

function toCohort(row: Row): LeadCohort {
  const counts = (stage: string): readonly number[] => textOf(row, stage).split(' ').map(Number);
  return {
    month: textOf(row, 'month'),
    leads: countOf(row, 'leads'),
    customers: distinct(doublesOf(row, 'customers')),
    contacted: counts('contacted'),
    qualified: counts('qualified'),
    proposal: counts('proposal'),
    won: counts('won'),
  };
}

const toStepTimes = (row: Row): StepTimes =>
  ofSteps((step) => {
    const spans = doublesOf(row, step);
    const days = (share: number): number | null => {
      const text = daysAt(spans, share);
      return text === null ? null : Number(text);
    };
    return { moves: spans.length, median: days(0.5), p90: days(0.9) };
  });

function toFunnel(row: Row): FunnelCounts {
  return {
    leads: countOf(row, 'leads'),
    customers: distinct(doublesOf(row, 'customers')),
    won: countOf(row, 'won'),
    lost: countOf(row, 'lost'),
    steps: ofSteps((step) => {
      const count = (what: string): number => countOf(row, `${step}_${what}`);
      const [followed, moved, lost, late] = [count('followed'), count('moved'), count('lost'), count('late')];
      return {
        entered: count('entered'),
        followed,
        followedCustomers: distinct(doublesOf(row, `${step}_customers`)),
        moved,
        lost,
        late,
        waiting: followed - moved - lost - late,
      };
    }),
  };
}
