import { type BgNbd, expectedPurchases, fitBgNbd, fitGammaGamma, type GammaGamma, type PurchaseCount } from './purchase_model.ts';

/** A customer's paid orders: their days, as numbers of days in ascending order, and what they spent in US cents. */
export type PurchaseHistory = { readonly days: readonly number[]; readonly cents: number };

/** A tenth of the customers, by what was predicted of them: repeat orders of the held-out days. */
export type CalibrationTenth = { readonly tenth: number; readonly customers: number; readonly predicted: number; readonly actual: number };

export type Calibration = {
  readonly holdoutDays: number;
  readonly customers: number;
  readonly predicted: number;
  readonly actual: number;
  /** From the least to the most predicted. */
  readonly tenths: readonly CalibrationTenth[];
};

/** What is known of a scope's customers; `too_few` says why nothing is. */
export type FittedPurchases =
  | {
      readonly kind: 'fitted';
      readonly purchases: BgNbd;
      readonly baskets: GammaGamma;
      readonly customers: number;
      readonly repeaters: number;
      readonly calibration: Calibration;
    }
  | { readonly kind: 'too_few'; readonly why: string };

const FEWEST_CUSTOMERS = 200;
const FEWEST_REPEATERS = 50;
const FEWEST_DAYS = 90;
const LONGEST_HOLDOUT = 182;
const DAYS_A_WEEK = 7;

/**
 * Fits both models to histories that end on `today` (a number of days, as the histories') and measures them: fitted again without the last
 * days, at most half a year and a third of all, what did they predict, and what happened?
 */
export function fitPurchases(histories: readonly PurchaseHistory[], today: number): FittedPurchases {
  const repeaters = histories.filter(({ days }) => days.length > 1).length;
  if (histories.length < FEWEST_CUSTOMERS || repeaters < FEWEST_REPEATERS) {
    return {
      kind: 'too_few',
      why: `${histories.length} customers have bought and ${repeaters} of them again; the model needs ${FEWEST_CUSTOMERS} and ${FEWEST_REPEATERS}`,
    };
  }
  const observed = today - histories.reduce((first, { days }) => Math.min(first, days[0] ?? today), today);
  if (observed < FEWEST_DAYS) {
    return { kind: 'too_few', why: `orders reach back ${observed} days; the model needs ${FEWEST_DAYS}` };
  }
  const holdoutDays = Math.min(LONGEST_HOLDOUT, Math.floor(observed / 3));
  const cut = today - holdoutDays;
  const before = histories.flatMap(({ days }) => {
    const known = days.filter((day) => day <= cut);
    return known.length === 0 ? [] : [{ known: countOf(known, cut), actual: days.length - known.length }];
  });
  if (before.length < FEWEST_CUSTOMERS / 2 || before.filter(({ known }) => known.x > 0).length < FEWEST_REPEATERS / 2) {
    return { kind: 'too_few', why: `only ${before.length} customers had bought ${holdoutDays} days ago: the model could not be measured` };
  }
  const earlier = fitBgNbd(grouped(before.map(({ known }) => known)));
  const predictions = before.map(({ known: { x, tx, T }, actual }) => ({
    predicted: expectedPurchases(earlier, x, tx, T, holdoutDays / DAYS_A_WEEK),
    actual,
  }));
  return {
    kind: 'fitted',
    purchases: fitBgNbd(grouped(histories.map(({ days }) => countOf(days, today))), earlier),
    baskets: fitGammaGamma(histories.map(({ days, cents }) => ({ orders: days.length, mean: cents / 100 / days.length }))),
    customers: histories.length,
    repeaters,
    calibration: calibrationOf(predictions, holdoutDays),
  };
}

function countOf(days: readonly number[], end: number): PurchaseCount {
  const [first = end, last = end] = [days[0], days.at(-1)];
  return { x: days.length - 1, tx: (last - first) / DAYS_A_WEEK, T: (end - first) / DAYS_A_WEEK, customers: 1 };
}

/** Customers who bought alike are one term of the likelihood. */
function grouped(counts: readonly PurchaseCount[]): readonly PurchaseCount[] {
  const groups = new Map<string, PurchaseCount>();
  for (const count of counts) {
    const key = `${count.x} ${count.tx} ${count.T}`;
    groups.set(key, { ...count, customers: (groups.get(key)?.customers ?? 0) + 1 });
  }
  return [...groups.values()];
}

function calibrationOf(predictions: readonly { readonly predicted: number; readonly actual: number }[], holdoutDays: number): Calibration {
  const ranked = predictions.toSorted((one, other) => one.predicted - other.predicted);
  const tenths = Array.from({ length: 10 }, (_, index): CalibrationTenth => {
    const own = ranked.slice(Math.floor((index * ranked.length) / 10), Math.floor(((index + 1) * ranked.length) / 10));
    return {
      tenth: index + 1,
      customers: own.length,
      predicted: own.reduce((sum, { predicted }) => sum + predicted, 0),
      actual: own.reduce((sum, { actual }) => sum + actual, 0),
    };
  });
  const total = (read: (tenth: CalibrationTenth) => number): number => tenths.reduce((sum, tenth) => sum + read(tenth), 0);
  return { holdoutDays, customers: ranked.length, predicted: total((t) => t.predicted), actual: total((t) => t.actual), tenths };
}
