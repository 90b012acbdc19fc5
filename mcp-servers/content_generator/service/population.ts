import { canonicalHash } from '../../../shared/domain/canonical_json.ts';
import { fold } from '../../../shared/domain/fold.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';

/** The people a message is written for. Null and 'any' are "no matter". */
export type Population = {
  /** Whole years, inclusive. */
  readonly ageMin: number | null;
  readonly ageMax: number | null;
  readonly sex: 'any' | 'female' | 'male';
  /** Lower case, in alphabetical order, each once. */
  readonly interests: readonly string[];
  readonly place: string | null;
};

/** A population and the words of its description that were not understood; the caller is told of them. */
export type ReadPopulation = { readonly population: Population; readonly unread: readonly string[] };

/** The networks let nobody younger in. */
const YOUNGEST = 13;
const OLDEST = 100;
const MOST_INTERESTS = 10;
const LONGEST_INTEREST = 60;
const LONGEST_PLACE = 80;

/** A population as a caller gives it: words, fields, or both; a field counts more than the words. */
export type PopulationInput = {
  readonly text?: string | undefined;
  /** Years, inclusive. */
  readonly ageMin?: number | undefined;
  readonly ageMax?: number | undefined;
  readonly sex?: Population['sex'] | undefined;
  readonly interests?: readonly string[] | undefined;
  /** City, region or country. */
  readonly place?: string | undefined;
};

const FEMALE = /\b(?:mujer(?:es)?|femenin[oa]s?|chicas|senoras|damas|madres|mamas|women|woman|females?|girls|ladies|mothers|moms)\b/g;
const MALE = /\b(?:hombres?|masculin[oa]s?|varones|varon|senores|caballeros|men|man|males?|guys|boys|fathers|dads)\b/g;
const BOTH =
  /\b(?:ambos sexos|both sexes|todo publico|publico general|todos|everyone|everybody|all genders|personas?|people|gente|adultos|adults|jovenes|publico|audiencia|audience)\b/g;

const YEARS = String.raw`(?:\s*(?:anos(?:\s+de\s+edad)?|years?(?:\s+old)?|yo)\b)?`;
const AGE_BEFORE = String.raw`(?:\b(?:de|entre|between|aged?|ages|edad(?:es)?(?:\s+(?:de|entre))?|con|from)\s+)*`;
const AGES: readonly {
  readonly pattern: RegExp;
  readonly read: (one: number, other: number) => readonly [number | null, number | null];
}[] = [
  {
    pattern: new RegExp(
      String.raw`${AGE_BEFORE}(?<!\d)(\d{1,3})${YEARS}\s*(?:-|–|—|\ba\b|\by\b|\bto\b|\band\b|\bhasta\b|\bal\b)\s*(?:los\s+)?(\d{1,3})(?!\d)${YEARS}`,
    ),
    read: (one, other) => [one, other],
  },
  {
    pattern: new RegExp(
      String.raw`${AGE_BEFORE}(?<!\d)(\d{1,3})(?:\s*\+${YEARS}|${YEARS}\s+(?:o\s+mas|en\s+adelante|or\s+more|or\s+older|or\s+over|and\s+over)\b)`,
    ),
    read: (one) => [one, null],
  },
  {
    // As people and the law say it: "mayores de 18" begins at 18.
    pattern: new RegExp(
      String.raw`\b(?:mayores\s+de|mas\s+de|desde|a\s+partir\s+de|over|older\s+than|above|at\s+least)\s+(?:los\s+)?(\d{1,3})(?!\d)${YEARS}(?:\s+en\s+adelante)?`,
    ),
    read: (one) => [one, null],
  },
  {
    pattern: new RegExp(String.raw`\b(?:menores\s+de|menos\s+de|under|younger\s+than|below)\s+(?:los\s+)?(\d{1,3})(?!\d)${YEARS}`),
    read: (one) => [null, one - 1],
  },
  { pattern: new RegExp(String.raw`\b(?:hasta|up\s+to)\s+(?:los\s+)?(\d{1,3})(?!\d)${YEARS}`), read: (one) => [null, one] },
  {
    pattern: new RegExp(String.raw`${AGE_BEFORE}(?<!\d)(\d{1,3})\s*(?:anos(?:\s+de\s+edad)?|years?(?:\s+old)?|yo)\b`),
    read: (one) => [one, one],
  },
];

