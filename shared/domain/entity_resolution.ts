import type { AnsweredCampaign, Campaign } from './campaign.ts';
import { looksLikeContact } from './contact.ts';
import type { Deadline } from './deadline.ts';
import { fold, wordsOf } from './fold.ts';
import { ToolError } from './tool_error.ts';
import { trigramSimilarity } from './trigram_similarity.ts';

/**
 * Where entities of one kind are looked up. It preselects; which candidate is meant is decided here, so that
 * every store decides alike. Results come in an order that does not change from call to call.
 */
export type EntityLookup<Entity> = {
  /** The entity with this id. Ids are written in capitals, and that is how it is asked. */
  readonly byId: (id: string, deadline: Deadline) => Promise<Entity | undefined>;
  /** All entities with this name, case and accents aside: `business.fold(name) = business.fold($1)`. At least CANDIDATES_READ when there are so many. */
  readonly byName: (name: string, deadline: Deadline) => Promise<readonly Entity[]>;
  /**
   * The entities whose names are nearest to the text, or contain its words, or are contained in it, nearest first. With pg_trgm:
   * `ORDER BY greatest(similarity(name, text), word_similarity(text, name), word_similarity(name, text)) DESC,
   *  similarity(name || ' ' || qualifier, text) DESC, id`, both sides through business.fold().
   */
  readonly similar: (text: string, limit: number, deadline: Deadline) => Promise<readonly Entity[]>;
};

export type CampaignLookup = EntityLookup<Campaign>;

/** What the resolution must know of a kind of entity. */
export type EntityKind<Entity> = {
  /** 'campaign': how messages call it. */
  readonly noun: string;
  readonly idOf: (entity: Entity) => string;
  readonly nameOf: (entity: Entity) => string;
  /** What narrows a name when it is written beside it: the client of a campaign. '' when there is nothing. */
  readonly qualifierOf: (entity: Entity) => string;
  /** The noun of the qualifier, for matchedBy: 'client'. */
  readonly qualifierNoun: string;
  /** What tells several matches apart. */
  readonly describe: (entity: Entity) => Readonly<Record<string, string>>;
  /** The order of several matches. */
  readonly compare: (one: Entity, other: Entity) => number;
};

export type Resolved<Entity> = { readonly entity: Entity; readonly matchedBy: string };

/** A similar name is used only from this trigram similarity on … */
export const SIMILAR_ENOUGH = 0.55;
/** … and only when it is this much nearer than the second. Both were set so that one mistyped letter in a name of ten still finds it. */
const CLEARLY_NEARER = 0.15;
/** How many preselected names are weighed. */
export const CANDIDATES_READ = 50;
const CANDIDATES_SHOWN = 8;
const NEAREST_SHOWN = 5;
// Below this a name is not near, it merely shares letters.
const NEAR_AT_ALL = 0.15;

// Words that join a name to its client, or say what kind of thing is meant; they identify nothing.
const JOINING_WORDS = new Set([
  'de',
  'del',
  'la',
  'el',
  'los',
  'las',
  'para',
  'of',
  'for',
  'by',
  'from',
  'the',
  'campana',
  'campaign',
  'cliente',
  'client',
]);

/**
 * Finds the one entity a text means. In this order: id (any case); exact name; name without case and accents; without punctuation;
 * name beside its qualifier ('Navidad 2025 de Café Tarrazú'); all words of the text in the name, then in name and
 * qualifier; the most similar name, if similar enough, clearly nearer than the next and with the same numbers (a 'Verano 2027' that does not exist is never
 * taken for 'Verano 2026'). The first rule that finds anything decides.
 * Throws ToolError: ambiguous with what tells the matches apart when a rule finds several, not_found with the nearest names when none does.
 */
export async function resolveEntity<Entity>(
  kind: EntityKind<Entity>,
  lookup: EntityLookup<Entity>,
  asked: string,
  deadline: Deadline,
): Promise<Resolved<Entity>> {
  const text = asked.normalize('NFC').trim().replace(/\s+/g, ' ');
  if (fold(text) === '') {
    throw new ToolError('invalid_input', `No ${kind.noun} was named.`, { remedy: `Give the ${kind.noun}'s name or id.` });
  }

  // No id holds a space, so a text with one needs no look-up by id.
  const identified = text.includes(' ') ? undefined : await lookup.byId(text.toUpperCase(), deadline);
  if (identified !== undefined) return { entity: identified, matchedBy: 'id' };

  const named = await lookup.byName(text, deadline);
  const exact = named.filter((entity) => kind.nameOf(entity).normalize('NFC') === text);
  const byName = onlyOne(kind, text, exact, 'name') ?? onlyOne(kind, text, named, 'name ignoring accents and case');
  if (byName !== undefined) return byName;

  const candidates = await lookup.similar(text, CANDIDATES_READ, deadline);
  for (const { matchedBy, matches } of wordRules(kind, text)) {
    const found = onlyOne(kind, text, candidates.filter(matches), matchedBy);
    if (found !== undefined) return found;
  }
  return mostSimilar(kind, text, candidates);
}

/** The one match, nothing when there is none; several are an ambiguous question. */
function onlyOne<Entity>(
  kind: EntityKind<Entity>,
  text: string,
  matches: readonly Entity[],
  matchedBy: string,
): Resolved<Entity> | undefined {
  const [first, ...others] = matches;
  if (first === undefined) return undefined;
  if (others.length > 0) throw ambiguous(kind, text, matches);
  return { entity: first, matchedBy };
}

