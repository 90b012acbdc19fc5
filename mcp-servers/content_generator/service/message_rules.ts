import { z } from 'zod';
import { fold, wordsOf } from '../../../shared/domain/fold.ts';
import { trigramSimilarity } from '../../../shared/domain/trigram_similarity.ts';
import { excessOf, type PlatformLimits, publishedText, type TextLimit } from './platform_limits.ts';
import { type Language, type Voice, voiceFindings } from './regional_voice.ts';

/** Exactly so many messages are written for a population. */
export const MESSAGES_A_POPULATION = 3;

/** What a model is asked to return for one population. Strict and bare: bounds are checked here, where a complaint can say what is wrong. */
export const GeneratedMessages = z.strictObject({
  messages: z.array(
    z.strictObject({
      number: z.number().describe('1, 2 or 3'),
      headline: z.string().describe('Empty where the channel has no headline'),
      text: z.string().describe('The message itself, without hashtags'),
      tone: z.string().describe('The tone in one or a few words'),
      hashtags: z.array(z.string()).describe('Each begins with #; empty where the channel takes none'),
      imageIds: z.array(z.string()).describe('Ids of offered images that fit, the best first'),
      reason: z.string().describe('Why the message fits this population'),
    }),
  ),
});

export type GeneratedMessages = z.output<typeof GeneratedMessages>;
export type GeneratedMessage = GeneratedMessages['messages'][number];

/** What a client must not be made to say. */
export type BannedWords = {
  /** Words or phrases, compared word by word, case and accents aside. */
  readonly words: readonly string[];
  /** Claims, compared in the same way; told apart so that the complaint says which it is. */
  readonly claims: readonly string[];
};

export type MessageRules = {
  readonly limits: PlatformLimits;
  readonly language: Language;
  readonly voice: Voice;
  readonly banned: BannedWords;
  /** The images that were offered; empty when there are none. */
  readonly imageIds: readonly string[];
};

/** A broken rule, as a model can mend it. */
export type Complaint = {
  readonly rule:
    | 'count'
    | 'number'
    | 'distinct'
    | 'text'
    | 'length'
    | 'headline'
    | 'tone'
    | 'hashtags'
    | 'language'
    | 'voice'
    | 'banned'
    | 'images'
    | 'reason'
    | 'placeholder';
  /** The message's number as the model gave it; null when it is about all. */
  readonly message: number | null;
  readonly text: string;
};

/** From this trigram similarity on two messages are the same one. */
const SAME_MESSAGE = 0.85;
const LONGEST_TONE = 60;
const LONGEST_REASON = 400;
const LONGEST_HASHTAG = 50;
const MOST_IMAGES = 5;

const PLACEHOLDERS: readonly RegExp[] = [
  /\[[^\]\n]{1,60}\]/u,
  /\{\{?[^}\n]{1,60}\}?\}/u,
  /<\/?[\p{L}_][^>\n]{0,60}>/u,
  /\blorem ipsum\b/iu,
  /\b(?:TODO|TBD|XXX+|PLACEHOLDER)\b/u,
  // \b knows no accents.
  /(?<!\p{L})(?:insert|inserte|insertá|inserta|insertar)(?!\p{L})[^.\n]{0,30}(?<!\p{L})(?:here|aquí|acá)(?!\p{L})/iu,
  /(?<!\p{L})(?:nombre de (?:la |su |tu )?(?:marca|empresa|producto)|your (?:brand|company|product)(?: name)?) (?:here|aquí|acá)(?!\p{L})/iu,
  /(?:^|\s)_{3,}(?=\s|[.,;:!?]|$)/u,
];

/** What is wrong with a generation, the whole first, then message by message; empty when it can be used. */
export function complaintsAbout({ messages }: GeneratedMessages, rules: MessageRules): readonly Complaint[] {
  return [...aboutAll(messages), ...messages.flatMap((message) => aboutOne(message, rules))];
}

/** The complaints as a model is told them, a line each. */
export function complaintText(complaints: readonly Complaint[]): string {
  return complaints.map(({ message, text }) => `- ${message === null ? '' : `Message ${message}: `}${text}`).join('\n');
}