// The longer come first: "interesadas en" is not a place.
const INTEREST_MARK = new RegExp(
  [
    String.raw`\bcon\s+interes(?:es)?\s+(?:en|por)\b`,
    String.raw`\binteres(?:ad[oa]s?|es)?\s+(?:en|por)\b`,
    String.raw`\bintereses\s*:`,
    String.raw`\b(?:a\s+(?:quienes|las\s+que|los\s+que)\s+les|que\s+les)\s+gustan?\b`,
    String.raw`\bque\s+(?:aman|disfrutan|practican)\b`,
    String.raw`\baficionad[oa]s?\s+(?:a|al)\b`,
    String.raw`\b(?:amantes|fans|fanatic[oa]s)\s+(?:del?|of)\b`,
    String.raw`\binterested\s+in\b`,
    String.raw`\binterests\s*:`,
    String.raw`\b(?:who|that)\s+(?:like|love|enjoy)s?\b`,
    String.raw`\bwho\s+are\s+into\b`,
    String.raw`\binto\b`,
  ].join('|'),
  'g',
);
const PLACE_MARK =
  /\b(?:(?:que\s+)?(?:viven|residen)\s+en|residentes\s+(?:en|de)|(?:who\s+)?(?:live|living)\s+in|cerca\s+de|near|de\s+la\s+ciudad\s+de|lugar\s*:|place\s*:|en|in|from|de)(?=\s)/g;

/**
 * Reads a population. Throws ToolError invalid_input when it says nothing about anybody, when ages are the wrong way round or outside 13–100,
 * or when there is more than fits.
 */
export function readPopulation(input: PopulationInput): ReadPopulation {
  const words = input.text === undefined || input.text === '' ? undefined : readWords(clean(input.text));
  const ageMin = input.ageMin ?? words?.ageMin ?? null;
  const ageMax = input.ageMax ?? words?.ageMax ?? null;
  for (const years of [ageMin, ageMax]) {
    if (years !== null && (years < YOUNGEST || years > OLDEST)) {
      throw invalid(`An age of ${years} years cannot be addressed.`, `Ages go from ${YOUNGEST} to ${OLDEST}.`);
    }
  }
  if (ageMin !== null && ageMax !== null && ageMin > ageMax) {
    throw invalid(`Ages ${ageMin} to ${ageMax} are the wrong way round.`, `Give the lower age first: ${ageMax} to ${ageMin}.`);
  }
  const interests = interestsOf(input.interests ?? words?.interests ?? []);
  const place = clean(input.place ?? words?.place ?? '') || null;
  if (place !== null && place.length > LONGEST_PLACE)
    throw invalid('The place is too long.', `Give a city, region or country, at most ${LONGEST_PLACE} characters.`);
  const population: Population = { ageMin, ageMax, sex: input.sex ?? words?.sex ?? 'any', interests, place };
  const saysNothing =
    ageMin === null && ageMax === null && place === null && interests.length === 0 && input.sex === undefined && words?.sex === undefined;
  if (saysNothing) {
    throw invalid(
      'A population says nothing about whom it means.',
      'Say age, sex, interests or place: "mujeres 18-25 en San José interesadas en yoga".',
    );
  }
  return { population, unread: words?.unread ?? [] };
}

/** Names a population by what it is: case, accents and the order of interests do not matter. 32 characters, base64url. */
export function populationHash({ ageMin, ageMax, sex, interests, place }: Population): string {
  return canonicalHash({ ageMin, ageMax, sex, interests: interests.map(fold).sort(), place: place === null ? null : fold(place) });
}

