import { normalQuantile } from './normal.ts';

/** A deterministic source of random numbers: the same key gives the same numbers on every machine. */
export type Random = {
  /** Uniform in [0, 1). */
  readonly unit: () => number;
  /** Uniform whole number in [0, limit). */
  readonly below: (limit: number) => number;
  /** Standard normal. */
  readonly normal: () => number;
};

/**
 * The random numbers of a question: `key` is what identifies it, so that the same question over the same data is answered alike.
 * Generator: sfc32 (PractRand's small fast counter, Chris Doty-Humphrey), period at least 2^32, seeded by FNV-1a over the key.
 */
export function randomOf(key: string): Random {
  let [a, b, c] = [hashOf(key, 2_166_136_261), hashOf(key, 3_144_134_277), hashOf(key, 1_013_904_242)];
  let counter = 1;
  const uint32 = (): number => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  for (let i = 0; i < 15; i++) uint32();
  const unit = (): number => uint32() / 4_294_967_296;
  return {
    unit,
    below: (limit) => Math.floor(unit() * limit),
    // Half a step off the ends: the quantile is infinite there.
    normal: () => normalQuantile((uint32() + 0.5) / 4_294_967_296),
  };
}

/** FNV-1a of the key's UTF-16 units, from a starting value. */
function hashOf(key: string, start: number): number {
  let hash = start | 0;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 16_777_619);
  return hash;
}
