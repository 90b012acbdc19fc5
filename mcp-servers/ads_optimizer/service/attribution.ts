import { type Decimal, decimal, formatCount, formatPercent, formatUsd, toAnswerNumber } from '../../../shared/domain/money.ts';
import { type Column, table } from '../../../shared/domain/table.ts';
import type { AttributionBy, IdlePath, PathNode } from '../repo/touch_paths.ts';
import { resamplesFor, type SeenPath, shareIntervals } from './attribution_intervals.ts';
import { type Credits, creditsOf } from './attribution_rules.ts';
import { largestRemainder } from './largest_remainder.ts';
import { removalEffectsOf } from './markov_removal.ts';
import type { DecayCredit, PathTotals } from './order_ways.ts';
import { FIRST_NODE, MOST_TOUCHES, OUTSIDE, PATH_DAYS, REST } from './path_codes.ts';

export const ATTRIBUTION_MODELS = ['first_touch', 'last_touch', 'linear', 'time_decay', 'position_based', 'markov', 'shapley'] as const;

export type AttributionModel = (typeof ATTRIBUTION_MODELS)[number];

/** What of the sales a model credits a channel or campaign with. Money in US dollars; orders in hundredths. */
export type CreditRow = {
  readonly id: string;
  readonly name: string;
  readonly model: AttributionModel;
  readonly orders: number;
  readonly revenue: number;
  /** Of the revenue distributed. */
  readonly sharePercent: number | null;
  /** 90 % interval of the revenue; null where the model is a rule, or where there was no time for one. */
  readonly low: number | null;
  readonly high: number | null;
};

type Sales = { readonly orders: number; readonly revenue: number };

export type Attribution = {
  readonly status: 'data' | 'no_data';
  readonly by: AttributionBy;
  readonly models: readonly AttributionModel[];
  /** Sales whose path has a touch of what is asked: what every model distributes. */
  readonly distributed: Sales;
  /** Paid orders without a touch in the days before them, and with touches of other campaigns only. */
  readonly withoutTouch: Sales;
  readonly touchedByOthers: Sales;
  readonly credits: readonly CreditRow[];
  /** How PromptCRM's own credit compares with the last touch, over the orders distributed. */
  readonly crm: {
    readonly agree: number;
    readonly differ: number;
    readonly toNone: number;
    readonly toEarlierTouch: number;
    readonly elsewhere: number;
  };
  readonly basis: {
    readonly window: { readonly from: string; readonly to: string };
    readonly paths: number;
    readonly touches: number;
    /** Touched customers who did not buy, as the Markov model counted them; null where it did not. */
    readonly idleCustomers: number | null;
    readonly resamples: number;
    readonly level: number;
    readonly method: string;
    readonly assumes: readonly string[];
  };
};

export type AttributionQuestion = {
  readonly by: AttributionBy;
  readonly models: readonly AttributionModel[];
  readonly nodes: readonly PathNode[];
  readonly window: { readonly from: string; readonly to: string };
  readonly halfLifeDays: number;
  /** Seeds the resampling: same question, same data, same intervals. */
  readonly key: string;
};

export type AttributionFacts = {
  readonly sold: Whole;
  readonly paths: readonly PathTotals[];
  /** Read when time_decay is asked. */
  readonly decayed: readonly DecayCredit[];
  /** Null where idle paths were not read. */
  readonly idle: readonly IdlePath[] | null;
};

/**
 * Divides the sales whose paths have a touch of what is asked over channels or campaigns, by every model asked. All models divide the same
 * orders and cents without remainder (largestRemainder), so that their sums are the sales.
 */
