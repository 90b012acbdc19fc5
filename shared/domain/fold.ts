// Letters that Unicode does not decompose, written as PostgreSQL's unaccent dictionary writes them.
const UNDECOMPOSED: Readonly<Record<string, string>> = { ß: 'ss', ø: 'o', æ: 'ae', œ: 'oe', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i' };

/** Lower case without accents; punctuation and spacing stay. The same as business.fold() in the hub does for European names. */
export function withoutAccents(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[ßøæœłđðþı]/g, (letter) => UNDECOMPOSED[letter] ?? letter);
}

/**
 * How a name is compared when case, accents, punctuation and spacing do not matter: 'Café  «Ñandú»!' → 'cafe nandu'.
 * Finer than business.fold() in the hub, which keeps punctuation: the hub preselects, this decides.
 */
export function fold(text: string): string {
  return withoutAccents(text)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** The folded words of a text, in order. */
export function wordsOf(text: string): readonly string[] {
  const folded = fold(text);
  return folded === '' ? [] : folded.split(' ');
}
