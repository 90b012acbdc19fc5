import type { VectorAttributes, VectorFilter } from './vector_index.ts';

/** A set of rows: bit `row % 32` of word `row / 32`. */
export type RowBits = Uint32Array<ArrayBuffer>;

/** For each value of each attribute the rows that have it, so that a filter is a few operations on words before anything is scanned. */
export type AttributeBits = {
  readonly add: (row: number, attributes: VectorAttributes) => void;
  readonly drop: (row: number, attributes: VectorAttributes) => void;
  /** The rows that pass; undefined when the filter says nothing, so that all do. */
  readonly passing: (filter: VectorFilter, rows: number) => RowBits | undefined;
};

/** Bits of no row yet. */
export function attributeBits(): AttributeBits {
  const bits = new Map<string, RowBits>();
  return {
    add: (row, attributes) => {
      for (const key of keysOf(attributes)) {
        const held = bits.get(key) ?? new Uint32Array(1);
        const roomy = row >>> 5 < held.length ? held : grown(held, (row >>> 5) + 1);
        roomy[row >>> 5] = (roomy[row >>> 5] ?? 0) | (1 << (row & 31));
        bits.set(key, roomy);
      }
    },
    drop: (row, attributes) => {
      for (const key of keysOf(attributes)) {
        const held = bits.get(key);
        if (held !== undefined) held[row >>> 5] = (held[row >>> 5] ?? 0) & ~(1 << (row & 31));
      }
    },
    passing: (filter, rows) => {
      const asked = keysAsked(filter);
      if (asked.length === 0) return undefined;
      const passing = new Uint32Array(Math.ceil(rows / 32)).fill(0xffffffff);
      for (const keys of asked) {
        const holders = keys.flatMap((key) => bits.get(key) ?? []);
        for (let word = 0; word < passing.length; word++) {
          let either = 0;
          for (const held of holders) either |= held[word] ?? 0;
          passing[word] = (passing[word] ?? 0) & either;
        }
      }
      return passing;
    },
  };
}

function grown(bits: RowBits, words: number): RowBits {
  const larger = new Uint32Array(Math.max(words, 2 * bits.length));
  larger.set(bits);
  return larger;
}

function keysOf({ category, hashtags, campaignIds, clientIds, format, approved }: VectorAttributes): readonly string[] {
  return [
    `category ${category}`,
    ...hashtags.map((tag) => `hashtag ${tag}`),
    ...campaignIds.map((id) => `campaign ${id}`),
    ...clientIds.map((id) => `client ${id}`),
    `format ${format}`,
    `approved ${approved}`,
  ];
}

/** For each field that the filter has, the keys of which a row must have one. */
function keysAsked({ categories, hashtags, campaignIds, clientIds, formats, approved }: VectorFilter): readonly (readonly string[])[] {
  const fields: readonly (readonly [string, readonly (string | boolean)[] | undefined])[] = [
    ['category', categories],
    ['hashtag', hashtags],
    ['campaign', campaignIds],
    ['client', clientIds],
    ['format', formats],
    ['approved', approved === undefined ? undefined : [approved]],
  ];
  return fields.flatMap(([name, values]) => (values === undefined ? [] : [values.map((value) => `${name} ${value}`)]));
}