export function attribute(facts: AttributionFacts, question: AttributionQuestion): Attribution {
  const fitting = facts.paths.filter(isAsked);
  const elsewhere = totalsOf(facts.paths.filter((path) => !isAsked(path)));
  const distributed = totalsOf(fitting);
  const rows = rowsOf(question, fitting, facts);
  const seen = seenPaths(rows, fitting, facts.idle);
  const credits = question.models.flatMap((model) => creditRows(model, rows, seen, distributed, facts, question));
  const resamples = question.models.some(hasInterval) && distributed.orders > 0 ? resamplesFor(seen.length) : 0;
  const agree = distributed.orders - countOf(fitting, (path) => path.creditedToNone + path.creditedToEarlier + path.creditedElsewhere);
  return {
    status: distributed.orders === 0 ? 'no_data' : 'data',
    by: question.by,
    models: question.models,
    distributed: salesOf(distributed),
    withoutTouch: {
      orders: facts.sold.orders - distributed.orders - elsewhere.orders,
      revenue: toAnswerNumber(usd(facts.sold.cents - distributed.cents - elsewhere.cents)),
    },
    touchedByOthers: salesOf(elsewhere),
    credits: inOrder(credits, question.models),
    crm: {
      agree,
      differ: distributed.orders - agree,
      toNone: countOf(fitting, (path) => path.creditedToNone),
      toEarlierTouch: countOf(fitting, (path) => path.creditedToEarlier),
      elsewhere: countOf(fitting, (path) => path.creditedElsewhere),
    },
    basis: {
      window: question.window,
      paths: fitting.length,
      touches: countOf(fitting, (path) => path.orders * path.codes.length),
      idleCustomers: facts.idle === null ? null : facts.idle.reduce((sum, { customers }) => sum + customers, 0),
      resamples,
      level: 0.9,
      method: question.models.map((model) => METHODS[model]).join('; '),
      assumes: assumptions(question, fitting, facts, resamples),
    },
  };
}

const METHODS: Readonly<Record<AttributionModel, string>> = {
  first_touch: 'first touch takes all',
  last_touch: 'last touch takes all',
  linear: 'equal parts to every touch',
  time_decay: 'exponential time decay',
  position_based: '40/20/40 by position',
  markov: 'removal effect of a first-order Markov chain (Anderl et al. 2016)',
  shapley: 'Shapley value of the sets of nodes (Zhao et al. 2018)',
};

const hasInterval = (model: AttributionModel): boolean => model === 'markov' || model === 'shapley';
const isAsked = ({ codes }: PathTotals | IdlePath): boolean => codes.some((code) => code !== OUTSIDE);
const countOf = (paths: readonly PathTotals[], count: (path: PathTotals) => number): number =>
  paths.reduce((sum, path) => sum + count(path), 0);

type Whole = { readonly orders: number; readonly cents: number };

const totalsOf = (paths: readonly PathTotals[]): Whole => ({
  orders: countOf(paths, ({ orders }) => orders),
  cents: countOf(paths, ({ cents }) => cents),
});
const usd = (cents: number | bigint): Decimal => decimal(cents).div(100);
const salesOf = ({ orders, cents }: Whole): Sales => ({ orders, revenue: toAnswerNumber(usd(cents)) });

/** A node that has a touch somewhere in what is distributed. */
type CreditedNode = PathNode & { readonly code: number };

/** The nodes that occur, in the order of their ids, those that stand for what is left over last. */
function rowsOf(
  { by, nodes }: AttributionQuestion,
  fitting: readonly PathTotals[],
  { idle, decayed }: AttributionFacts,
): readonly CreditedNode[] {
  const occurs: boolean[] = [];
  for (const { code } of decayed) occurs[code] = true;
  for (const path of fitting) for (const code of path.codes) occurs[code] = true;
  for (const path of idle ?? []) for (const code of path.codes) occurs[code] = true;
  const known = nodes.map((node, index) => ({ ...node, code: FIRST_NODE + index })).sort((one, other) => (one.id < other.id ? -1 : 1));
  const leftOver: readonly CreditedNode[] = [
    { id: 'rest', name: by === 'campaign' ? 'all other campaigns asked about' : 'other channels', code: REST },
    { id: 'outside', name: 'touches outside the question', code: OUTSIDE },
  ];
  return [...known, ...leftOver].filter(({ code }) => occurs[code] === true);
}