/** The population in words, as it was understood. */
export function populationText({ ageMin, ageMax, sex, interests, place }: Population, language: 'es' | 'en'): string {
  const es = language === 'es';
  const who = es ? { any: 'personas', female: 'mujeres', male: 'hombres' }[sex] : { any: 'people', female: 'women', male: 'men' }[sex];
  const list = new Intl.ListFormat(language, { type: 'conjunction' }).format(interests);
  return [
    who,
    ageText(ageMin, ageMax, es),
    place === null ? '' : `${es ? 'en' : 'in'} ${place}`,
    interests.length === 0 ? '' : `${es ? 'con interés en' : 'interested in'} ${list}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function ageText(ageMin: number | null, ageMax: number | null, es: boolean): string {
  const years = es ? ' años' : '';
  if (ageMin !== null && ageMin === ageMax) return es ? `de ${ageMin} años` : `aged ${ageMin}`;
  if (ageMin !== null && ageMax !== null) return es ? `de ${ageMin} a ${ageMax} años` : `aged ${ageMin} to ${ageMax}`;
  if (ageMin !== null) return es ? `de ${ageMin}${years} o más` : `aged ${ageMin} or more`;
  if (ageMax !== null) return es ? `de hasta ${ageMax}${years}` : `aged up to ${ageMax}`;
  return '';
}

type ReadWords = {
  readonly ageMin: number | null;
  readonly ageMax: number | null;
  readonly sex: Population['sex'] | undefined;
  readonly interests: readonly string[];
  readonly place: string | undefined;
  readonly unread: readonly string[];
};

/** A stretch that has been read is blanked, so that no word counts twice and positions stay. */
function readWords(text: string): ReadWords {
  // Letter by letter, so that a position in the folded text is the same position in the text.
  let folded = [...text].map(foldLetter).join('');
  const blank = (at: number, length: number): void => {
    folded = folded.slice(0, at) + '\0'.repeat(length) + folded.slice(at + length);
  };

  const interestMarks = [...folded.matchAll(INTEREST_MARK)].map(({ index, 0: { length } }) => ({
    kind: 'interest' as const,
    index,
    length,
  }));
  for (const { index, length } of interestMarks) blank(index, length);

  let ages: readonly [number | null, number | null] = [null, null];
  for (const { pattern, read } of AGES) {
    const found = pattern.exec(folded);
    if (found === null) continue;
    ages = read(Number(found[1]), Number(found[2]));
    blank(found.index, found[0].length);
    break;
  }

  const firstInterest = interestMarks[0]?.index ?? Number.POSITIVE_INFINITY;
  const placeMarks = [...folded.matchAll(PLACE_MARK)].flatMap(({ index, 0: { length } }) => {
    const next = text.slice(index + length).trimStart();
    // Within interests only a name is a place: "cocinar en casa" is an interest.
    const isName = /^(?:(?:el|la|los|las|the)\s+)?\p{Lu}/u.test(next);
    const isLoose = folded.slice(index, index + length) === 'de' || folded.slice(index, index + length) === 'from';
    const isReadAlready = /^\0/.test(folded.slice(index + length).trimStart());
    return !isReadAlready && (isName || (index < firstInterest && !isLoose)) ? [{ kind: 'place' as const, index, length }] : [];
  });
  const marks = [...interestMarks, ...placeMarks].sort((one, other) => one.index - other.index);

  const interests: string[] = [];
  let place: string | undefined;
  for (const [order, mark] of marks.entries()) {
    const from = mark.index + mark.length;
    // A stretch ends at the next mark or at what has been read as ages.
    const until = Math.min(marks[order + 1]?.index ?? text.length, nextRead(folded, from, text.length));
    const stretch = text.slice(from, until);
    if (mark.kind === 'interest') {
      interests.push(...stretch.split(/[,;/&]|\s+(?:y|e|and|o|or)\s+/iu));
      blank(from, until - from);
    } else {
      // "San José, Costa Rica": the part after a comma belongs to the place where it is a name.
      const name = /^\s*[^,;.]+(?:,\s*\p{Lu}[^,;.]*)?/u.exec(stretch)?.[0] ?? '';
      const short = name.split(/\s+(?:con|que|who|with)\s/u)[0] ?? '';
      place ??= clean(short);
      blank(from, short.length);
    }
    if (mark.kind === 'place') blank(mark.index, mark.length);
  }

  /** Whether there are such words; they are read then. */
  const takes = (words: RegExp): boolean => {
    const before = folded;
    folded = folded.replace(words, (found) => '\0'.repeat(found.length));
    return folded !== before;
  };
  const female = takes(FEMALE);
  const male = takes(MALE);
  const both = takes(BOTH);
  const sex = female && male ? 'any' : female ? 'female' : male ? 'male' : both ? 'any' : undefined;

  return { ageMin: ages[0], ageMax: ages[1], sex, interests, place, unread: unreadIn(folded, text) };
}

function nextRead(folded: string, from: number, end: number): number {
  const at = folded.indexOf('\0', from);
  return at === -1 ? end : at;
}

const SMALL_WORDS = new Set(
  'de del la el los las y e o en a con para que the of and or in with for who are aged anos years old'.split(' '),
);

function unreadIn(folded: string, text: string): readonly string[] {
  const kept = [...text].map((letter, index) => (folded[index] === '\0' ? ' ' : letter)).join('');
  return kept.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '' && !SMALL_WORDS.has(fold(word)));
}

/** One letter stays one letter. */
function foldLetter(letter: string): string {
  const plain = letter.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.length === letter.length ? plain : letter;
}

function interestsOf(given: readonly string[]): readonly string[] {
  const seen = new Map<string, string>();
  for (const one of given) {
    const interest = clean(one)
      .toLocaleLowerCase('es')
      .replace(/^(?:el|la|los|las|the)\s+/u, '')
      .replace(/[\s.,;:!?]+$/u, '');
    if (interest.length > LONGEST_INTEREST)
      throw invalid('An interest is too long.', `Give interests of at most ${LONGEST_INTEREST} characters each.`);
    if (fold(interest) !== '' && !seen.has(fold(interest))) seen.set(fold(interest), interest);
  }
  if (seen.size > MOST_INTERESTS)
    throw invalid(`${seen.size} interests are too many for one population.`, `Give at most ${MOST_INTERESTS}, or several populations.`);
  return [...seen].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, interest]) => interest);
}

/** One line, composed, without control and formatting characters. */
function clean(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
}

function invalid(message: string, remedy: string): ToolError {
  return new ToolError('invalid_input', message, { remedy });
}
