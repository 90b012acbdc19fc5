import { z } from 'zod';
import { fold } from './fold.ts';
import type { Decimal } from './money.ts';
import { decimal, formatCount, formatPercent, formatRatio, formatUsd, ratio, sum, toAnswerNumber } from './money.ts';
import { ToolError } from './tool_error.ts';

/** What is counted and added up, and every formula is made of. Money is US dollars as decimal text, as SQL's numeric arrives; the rest are counts. */
export type Totals = {
  readonly spend: string;
  readonly impressions: number;
  readonly clicks: number;
  readonly engagements: number;
  /** As the ad platform counts them; the business counts orders. */
  readonly conversions: number;
  readonly leads: number;
  /** Paid orders credited to a campaign. */
  readonly orders: number;
  /** Of those orders. */
  readonly revenue: string;
  readonly refunds: string;
  /** Orders by customers who had not bought before. */
  readonly newCustomerOrders: number;
};

export type TotalName = keyof Totals;
export type MetricUnit = 'USD' | '%' | 'count' | 'ratio';

type MetricDefinition = {
  readonly name: { readonly en: string; readonly es: string };
  readonly unit: MetricUnit;
  readonly betterWhen: 'higher' | 'lower' | 'neutral';
  /** Digits after the point in an answer. */
  readonly digits: number;
  readonly numerator: TotalName;
  /** Taken from the numerator. */
  readonly minus?: TotalName;
  /** Absent: the metric is a total. Zero: the metric is null, "no data". */
  readonly denominator?: TotalName;
  /** 100 for a percentage, 1,000 for a price per thousand. */
  readonly times?: number;
  /** What else people write for it, English and Spanish; case, accents and punctuation aside. */
  readonly aliases: readonly string[];
};

