/** What a person can be found by exactly. */
export type ContactKind = 'email' | 'phone' | 'document';

export const CONTACT_KINDS: readonly ContactKind[] = ['email', 'phone', 'document'];

/** E.164: a country code and a number have at most 15 digits; the shortest in use have 7. */
const PHONE_DIGITS = { fewest: 7, most: 15 } as const;
const DOCUMENT_CHARACTERS = { fewest: 5, most: 30 } as const;

/**
 * A contact as it is compared and hashed, so that two ways of writing the same one are the same text; undefined when the text is none of that kind.
 * E-mail: trimmed, lower case. Phone: its digits with the country code, which '+' or '00' may announce and which is not guessed when it is
 * missing. Document: its letters and digits, in capitals.
 */
export function normalisedContact(kind: ContactKind, text: string): string | undefined {
  const written = text.normalize('NFKC').trim();
  switch (kind) {
    case 'email':
      return /^[^\s@]+@[^\s@]+$/.test(written) && written.length <= 254 ? written.toLowerCase() : undefined;
    case 'phone': {
      if (!/^\+?[\d\s().\-/]+$/.test(written)) return undefined;
      const digits = written.replace(/\D/g, '').replace(/^00/, '');
      return digits.length >= PHONE_DIGITS.fewest && digits.length <= PHONE_DIGITS.most ? digits : undefined;
    }
    case 'document': {
      if (!/^[\p{L}\p{N}\s.\-/]+$/u.test(written)) return undefined;
      const characters = written.replace(/[^\p{L}\p{N}]/gu, '').toUpperCase();
      const isLongEnough = characters.length >= DOCUMENT_CHARACTERS.fewest && characters.length <= DOCUMENT_CHARACTERS.most;
      return isLongEnough && /\d/.test(characters) ? characters : undefined;
    }
  }
}

/**
 * Whether a text that was given as a name could be somebody's contact: with '@', or six digits or more and hardly a letter. Messages do not repeat
 * such a text: they are kept and logged where personal data has no place (S5). No id or name of ours is of that kind.
 */
export function looksLikeContact(text: string): boolean {
  const count = (characters: RegExp): number => text.match(characters)?.length ?? 0;
  return text.includes('@') || (count(/\p{Nd}/gu) >= 6 && count(/\p{L}/gu) <= 2);
}