function aboutAll(messages: readonly GeneratedMessage[]): readonly Complaint[] {
  const complaints: Complaint[] = [];
  const say = (rule: Complaint['rule'], text: string) => complaints.push({ rule, message: null, text });
  if (messages.length !== MESSAGES_A_POPULATION)
    say('count', `Write exactly ${MESSAGES_A_POPULATION} messages; there are ${messages.length}.`);
  const wanted = Array.from({ length: MESSAGES_A_POPULATION }, (_, index) => index + 1);
  const numbers = messages.map(({ number }) => number);
  if (wanted.some((number) => !numbers.includes(number)) || new Set(numbers).size !== numbers.length) {
    say('number', `Number the messages ${wanted.join(', ')}, each once; the numbers are ${numbers.join(', ') || 'missing'}.`);
  }
  for (const [at, one] of messages.entries()) {
    for (const other of messages.slice(at + 1)) {
      if (fold(one.text) === fold(other.text) || trigramSimilarity(one.text, other.text) >= SAME_MESSAGE) {
        say('distinct', `Messages ${one.number} and ${other.number} say the same in the same words; give each its own idea.`);
      }
    }
  }
  return complaints;
}

function aboutOne(message: GeneratedMessage, rules: MessageRules): readonly Complaint[] {
  const { limits, language, voice, banned } = rules;
  const complaints: Complaint[] = [];
  const say = (rule: Complaint['rule'], text: string) => complaints.push({ rule, message: message.number, text });
  const { headline, text, tone, hashtags, imageIds, reason } = message;

  if (text.trim() === '') say('text', 'The text is empty.');
  tooLong(text, limits.text, 'The text', limits.name, (complaint) => say('length', complaint));
  if (limits.published !== undefined) {
    const published = publishedText(text, hashtags);
    tooLong(published, limits.published, 'Text and hashtags together', limits.name, (complaint) => say('length', complaint));
  }
  const forbidden = [...(limits.forbidden ?? '')].filter((character) => `${headline}${text}`.includes(character));
  if (forbidden.length > 0) say('text', `${limits.name} does not take ${forbidden.join(' ')}.`);
  if (/(?:^|\s)#[\p{L}\p{N}_]/u.test(text)) say('hashtags', 'Put hashtags into "hashtags", not into the text.');

  const line = limits.headline;
  if (line === undefined) {
    if (headline.trim() !== '') say('headline', `${limits.name} has no headline: leave "headline" empty.`);
  } else {
    if (line.required && headline.trim() === '') say('headline', `${limits.name} needs a ${line.called}.`);
    tooLong(headline, line, `The ${line.called}`, limits.name, (complaint) => say('headline', complaint));
  }

  if (tone.trim() === '') say('tone', 'Say the tone.');
  else if (tone.length > LONGEST_TONE) say('tone', `Say the tone in at most ${LONGEST_TONE} characters.`);
  if (reason.trim() === '') say('reason', 'Say why the message fits the population.');
  else if (reason.length > LONGEST_REASON) say('reason', `Give the reason in at most ${LONGEST_REASON} characters.`);

  for (const complaint of hashtagComplaints(hashtags, limits)) say('hashtags', complaint);
  for (const complaint of imageComplaints(imageIds, rules.imageIds)) say('images', complaint);

  const placeholder = PLACEHOLDERS.map((pattern) => pattern.exec(`${headline}\n${text}`)?.[0].trim()).find((found) => found !== undefined);
  if (placeholder !== undefined) say('placeholder', `"${placeholder}" is a placeholder: write what belongs there, or do without it.`);

  const written = languageOf(`${headline} ${text}`);
  if (written !== undefined && written !== language) {
    say('language', `The message is in ${NAMES[written]}; write it in ${NAMES[language]}.`);
  } else {
    const findings = voiceFindings(`${headline}\n${text}`, voice);
    const named = findings.map(({ found, instead }) => (instead === undefined ? `"${found}"` : `"${found}" → "${instead}"`));
    if (findings.length > 0)
      say(
        'voice',
        `${voice === 'voseo' ? 'Speak to the reader as vos or usted' : 'Write neutral Spanish'}: ${[...new Set(named)].join(', ')}.`,
      );
  }

  const said = [headline, text, ...hashtags.map(wordsOfHashtag)].join(' · ');
  for (const word of saidOf(said, hashtags, banned.words))
    say('banned', `The client does not allow "${word}"; say it otherwise or leave it out.`);
  for (const claim of saidOf(said, hashtags, banned.claims)) say('banned', `The client may not claim "${claim}"; leave the claim out.`);
  return complaints;
}

const NAMES: Readonly<Record<Language, string>> = { es: 'Spanish', en: 'English' };

const UNITS: Readonly<Record<TextLimit['measure'], string>> = {
  characters: 'characters',
  double_width: 'characters (wide ones count two)',
  x_weighted: 'characters (as X counts them)',
  utf8_bytes: 'bytes',
  sms_segments: 'SMS',
};

function tooLong(text: string, limit: TextLimit, what: string, network: string, complain: (text: string) => void): void {
  const excess = excessOf(text, limit);
  if (excess > 0)
    complain(`${what} takes ${limit.most + excess} ${UNITS[limit.measure]}; ${network} allows ${limit.most}. Shorten by ${excess}.`);
}

function hashtagComplaints(hashtags: readonly string[], { name, hashtags: { fewest, most } }: PlatformLimits): readonly string[] {
  const complaints: string[] = [];
  if (most === 0) return hashtags.length === 0 ? [] : [`Hashtags do nothing on ${name}: leave "hashtags" empty.`];
  if (hashtags.length < fewest) complaints.push(`Give at least ${fewest} hashtag${fewest === 1 ? '' : 's'}.`);
  if (hashtags.length > most) complaints.push(`Give at most ${most} hashtags on ${name}; there are ${hashtags.length}.`);
  // Letters, digits and _ after one #, and not digits alone: what all networks link.
  const wrong = hashtags.filter((tag) => !/^#(?=[\p{N}_]*\p{L})[\p{L}\p{M}\p{N}_]+$/u.test(tag) || tag.length > LONGEST_HASHTAG);
  for (const tag of wrong)
    complaints.push(
      `"${tag.slice(0, LONGEST_HASHTAG)}" is no hashtag: # and then letters, digits or _, without spaces, at most ${LONGEST_HASHTAG} characters.`,
    );
  if (new Set(hashtags.map(fold)).size < hashtags.length && wrong.length === 0) complaints.push('Name each hashtag once.');
  return complaints;
}

function imageComplaints(imageIds: readonly string[], offered: readonly string[]): readonly string[] {
  const complaints: string[] = [];
  const unknown = imageIds.filter((id) => !offered.includes(id));
  if (unknown.length > 0) {
    complaints.push(
      `${unknown.map((id) => `"${id.slice(0, 60)}"`).join(', ')} was not offered; choose among ${offered.join(', ') || 'none: leave imageIds empty'}.`,
    );
  } else if (imageIds.length === 0 && offered.length > 0) {
    complaints.push(`Choose at least one of the offered images: ${offered.join(', ')}.`);
  }
  if (imageIds.length > MOST_IMAGES) complaints.push(`Choose at most ${MOST_IMAGES} images.`);
  if (new Set(imageIds).size < imageIds.length) complaints.push('Name each image once.');
  return complaints;
}

/** #CuraMilagrosa → "Cura Milagrosa". */
function wordsOfHashtag(tag: string): string {
  return tag
    .replace(/^#/, '')
    .replace(/_+/g, ' ')
    .replace(/(\p{Ll}|\p{N})(?=\p{Lu})/gu, '$1 ');
}

/** The phrases that a text says, as whole words in a row; a hashtag written as one word counts as the phrase too. */
function saidOf(text: string, hashtags: readonly string[], phrases: readonly string[]): readonly string[] {
  const words = ` ${wordsOf(text).join(' ')} `;
  const tags = new Set(hashtags.map((tag) => fold(tag).replaceAll(' ', '')));
  return phrases.filter((phrase) => {
    const folded = fold(phrase);
    return folded !== '' && (words.includes(` ${folded} `) || tags.has(folded.replaceAll(' ', '')));
  });
}

// Words of one language that the other does not have, folded.
const SPANISH = new Set(
  (
    'el la los las un una unos unas de del al que y en con por para su sus tu tus mi mis nuestro nuestra nuestros nuestras es son esta este estos estas ' +
    'mas muy ya hoy aqui como cuando donde si sin sobre desde hasta entre todo toda todos todas cada lo le les te se nos vos usted hay ser tener ' +
    'tenes podes queres sos tienes puedes quieres tiene puede viene llega nuevo nueva dia dias vida casa tiempo mejor ahora ven veni gracias gratis'
  ).split(' '),
);
const ENGLISH = new Set(
  (
    'the of and to in for with your you our we is are this that these those it its be at by from on or as an all any more now new get let make ' +
    'have has can will just when where what how who why every best today here there their they them us my me not into out up so than then ready ' +
    'discover shop try enjoy find feel love life time home free day days join start save'
  ).split(' '),
);
/** Too few known words say nothing. */
const FEWEST_WORDS = 2;
const CLEARLY = 2;

/** The language of a text, by the words only one of the two has; undefined when it is too short or too mixed to say. */
export function languageOf(text: string): Language | undefined {
  const words = wordsOf(text);
  const count = (known: ReadonlySet<string>): number => words.filter((word) => known.has(word)).length;
  const spanish = count(SPANISH) + (/[ñ¿¡]/iu.test(text) ? 1 : 0);
  const english = count(ENGLISH);
  if (Math.max(spanish, english) < FEWEST_WORDS) return undefined;
  if (spanish >= CLEARLY * english) return 'es';
  return english >= CLEARLY * spanish ? 'en' : undefined;
}
