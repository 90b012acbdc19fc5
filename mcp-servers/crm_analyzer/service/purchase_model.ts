/**
 * How often customers buy and whether they still do: BG/NBD (Fader, Hardie, Lee, "Counting Your Customers the Easy Way", Marketing Science
 * 24(2), 2005). While active a customer buys at a rate λ ~ Gamma(r, α); after each purchase they stop with probability p ~ Beta(a, b).
 * Times are weeks. x: repeat purchases; tx: first to last purchase; T: first purchase to the end of what was observed.
 */
export type BgNbd = { readonly r: number; readonly alpha: number; readonly a: number; readonly b: number };

/** So many customers bought alike. */
export type PurchaseCount = { readonly x: number; readonly tx: number; readonly T: number; readonly customers: number };

/**
 * What a customer spends an order: Gamma-Gamma (Fader & Hardie, "The Gamma-Gamma Model of Monetary Value", 2013). An order is worth
 * Gamma(p, ν) dollars, with ν ~ Gamma(q, v) over customers.
 */
export type GammaGamma = { readonly p: number; readonly q: number; readonly v: number };

/** Orders of a customer and their mean, in US dollars. A statistic, not a sum of money. */
export type Basket = { readonly orders: number; readonly mean: number };

/** Log-likelihood of the counts, equation (6) of the 2005 paper. */
export function bgNbdLogLikelihood({ r, alpha, a, b }: BgNbd, counts: readonly PurchaseCount[]): number {
  const logAlpha = Math.log(alpha);
  const atZero = lnGamma(r) - r * logAlpha;
  // What depends on x alone is the same for most customers.
  const ofX = new Map<number, { readonly both: number; readonly stopped: number }>();
  let total = 0;
  for (const { x, tx, T, customers } of counts) {
    let known = ofX.get(x);
    if (known === undefined) {
      known = {
        both: lnGamma(r + x) - atZero + lnBeta(a, b + x) - lnBeta(a, b),
        stopped: x === 0 ? 0 : Math.log(a) - Math.log(b + x - 1),
      };
      ofX.set(x, known);
    }
    const active = -(r + x) * Math.log(alpha + T);
    if (x === 0) {
      total += customers * (known.both + active);
      continue;
    }
    const gone = known.stopped - (r + x) * Math.log(alpha + tx);
    const larger = Math.max(active, gone);
    total += customers * (known.both + larger + Math.log(Math.exp(active - larger) + Math.exp(gone - larger)));
  }
  return total;
}

/** Probability that a customer still buys; 1 for x = 0, since the model lets nobody stop before a second purchase (Fader & Hardie, 2008). */
export function probabilityActive({ r, alpha, a, b }: BgNbd, x: number, tx: number, T: number): number {
  return x === 0 ? 1 : 1 / (1 + (a / (b + x - 1)) * ((alpha + T) / (alpha + tx)) ** (r + x));
}

/**
 * Purchases expected in the next t weeks, equation (10) of the 2005 paper, before it is divided by 1 + the odds of having stopped: what depends
 * on x and T alone.
 */
export function expectedIfActive({ r, alpha, a, b }: BgNbd, x: number, T: number, t: number): number {
  const apart = a - 1;
  // At a = 1 numerator and denominator are both zero; beside it the formula is smooth.
  const near = Math.abs(apart) < 1e-6 ? 1e-6 : apart;
  const moved = near + 1;
  const tail = ((alpha + T) / (alpha + T + t)) ** (r + x) * hypergeometric(r + x, b + x, moved + b + x - 1, t / (alpha + T + t));
  return ((moved + b + x - 1) / near) * (1 - tail);
}

/** Purchases expected of a customer in the next t weeks. */
export function expectedPurchases(model: BgNbd, x: number, tx: number, T: number, t: number): number {
  return expectedIfActive(model, x, T, t) * probabilityActive(model, x, tx, T);
}

/** What a customer's next order is expected to be worth, equation (5) of the 2013 note, in US dollars. */
export function expectedBasket({ p, q, v }: GammaGamma, orders: number, mean: number): number {
  return (p * (v + orders * mean)) / (p * orders + q - 1);
}

/** Log-likelihood of mean baskets, equation (1a) of the 2013 note. */
export function gammaGammaLogLikelihood({ p, q, v }: GammaGamma, baskets: readonly Basket[]): number {
  const logV = Math.log(v);
  const ofOrders = new Map<number, number>();
  let total = 0;
  for (const { orders, mean } of baskets) {
    let known = ofOrders.get(orders);
    if (known === undefined) {
      known = lnGamma(p * orders + q) - lnGamma(p * orders) - lnGamma(q) + q * logV + p * orders * Math.log(orders);
      ofOrders.set(orders, known);
    }
    total += known + (p * orders - 1) * Math.log(mean) - (p * orders + q) * Math.log(v + orders * mean);
  }
  return total;
}

/** From so many terms on, a fit begins with a part of them: near its end a step costs as much, but few are left. */
const ROUGHLY = 500;

