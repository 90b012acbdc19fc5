/** What identifies a person in the hub, as the CRM holds it. Texts may be empty; birthDate is 'YYYY-MM-DD'. */
export type PersonalData = {
  readonly firstName: string;
  readonly lastName: string | null;
  readonly email: string;
  readonly phone: string;
  readonly document: string;
  readonly birthDate: string | null;
};

/** A person as the text that is encrypted: a JSON array of the fields in their order, a third shorter than with their names. */
export function personText({ firstName, lastName, email, phone, document, birthDate }: PersonalData): string {
  return JSON.stringify([firstName, lastName, email, phone, document, birthDate]);
}

/** Reads what {@link personText} wrote. Throws, without telling any of it, when it is something else. */
export function personOf(text: string): PersonalData {
  const fields = jsonOf(text);
  const isPerson =
    Array.isArray(fields) &&
    fields.length === 6 &&
    fields.every((field, index) => typeof field === 'string' || (field === null && MAY_BE_NULL.has(index)));
  if (!isPerson) throw new Error('what was encrypted is not a person');
  const [firstName, lastName, email, phone, document, birthDate] = fields;
  return { firstName, lastName, email, phone, document, birthDate };
}

/** lastName and birthDate. */
const MAY_BE_NULL: ReadonlySet<number> = new Set([1, 5]);

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // its own message would quote the text
  }
}

/** A person as an answer may show them; what is not known is '' (birthDate: null). Masked, birthDate is the year alone. */
export type ShownPerson = {
  readonly name: string;
  readonly email: string;
  readonly phone: string;
  readonly document: string;
  readonly birthDate: string | null;
};

const HIDDEN = '•••';
/** Shorter numbers keep nothing: their last characters would be most of them. */
const FEWEST_PHONE_DIGITS = 6;
const FEWEST_DOCUMENT_CHARACTERS = 7;

/**
 * The only place that decides how a person is shown (S5): in full where the caller may identify people, otherwise masked:
 * 'M•••• R••••', 'm•••@e•••.com', '•••• ••45', '•••789', '1990'. A masked text depends on nothing but the letters and digits it shows, so
 * not even on a length: the first letter of either name; the first character of an e-mail's name and of its domain, and a top-level domain of two
 * or three Latin letters; the last two digits of a phone; the last three letters or digits of a document.
 */
export function shownPerson(person: PersonalData, mayIdentify: boolean): ShownPerson {
  const { firstName, lastName, email, phone, document, birthDate } = person;
  const names = [firstName, lastName ?? ''].map((name) => name.trim()).filter((name) => name !== '');
  if (mayIdentify) return { name: names.join(' '), email, phone, document, birthDate };
  return {
    name: names.map((name) => `${first(LETTER, name)}•${HIDDEN}`).join(' '),
    email: maskedEmail(email.trim()),
    phone: phone.trim() === '' ? '' : `•••• ••${last(2, phone.match(DIGITS), FEWEST_PHONE_DIGITS)}`,
    document: document.trim() === '' ? '' : `${HIDDEN}${last(3, document.match(LETTERS_AND_DIGITS), FEWEST_DOCUMENT_CHARACTERS)}`,
    birthDate: birthDate === null ? null : (/^(\d{4})-\d{2}-\d{2}$/.exec(birthDate)?.[1] ?? null),
  };
}

const LETTER = /\p{L}/u;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
const DIGITS = /\p{Nd}/gu;
const LETTERS_AND_DIGITS = /[\p{L}\p{N}]/gu;

function maskedEmail(email: string): string {
  if (email === '') return '';
  const at = email.lastIndexOf('@');
  if (at === -1) return `${first(LETTER_OR_DIGIT, email)}${HIDDEN}`;
  // A longer ending can be a company's or a family's own.
  const [, domain = '', ending = ''] = /^(.*?)(\.[a-z]{2,3})?$/isu.exec(email.slice(at + 1)) ?? [];
  return `${first(LETTER_OR_DIGIT, email.slice(0, at))}${HIDDEN}@${first(LETTER_OR_DIGIT, domain)}${HIDDEN}${ending}`;
}

/** The first such character. Composed first: an accent written apart from its letter belongs to it. */
function first(wanted: RegExp, text: string): string {
  return wanted.exec(text.normalize('NFC'))?.[0] ?? '';
}

function last(count: number, characters: readonly string[] | null, fewest: number): string {
  return characters === null || characters.length < fewest ? '' : characters.slice(-count).join('');
}