const METRIC_TABLE = {
  spend: {
    name: { en: 'Spend', es: 'Gasto' },
    unit: 'USD',
    betterWhen: 'neutral',
    digits: 2,
    numerator: 'spend',
    aliases: ['cost', 'ad spend', 'investment', 'costo', 'inversión', 'gasto publicitario', 'gastos'],
  },
  impressions: {
    name: { en: 'Impressions', es: 'Impresiones' },
    unit: 'count',
    betterWhen: 'higher',
    digits: 0,
    numerator: 'impressions',
    aliases: ['views', 'vistas', 'visualizaciones'],
  },
  clicks: {
    name: { en: 'Clicks', es: 'Clics' },
    unit: 'count',
    betterWhen: 'higher',
    digits: 0,
    numerator: 'clicks',
    aliases: ['click', 'clic', 'cliques'],
  },
  engagements: {
    name: { en: 'Engagements', es: 'Interacciones' },
    unit: 'count',
    betterWhen: 'higher',
    digits: 0,
    numerator: 'engagements',
    aliases: ['engagement', 'interactions', 'interacción'],
  },
  conversions: {
    name: { en: 'Platform conversions', es: 'Conversiones de la plataforma' },
    unit: 'count',
    betterWhen: 'higher',
    digits: 0,
    numerator: 'conversions',
    aliases: ['conversion', 'conversiones', 'conversión'],
  },
  leads: {
    name: { en: 'Leads', es: 'Leads' },
    unit: 'count',
    betterWhen: 'higher',
    digits: 0,
    numerator: 'leads',
    aliases: ['lead', 'prospectos', 'prospects'],
  },
  orders: {
    name: { en: 'Orders', es: 'Pedidos' },
    unit: 'count',
    betterWhen: 'higher',
    digits: 0,
    numerator: 'orders',
    aliases: ['order', 'purchases', 'number of sales', 'compras', 'órdenes', 'cantidad de ventas', 'número de ventas'],
  },
  revenue: {
    name: { en: 'Revenue', es: 'Ingresos' },
    unit: 'USD',
    betterWhen: 'higher',
    digits: 2,
    numerator: 'revenue',
    aliases: ['sales', 'income', 'turnover', 'ventas', 'ingreso', 'facturación', 'dinero', 'money'],
  },
  refunds: {
    name: { en: 'Refunds', es: 'Reembolsos' },
    unit: 'USD',
    betterWhen: 'lower',
    digits: 2,
    numerator: 'refunds',
    aliases: ['refund', 'returns', 'devoluciones', 'reembolso'],
  },
  newCustomerOrders: {
    name: { en: 'Orders of new customers', es: 'Pedidos de clientes nuevos' },
    unit: 'count',
    betterWhen: 'higher',
    digits: 0,
    numerator: 'newCustomerOrders',
    aliases: ['new customers', 'first orders', 'clientes nuevos', 'nuevos clientes'],
  },
  ctr: {
    name: { en: 'CTR, click-through rate', es: 'CTR, tasa de clics' },
    unit: '%',
    betterWhen: 'higher',
    digits: 2,
    numerator: 'clicks',
    denominator: 'impressions',
    times: 100,
    aliases: ['click-through rate', 'click rate', 'tasa de clics'],
  },
  cpc: {
    name: { en: 'CPC, cost per click', es: 'CPC, costo por clic' },
    // Four digits: clicks cost cents, and 0.03 against 0.04 would hide what changed.
    unit: 'USD',
    betterWhen: 'lower',
    digits: 4,
    numerator: 'spend',
    denominator: 'clicks',
    aliases: ['cost per click', 'costo por clic'],
  },
  cpm: {
    name: { en: 'CPM, cost per thousand impressions', es: 'CPM, costo por mil impresiones' },
    unit: 'USD',
    betterWhen: 'lower',
    digits: 2,
    numerator: 'spend',
    denominator: 'impressions',
    times: 1000,
    aliases: ['cost per mille', 'cost per thousand impressions', 'costo por mil', 'costo por mil impresiones'],
  },
  engagementRate: {
    name: { en: 'Engagement rate', es: 'Tasa de interacción' },
    unit: '%',
    betterWhen: 'higher',
    digits: 2,
    numerator: 'engagements',
    denominator: 'impressions',
    times: 100,
    aliases: ['tasa de engagement'],
  },
  platformConversionRate: {
    name: { en: 'Platform conversion rate', es: 'Tasa de conversión de la plataforma' },
    unit: '%',
    betterWhen: 'higher',
    digits: 2,
    numerator: 'conversions',
    denominator: 'clicks',
    times: 100,
    aliases: ['conversion rate', 'cvr', 'tasa de conversión'],
  },
  orderRate: {
    name: { en: 'Order rate', es: 'Tasa de pedidos' },
    unit: '%',
    betterWhen: 'higher',
    digits: 2,
    numerator: 'orders',
    denominator: 'clicks',
    times: 100,
    aliases: ['orders per click', 'purchase rate', 'tasa de compra'],
  },
  cpl: {
    name: { en: 'CPL, cost per lead', es: 'CPL, costo por lead' },
    unit: 'USD',
    betterWhen: 'lower',
    digits: 2,
    numerator: 'spend',
    denominator: 'leads',
    aliases: ['cost per lead', 'costo por prospecto'],
  },
  cpa: {
    name: { en: 'CPA, cost per order', es: 'CPA, costo por pedido' },
    unit: 'USD',
    betterWhen: 'lower',
    digits: 2,
    numerator: 'spend',
    denominator: 'orders',
    aliases: ['cost per acquisition', 'cost per order', 'costo por adquisición', 'costo por venta', 'costo por compra'],
  },
  roas: {
    name: { en: 'ROAS, return on ad spend', es: 'ROAS, retorno de la inversión publicitaria' },
    unit: 'ratio',
    betterWhen: 'higher',
    digits: 2,
    numerator: 'revenue',
    denominator: 'spend',
    aliases: ['return on ad spend', 'retorno', 'retorno de la inversión', 'rentabilidad'],
  },
  aov: {
    name: { en: 'AOV, average order value', es: 'Valor medio del pedido' },
    unit: 'USD',
    betterWhen: 'higher',
    digits: 2,
    numerator: 'revenue',
    denominator: 'orders',
    aliases: ['average order value', 'average ticket', 'ticket promedio', 'ticket medio', 'valor promedio del pedido'],
  },
  returnAfterAds: {
    name: { en: 'Return after ads', es: 'Retorno después de publicidad' },
    unit: 'USD',
    betterWhen: 'higher',
    digits: 2,
    numerator: 'revenue',
    minus: 'spend',
    aliases: ['profit after ads', 'ganancia después de publicidad', 'retorno neto'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricId = keyof typeof METRIC_TABLE;

/** One formula, as every server computes, names and shows it. */
export type Metric = MetricDefinition & {
  readonly id: MetricId;
  /** 'clicks ÷ impressions × 100': written from the definition, so the two cannot differ. */
  readonly formula: string;
};

export const METRIC_IDS = Object.keys(METRIC_TABLE) as readonly MetricId[];

/** All metrics in the order in which answers list them: totals, then rates, prices and returns. */
export const METRICS: Readonly<Record<MetricId, Metric>> = recordOf((id) => {
  const definition: MetricDefinition = METRIC_TABLE[id];
  return { ...definition, id, formula: formulaText(definition) };
});

function recordOf<Value>(entryOf: (id: MetricId) => Value): Readonly<Record<MetricId, Value>> {
  return Object.fromEntries(METRIC_IDS.map((id) => [id, entryOf(id)])) as Record<MetricId, Value>;
}

function formulaText({ numerator, minus, denominator, times }: MetricDefinition): string {
  const over = denominator === undefined ? '' : ` ÷ ${denominator}`;
  return `${numerator}${minus === undefined ? '' : ` − ${minus}`}${over}${times === undefined ? '' : ` × ${times}`}`;
}

/** The totals that a metric's formula reads. */
export function totalsBehind(id: MetricId): readonly TotalName[] {
  const { numerator, minus, denominator }: MetricDefinition = METRIC_TABLE[id];
  return [numerator, minus, denominator].filter((name) => name !== undefined);
}

/** Every metric's value as an answer carries it: rounded to the metric's digits; null is "no data". */
export type MetricValues = Readonly<Record<MetricId, number | null>>;

type ExactTotals = Readonly<Record<TotalName, Decimal>>;

// Read once for all the formulas: reading decimals is most of what a formula costs.
const exactly = (totals: Totals): ExactTotals => ({
  spend: decimal(totals.spend),
  impressions: decimal(totals.impressions),
  clicks: decimal(totals.clicks),
  engagements: decimal(totals.engagements),
  conversions: decimal(totals.conversions),
  leads: decimal(totals.leads),
  orders: decimal(totals.orders),
  revenue: decimal(totals.revenue),
  refunds: decimal(totals.refunds),
  newCustomerOrders: decimal(totals.newCustomerOrders),
});

function evaluate(id: MetricId, total: (name: TotalName) => Decimal): Decimal | null {
  const { numerator, minus, denominator, times }: MetricDefinition = METRIC_TABLE[id];
  const difference = minus === undefined ? total(numerator) : total(numerator).minus(total(minus));
  const above = times === undefined ? difference : difference.times(times);
  return denominator === undefined ? above : ratio(above, total(denominator));
}

/** The unrounded value; null when the denominator is zero. */
export function exactMetric(id: MetricId, totals: Totals): Decimal | null {
  return evaluate(id, (name) => decimal(totals[name]));
}

/** The unrounded value of several totals together: the rate of the sums, not a mean of rates. */
export function exactMetricOfAll(id: MetricId, all: readonly Totals[]): Decimal | null {
  return evaluate(id, (name) => sum(all.map((totals) => totals[name])));
}

/**
 * The double nearest to exactMetric, many times faster: what a ranking of a thousand campaigns sorts by. Rounding never turns an order round,
 * so two values differ as their doubles do, and need an exact comparison only where those are equal.
 */
export function nearestMetric(id: MetricId, totals: Totals): number | null {
  const { numerator, minus, denominator, times = 1 }: MetricDefinition = METRIC_TABLE[id];
  // Whole numbers on both sides of one division, which IEEE 754 rounds correctly.
  const above = (hundredths(totals[numerator]) - (minus === undefined ? 0 : hundredths(totals[minus]))) * times;
  const below = denominator === undefined ? 100 : hundredths(totals[denominator]);
  if (below === 0) return null;
  if (!Number.isSafeInteger(above) || !Number.isSafeInteger(below)) return exactMetric(id, totals)?.toNumber() ?? null;
  return above / below;
}

/** Money or a count in hundredths; NaN when it is too large or too fine to be a whole number of them. */
function hundredths(total: string | number): number {
  if (typeof total === 'number') return total * 100;
  const point = total.indexOf('.');
  const value = Math.round(Number(total) * 100);
  return (point === -1 || point >= total.length - 3) && Math.abs(value) < MOST_HUNDREDTHS ? value : Number.NaN;
}

/** Below it, a text's double times 100 is off by less than a half. */
const MOST_HUNDREDTHS = 2 ** 50;

/** One metric, rounded as in computeMetrics. */
export function computeMetric(id: MetricId, totals: Totals): number | null {
  return toAnswerNumber(exactMetric(id, totals), METRICS[id].digits);
}

/** All metrics of some totals. Each is computed exactly and rounded once, halves away from zero. */
export function computeMetrics(totals: Totals): MetricValues {
  const exact = exactly(totals);
  return recordOf((id) =>
    toAnswerNumber(
      evaluate(id, (name) => exact[name]),
      METRICS[id].digits,
    ),
  );
}

/** The totals of nothing: what sums begin with. Not what to answer when there are no rows; that is "no data". */
export const NO_TOTALS: Totals = {
  spend: '0',
  impressions: 0,
  clicks: 0,
  engagements: 0,
  conversions: 0,
  leads: 0,
  orders: 0,
  revenue: '0',
  refunds: '0',
  newCustomerOrders: 0,
};

/** Adds totals up exactly, so that a rate over several campaigns is the rate of the sums, not a mean of rates. */
export function addTotals(all: Iterable<Totals>): Totals {
  let { impressions, clicks, engagements, conversions, leads, orders, newCustomerOrders } = NO_TOTALS;
  const money = { spend: decimal(0), revenue: decimal(0), refunds: decimal(0) };
  for (const one of all) {
    money.spend = money.spend.plus(one.spend);
    money.revenue = money.revenue.plus(one.revenue);
    money.refunds = money.refunds.plus(one.refunds);
    impressions += one.impressions;
    clicks += one.clicks;
    engagements += one.engagements;
    conversions += one.conversions;
    leads += one.leads;
    orders += one.orders;
    newCustomerOrders += one.newCustomerOrders;
  }
  return {
    spend: money.spend.toFixed(),
    impressions,
    clicks,
    engagements,
    conversions,
    leads,
    orders,
    revenue: money.revenue.toFixed(),
    refunds: money.refunds.toFixed(),
    newCustomerOrders,
  };
}

/** How a figure moved. Null where it cannot be said: a figure is missing, or (percent) it was zero before. */
export type Change = { readonly absolute: number | null; readonly percent: number | null };

const PERCENT_CHANGE_DIGITS = 1;

/** current − previous, and that as a percentage of the size of previous (so that less of a loss is a rise). `digits` rounds the absolute change. */
export function change(current: Decimal | number | string | null, previous: Decimal | number | string | null, digits = 2): Change {
  if (current === null || previous === null) return { absolute: null, percent: null };
  const difference = decimal(current).minus(previous);
  const part = ratio(difference.times(100), decimal(previous).abs());
  return { absolute: toAnswerNumber(difference, digits), percent: toAnswerNumber(part, PERCENT_CHANGE_DIGITS) };
}

/** The change of every metric between two totals, computed from unrounded values. */
export function changeOfMetrics(current: Totals, previous: Totals): Readonly<Record<MetricId, Change>> {
  const [now, before] = [exactly(current), exactly(previous)];
  return recordOf((id) =>
    change(
      evaluate(id, (name) => now[name]),
      evaluate(id, (name) => before[name]),
      METRICS[id].digits,
    ),
  );
}

/** A value as the text of an answer shows it, with the digits it has in the data: '$0.0834', '3.25%', '1,200', '4.1'. */
export function formatMetric(id: MetricId, value: number | null): string {
  return formatFigure(value, METRICS[id].unit, METRICS[id].digits);
}

/** A figure of any unit as text, with so many digits. */
export function formatFigure(value: number | Decimal | null, unit: MetricUnit, digits: number): string {
  switch (unit) {
    case 'USD':
      return formatUsd(value, digits);
    case '%':
      return formatPercent(value, digits);
    case 'count':
      return formatCount(value);
    case 'ratio':
      return formatRatio(value, digits);
  }
}

let idsByAlias: ReadonlyMap<string, MetricId> | undefined;

// Made when first asked: folding loads the Unicode tables, 4 ms that a start need not wait for.
const metricNamed = (text: string): MetricId | undefined => {
  idsByAlias ??= new Map(
    METRIC_IDS.flatMap((id) => {
      const { name, aliases }: MetricDefinition = METRIC_TABLE[id];
      const written = [id, id.replace(/[A-Z]/g, ' $&'), name.en, name.es, ...aliases];
      return written.map((alias): [string, MetricId] => [fold(alias), id]);
    }),
  );
  return idsByAlias.get(fold(text));
};

/** The metric a text names, in English or Spanish, any case and accents. Throws ToolError invalid_input with the accepted names. */
export function readMetric(text: string): MetricId {
  const id = metricNamed(text);
  if (id !== undefined) return id;
  throw new ToolError('invalid_input', `"${text.slice(0, 60)}" is not a metric.`, {
    remedy: `Metrics: ${METRIC_IDS.join(', ')}. Spanish names work too: ingresos, gasto, clics, pedidos.`,
  });
}

/** A metric as an argument: the schema shows the ids, and other names people use ('ventas', 'cost per click') are understood. */
export const MetricName = z
  .preprocess((asked) => (typeof asked === 'string' ? (metricNamed(asked) ?? asked) : asked), z.enum(METRIC_IDS))
  .describe('Metric by which to rank or compare. Examples: "revenue", "roas", "ctr", "gasto", "ventas"');

/** The shape of MetricValues in an answer's schema. */
export const MetricValuesOutput = z.object(recordOf(() => z.number().nullable()));