/** Converting and idle paths of the same nodes together, numbered as the rows are. */
function seenPaths(rows: readonly CreditedNode[], fitting: readonly PathTotals[], idle: readonly IdlePath[] | null): readonly SeenPath[] {
  const positions: number[] = [];
  for (const [index, { code }] of rows.entries()) positions[code] = index;
  const nodesOf = (codes: readonly number[]): readonly number[] => codes.map((code) => positions[code] ?? 0);
  if (idle === null) {
    return fitting.map(({ codes, orders, cents, squaredCents }) => ({ nodes: nodesOf(codes), orders, cents, squaredCents, idle: 0 }));
  }
  const keyOf = (codes: readonly number[]): string => String.fromCharCode(...codes);
  const idleByPath = new Map(idle.map(({ codes, customers }) => [keyOf(codes), customers]));
  const converting = fitting.map((path): SeenPath => {
    const key = keyOf(path.codes);
    const customers = idleByPath.get(key) ?? 0;
    idleByPath.delete(key);
    return { nodes: nodesOf(path.codes), orders: path.orders, cents: path.cents, squaredCents: path.squaredCents, idle: customers };
  });
  const only = idle
    .filter(({ codes }) => idleByPath.has(keyOf(codes)))
    .map(({ codes, customers }): SeenPath => ({ nodes: nodesOf(codes), orders: 0, cents: 0, squaredCents: 0, idle: customers }));
  return [...converting, ...only];
}

function creditRows(
  model: AttributionModel,
  rows: readonly CreditedNode[],
  seen: readonly SeenPath[],
  distributed: Whole,
  facts: AttributionFacts,
  question: AttributionQuestion,
): readonly CreditRow[] {
  if (distributed.orders === 0) return [];
  const weights = weightsOf(model, rows, seen, facts);
  const orders = largestRemainder(BigInt(distributed.orders) * 100n, weights.orders);
  const cents = largestRemainder(BigInt(distributed.cents), weights.cents);
  const intervals = intervalsOf(model, rows.length, seen, question);
  const whole = usd(distributed.cents);
  const bound = (share: number | undefined): number | null => (share === undefined ? null : toAnswerNumber(whole.times(share)));
  return rows.map(({ id, name }, index) => {
    const revenue = usd(cents[index] ?? 0n);
    const interval = intervals[index] ?? undefined;
    return {
      id,
      name,
      model,
      orders: toAnswerNumber(usd(orders[index] ?? 0n)),
      revenue: toAnswerNumber(revenue),
      sharePercent: whole.isZero() ? null : toAnswerNumber(revenue.times(100).div(whole), 1),
      low: bound(interval?.low),
      high: bound(interval?.high),
    };
  });
}

function weightsOf(
  model: AttributionModel,
  rows: readonly CreditedNode[],
  seen: readonly SeenPath[],
  { decayed }: AttributionFacts,
): Credits {
  switch (model) {
    case 'time_decay': {
      const credits = new Map(decayed.map((credit) => [credit.code, credit]));
      return {
        orders: rows.map(({ code }) => credits.get(code)?.orders ?? 0n),
        cents: rows.map(({ code }) => credits.get(code)?.cents ?? 0n),
      };
    }
    case 'markov': {
      const { effects } = removalEffectsOf(rows.length, seen);
      const weights = effects.map((effect) => BigInt(Math.round(effect * 2 ** 52)));
      return { orders: weights, cents: weights };
    }
    default:
      return creditsOf(model, rows.length, seen);
  }
}

function intervalsOf(model: AttributionModel, nodes: number, seen: readonly SeenPath[], { key }: AttributionQuestion) {
  const resamples = resamplesFor(seen.length);
  if ((model !== 'markov' && model !== 'shapley') || resamples === 0) return [];
  return shareIntervals(nodes, seen, resamples, key, model);
}

/** By what the models together give a node, most first, models in the order asked. */
function inOrder(credits: readonly CreditRow[], models: readonly AttributionModel[]): readonly CreditRow[] {
  const worth = new Map<string, number>();
  for (const { id, revenue } of credits) worth.set(id, (worth.get(id) ?? 0) + revenue);
  return [...credits].sort(
    (one, other) =>
      (worth.get(other.id) ?? 0) - (worth.get(one.id) ?? 0) ||
      (one.id < other.id ? -1 : one.id > other.id ? 1 : models.indexOf(one.model) - models.indexOf(other.model)),
  );
}