/** Fits BG/NBD by maximum likelihood over the logarithms of its parameters. `near`: a fit of similar data, which saves most of the steps. */
export function fitBgNbd(counts: readonly PurchaseCount[], near?: BgNbd): BgNbd {
  const start = near ?? (counts.length > 2 * ROUGHLY ? fitBgNbd(partOf(counts)) : undefined);
  const { r, alpha, a, b } = start ?? { r: 1, alpha: 10, a: 1, b: 3 };
  const read = ([logR = 0, logAlpha = 0, logA = 0, logB = 0]: readonly number[]): BgNbd => ({
    r: Math.exp(logR),
    alpha: Math.exp(logAlpha),
    a: Math.exp(logA),
    b: Math.exp(logB),
  });
  const customers = counts.reduce((sum, count) => sum + count.customers, 0);
  const place = [r, alpha, a, b].map(Math.log);
  return read(minimize((logs) => -bgNbdLogLikelihood(read(logs), counts) / customers, place, start === undefined ? 0.5 : NEAR));
}

/** Fits Gamma-Gamma by maximum likelihood. Baskets of nothing are left out: the model has none. */
export function fitGammaGamma(baskets: readonly Basket[]): GammaGamma {
  const some = baskets.filter(({ mean }) => mean > 0);
  const start = some.length > 2 * ROUGHLY ? fitGammaGamma(partOf(some)) : undefined;
  const mean = some.reduce((sum, basket) => sum + basket.mean, 0) / some.length;
  // A mean over customers exists from q = 1 on.
  const read = ([logP = 0, logQ = 0, logV = 0]: readonly number[]): GammaGamma => ({
    p: Math.exp(logP),
    q: 1 + Math.exp(logQ),
    v: Math.exp(logV),
  });
  const place = start === undefined ? [0, Math.log(2), Math.log(2 * mean)] : [start.p, start.q - 1, start.v].map(Math.log);
  return read(minimize((logs) => -gammaGammaLogLikelihood(read(logs), some) / some.length, place, start === undefined ? 0.5 : NEAR));
}

/** How far the first steps from a fit of similar data go. */
const NEAR = 0.08;

function partOf<Term>(terms: readonly Term[]): readonly Term[] {
  const every = Math.ceil(terms.length / ROUGHLY);
  return terms.filter((_, index) => index % every === 0);
}

/** Parameters further away are a likelihood that rises without end. */
const FARTHEST = 12;

/** Nelder–Mead (1965) with its usual coefficients: the place of the least value, from `start` with first steps of `spread`. */
export function minimize(
  value: (place: readonly number[]) => number,
  start: readonly number[],
  spread = 0.5,
  mostSteps = 600,
  precise = 1e-8,
): readonly number[] {
  const at = (place: readonly number[]) => {
    const found = place.some((part) => Math.abs(part) > FARTHEST) ? Number.POSITIVE_INFINITY : value(place);
    return { place, value: Number.isNaN(found) ? Number.POSITIVE_INFINITY : found };
  };
  const corners = [at(start), ...start.map((_, axis) => at(start.map((part, index) => (index === axis ? part + spread : part))))];
  const worstAt = start.length;
  for (let step = 0; step < mostSteps; step++) {
    corners.sort((one, other) => one.value - other.value);
    const [best, worst, second] = [corners[0], corners[worstAt], corners[worstAt - 1]];
    if (best === undefined || worst === undefined || second === undefined) break;
    if (worst.value - best.value < precise) break;
    const center = start.map((_, axis) => corners.slice(0, worstAt).reduce((sum, corner) => sum + (corner.place[axis] ?? 0), 0) / worstAt);
    const along = (factor: number) => at(center.map((middle, axis) => middle + factor * ((worst.place[axis] ?? 0) - middle)));
    const reflected = along(-1);
    if (reflected.value < best.value) {
      const expanded = along(-2);
      corners[worstAt] = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < second.value) {
      corners[worstAt] = reflected;
    } else {
      const contracted = along(reflected.value < worst.value ? -0.5 : 0.5);
      if (contracted.value < Math.min(worst.value, reflected.value)) {
        corners[worstAt] = contracted;
      } else {
        for (let index = 1; index <= worstAt; index++) {
          const corner = corners[index];
          if (corner !== undefined) corners[index] = at(corner.place.map((part, axis) => ((best.place[axis] ?? 0) + part) / 2));
        }
      }
    }
  }
  corners.sort((one, other) => one.value - other.value);
  return corners[0]?.place ?? start;
}

// Lanczos' approximation with g = 7 and nine terms: fifteen digits.
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** The logarithm of Γ(z), z > 0. */
export function lnGamma(z: number): number {
  if (z < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * z)) - lnGamma(1 - z);
  const base = z + 6.5;
  let series: number = LANCZOS[0];
  for (let term = 1; term < LANCZOS.length; term++) series += (LANCZOS[term] ?? 0) / (z - 1 + term);
  return 0.5 * Math.log(2 * Math.PI) + (z - 0.5) * Math.log(base) - base + Math.log(series);
}

const lnBeta = (a: number, b: number): number => lnGamma(a) + lnGamma(b) - lnGamma(a + b);

/** Gauss' hypergeometric function ₂F₁(a, b; c; z) by its series, 0 ≤ z < 1. */
export function hypergeometric(a: number, b: number, c: number, z: number): number {
  let term = 1;
  let total = 1;
  for (let n = 0; n < 5_000; n++) {
    term *= (((a + n) * (b + n)) / ((c + n) * (n + 1))) * z;
    total += term;
    if (Math.abs(term) < 1e-13 * Math.abs(total)) break;
  }
  return total;
}
