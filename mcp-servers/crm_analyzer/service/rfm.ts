/** A score from 1 (least) to 5 (best) by quintile. */
export type Score = 1 | 2 | 3 | 4 | 5;

/** A segment of RFM and its rule: the recency score, and the score of frequency and money together, in halves. */
export type RfmSegment = { readonly name: string; readonly rule: string; readonly fits: (recency: number, worth: number) => boolean };

/** In the order in which they are tried: the first that fits names the customer, and the last always does. */
export const RFM_SEGMENTS: readonly RfmSegment[] = [
  { name: 'Campeones', rule: 'R 5 and (F+M)/2 ≥ 4', fits: (recency, worth) => recency === 5 && worth >= 4 },
  { name: 'Leales', rule: 'R 3–4 and (F+M)/2 ≥ 4', fits: (recency, worth) => recency >= 3 && worth >= 4 },
  { name: 'Leales potenciales', rule: 'R 4–5 and (F+M)/2 ≥ 2.5', fits: (recency, worth) => recency >= 4 && worth >= 2.5 },
  { name: 'Nuevos', rule: 'R 4–5 and (F+M)/2 < 2.5', fits: (recency) => recency >= 4 },
  { name: 'Necesitan atención', rule: 'R 3 and (F+M)/2 ≥ 2.5', fits: (recency, worth) => recency === 3 && worth >= 2.5 },
  { name: 'Por dormirse', rule: 'R 3 and (F+M)/2 < 2.5', fits: (recency) => recency === 3 },
  { name: 'No perder', rule: 'R 1 and (F+M)/2 ≥ 4', fits: (recency, worth) => recency === 1 && worth >= 4 },
  { name: 'En riesgo', rule: 'R 1–2 and (F+M)/2 ≥ 2.5', fits: (_recency, worth) => worth >= 2.5 },
  { name: 'Hibernando', rule: 'R 1–2 and (F+M)/2 < 2.5', fits: () => true },
];

/** The segment of a customer with these scores. */
export function rfmSegment(recency: Score, frequency: Score, money: Score): string {
  const worth = (frequency + money) / 2;
  return RFM_SEGMENTS.find(({ fits }) => fits(recency, worth))?.name ?? 'Hibernando';
}

const SCORES: readonly Score[] = [1, 2, 3, 4, 5];

/** The segments of all 125 triples of scores, that of (r, f, m) at 25(r − 1) + 5(f − 1) + m − 1. */
export const RFM_NAMES: readonly string[] = SCORES.flatMap((recency) =>
  SCORES.flatMap((frequency) => SCORES.map((money) => rfmSegment(recency, frequency, money))),
);

/** The values at 20, 40, 60 and 80 % of a scope's customers; empty without customers. */
export type CutPoints = readonly number[];

/** A value's quintile: one more than the cut points below it, so that equal values always score alike. */
export function quintile(value: number, cuts: CutPoints): number {
  let score = 1;
  for (const cut of cuts) if (value > cut) score++;
  return score;
}

/** A quintile where less is better: 5 at or below the first cut point. */
export function quintileFromLeast(value: number, cuts: CutPoints): number {
  return 6 - quintile(value, cuts);
}