function wordRules<Entity>(kind: EntityKind<Entity>, text: string): readonly { matchedBy: string; matches: (entity: Entity) => boolean }[] {
  const folded = fold(text);
  const askedWords = wordsOf(text).filter((word) => !JOINING_WORDS.has(word));
  const identifies = askedWords.length > 0;
  const inName = (entity: Entity): boolean => isWithin(askedWords, wordsOf(kind.nameOf(entity)));
  return [
    { matchedBy: 'name ignoring accents, case and punctuation', matches: (entity) => fold(kind.nameOf(entity)) === folded },
    {
      matchedBy: `name and ${kind.qualifierNoun}`,
      matches: (entity) => {
        const name = wordsOf(kind.nameOf(entity)).filter((word) => !JOINING_WORDS.has(word));
        const rest = askedWords.filter((word) => !name.includes(word));
        return name.length > 0 && isWithin(name, askedWords) && isWithin(rest, wordsOf(kind.qualifierOf(entity)));
      },
    },
    { matchedBy: 'words of the name', matches: (entity) => identifies && inName(entity) },
    {
      matchedBy: `words of the name and ${kind.qualifierNoun}`,
      matches: (entity) => identifies && isWithin(askedWords, [...wordsOf(kind.nameOf(entity)), ...wordsOf(kind.qualifierOf(entity))]),
    },
  ];
}

const isWithin = (part: readonly string[], whole: readonly string[]): boolean => part.every((word) => whole.includes(word));

function mostSimilar<Entity>(kind: EntityKind<Entity>, text: string, candidates: readonly Entity[]): Resolved<Entity> {
  const numbers = wordsOf(text).filter((word) => /\d/.test(word));
  const weighed = candidates
    .map((entity) => {
      const name = kind.nameOf(entity);
      const withQualifier = `${name} ${kind.qualifierOf(entity)}`;
      const similarity = Math.max(trigramSimilarity(text, name), trigramSimilarity(text, withQualifier));
      return { entity, similarity, sameNumbers: isWithin(numbers, wordsOf(withQualifier)) };
    })
    .sort((one, other) => other.similarity - one.similarity || kind.compare(one.entity, other.entity));

  const eligible = weighed.filter(({ similarity, sameNumbers }) => sameNumbers && similarity >= SIMILAR_ENOUGH);
  const best = eligible[0];
  if (best === undefined) {
    const nearest = weighed.filter(({ similarity }) => similarity >= NEAR_AT_ALL).slice(0, NEAREST_SHOWN);
    throw notFound(
      kind,
      text,
      nearest.map(({ entity }) => entity),
    );
  }
  const rivals = weighed.filter(({ similarity, sameNumbers }) => sameNumbers && best.similarity - similarity < CLEARLY_NEARER);
  if (rivals.length > 1)
    throw ambiguous(
      kind,
      text,
      rivals.map(({ entity }) => entity),
    );
  return { entity: best.entity, matchedBy: 'similar name' };
}

function quoted(text: string): string {
  if (looksLikeContact(text)) return 'what was given (not repeated: it looks like a contact)';
  return `"${text.length > 80 ? `${text.slice(0, 79)}…` : text}"`;
}

function ambiguous<Entity>(kind: EntityKind<Entity>, text: string, matches: readonly Entity[]): ToolError {
  const shown = [...matches].sort(kind.compare).slice(0, CANDIDATES_SHOWN);
  const count = matches.length >= CANDIDATES_READ ? `${CANDIDATES_READ} or more` : String(matches.length);
  const some = shown.length < matches.length ? `; ${shown.length} of them are shown` : '';
  return new ToolError('ambiguous', `${quoted(text)} matches ${count} ${kind.noun}s${some}.`, {
    remedy: `Ask again with the id of the one that is meant, or with the name and its ${kind.qualifierNoun}.`,
    candidates: shown.map(kind.describe),
  });
}

function notFound<Entity>(kind: EntityKind<Entity>, text: string, nearest: readonly Entity[]): ToolError {
  const names = nearest.map((entity) => `"${kind.nameOf(entity)}" (${kind.idOf(entity)})`).join(', ');
  return new ToolError('not_found', `There is no ${kind.noun} called ${quoted(text)}.`, {
    remedy: names === '' ? `Check the spelling, or give the ${kind.noun}'s id. No name comes near.` : `Nearest names: ${names}.`,
  });
}

const CAMPAIGN: EntityKind<Campaign> = {
  noun: 'campaign',
  idOf: (campaign) => campaign.campaignId,
  nameOf: (campaign) => campaign.name,
  qualifierOf: (campaign) => campaign.clientName,
  qualifierNoun: 'client',
  describe: (campaign) => ({
    campaignId: campaign.campaignId,
    name: campaign.name,
    client: campaign.clientName,
    status: campaign.status,
    startDate: campaign.startDate,
    endDate: campaign.endDate,
  }),
  // The latest first: the one asked about is more often recent.
  compare: (one, other) => other.startDate.localeCompare(one.startDate, 'en') || one.campaignId.localeCompare(other.campaignId, 'en'),
};

/** Finds the campaign a name or id means; rules and errors as in resolveEntity. */
export async function resolveCampaign(lookup: CampaignLookup, asked: string, deadline: Deadline): Promise<AnsweredCampaign> {
  const { entity, matchedBy } = await resolveEntity(CAMPAIGN, lookup, asked, deadline);
  return { ...entity, matchedBy };
}
