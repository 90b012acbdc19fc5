import { wordsOf } from './fold.ts';

/** Each word padded by two spaces before and one after, cut into threes: the trigrams of PostgreSQL's pg_trgm. */
function trigramsOf(text: string): ReadonlySet<string> {
  const trigrams = new Set<string>();
  for (const word of wordsOf(text)) {
    const padded = `  ${word} `;
    for (let start = 0; start + 3 <= padded.length; start++) trigrams.add(padded.slice(start, start + 3));
  }
  return trigrams;
}

/** How alike two texts are, 0 to 1: shared trigrams over all trigrams, as similarity() of pg_trgm counts them. Word order does not matter. */
export function trigramSimilarity(one: string, other: string): number {
  const mine = trigramsOf(one);
  const theirs = trigramsOf(other);
  if (mine.size === 0 || theirs.size === 0) return 0;
  let shared = 0;
  for (const trigram of mine) if (theirs.has(trigram)) shared++;
  return shared / (mine.size + theirs.size - shared);
}