function assumptions(
  question: AttributionQuestion,
  fitting: readonly PathTotals[],
  { idle }: AttributionFacts,
  resamples: number,
): readonly string[] {
  const { models, halfLifeDays } = question;
  const asks = (model: AttributionModel): boolean => models.includes(model);
  const cut = countOf(fitting, (path) => path.cut);
  return [
    `A path is all touches of the buyer in the ${PATH_DAYS} days before a paid order; an order that no touch precedes is nobody's.`,
    'A model divides what was sold; it does not show what would have been sold without advertising.',
    ...(cut === 0
      ? []
      : [`${formatCount(cut)} orders had more than ${MOST_TOUCHES} touches: the first and the last ${MOST_TOUCHES - 1} count.`]),
    ...(asks('time_decay') ? [`time_decay: a touch counts half as much every ${halfLifeDays} days.`] : []),
    ...(asks('markov')
      ? [
          idle === null
            ? 'markov: only paths that ended in an order were counted; for so many customers those without one take too long.'
            : `markov: with ${formatCount(idle.reduce((sum, { customers }) => sum + customers, 0))} touched customers who did not buy until ${PATH_DAYS} days after the period (as far as loaded). Orders and revenue by the same removal effects.`,
        ]
      : []),
    ...(models.some(hasInterval)
      ? [
          resamples === 0
            ? 'No intervals: there are too many different paths to resample in time.'
            : `Intervals of markov and shapley: Poisson bootstrap over the paths, ${formatCount(resamples)} resamples.`,
        ]
      : []),
  ];
}

/** The attribution as text: a row a node, a column a model. */
export function attributionText(answer: Attribution, scope: string): string {
  const { status, by, models, distributed, withoutTouch, touchedByOthers, credits, crm, basis } = answer;
  const sales = ({ orders, revenue }: Sales): string => `${formatCount(orders)} orders, ${formatUsd(revenue)}`;
  const cell = (id: string, model: AttributionModel): string => {
    const row = credits.find((credit) => credit.id === id && credit.model === model);
    if (row === undefined) return 'no data';
    const interval = row.low === null || row.high === null ? '' : ` [${formatUsd(row.low)} to ${formatUsd(row.high)}]`;
    return `${formatUsd(row.revenue)} (${formatPercent(row.sharePercent, 1)}; ${decimal(row.orders).toFixed(2)} orders)${interval}`;
  };
  const names = new Map(credits.map(({ id, name }) => [id, name]));
  return [
    status === 'no_data'
      ? `Nothing to attribute: no paid order of the period has a touch of what is asked in the ${PATH_DAYS} days before it.`
      : `Attribution by ${by}, ${scope}; every model distributes ${sales(distributed)}`,
    ...(status === 'no_data'
      ? []
      : [
          table<string>(
            [
              {
                header: by === 'channel' ? 'Channel' : 'Campaign',
                cell: (id) => (by === 'campaign' && names.get(id) !== id ? `${names.get(id)} (${id})` : (names.get(id) ?? id)),
              },
              ...models.map((model): Column<string> => ({ header: model, cell: (id) => cell(id, model) })),
            ],
            [...names.keys()],
          ),
          `Last touch and PromptCRM's own credit agree on ${formatCount(crm.agree)} orders and differ on ${formatCount(crm.differ)} (CRM credits nobody: ${formatCount(crm.toNone)}; an earlier touch: ${formatCount(crm.toEarlierTouch)}; one that is not in the path: ${formatCount(crm.elsewhere)}).`,
        ]),
    `Not distributed: without any touch ${sales(withoutTouch)}; touched by others only ${sales(touchedByOthers)}.`,
    `Basis: ${basis.window.from} to ${basis.window.to}; ${formatCount(basis.paths)} different paths, ${formatCount(basis.touches)} touches${basis.idleCustomers === null ? '' : `, ${formatCount(basis.idleCustomers)} touched without buying`}. Method: ${basis.method}.${basis.resamples === 0 ? '' : ` [] are ${formatPercent(100 * basis.level, 0)} intervals of revenue.`}`,
    ...basis.assumes.map((assumed) => `- ${assumed}`),
  ].join('\n');
}
