import { monthOf, yearOf } from '../../shared/domain/calendar_day.ts';
import { dayNumber, type History, instant } from './calendar.ts';
import { FLAGSHIPS, THEMES, type Theme } from './campaign_themes.ts';
import { CHANNELS } from './channels.ts';
import { type Client, slugOf } from './clients.ts';
import { CITIES, CITIES_OF_COUNTRY, CITY_AUDIENCE, COUNTRIES } from './geography.ts';
import { INDUSTRIES, MONTHLY_DEMAND } from './industries.ts';
import { type Random, randomStream, weightedPicker } from './random.ts';

export type Objective = 'awareness' | 'traffic' | 'leads' | 'sales' | 'retention';
export type CampaignStatus = 'draft' | 'scheduled' | 'active' | 'paused' | 'completed';

/** A campaign with all that the facts about it are drawn from. Days are numbers of the history. */
export type Campaign = {
  readonly campaignId: string;
  readonly name: string;
  readonly message: string;
  /** Index of its client. */
  readonly client: number;
  /** Index in INDUSTRIES. */
  readonly industry: number;
  readonly objective: Objective;
  readonly status: CampaignStatus;
  readonly start: number;
  /** Last day, inclusive. */
  readonly end: number;
  /** First day without facts: after its end, on the day it was paused, or today. Equal to start when nothing has run. */
  readonly factsEnd: number;
  readonly budgetCents: number;
  /** Indexes in COUNTRIES. */
  readonly countries: readonly number[];
  /** Indexes in CHANNELS, and each one's share of the budget in ten-thousandths (together 10,000). */
  readonly channels: readonly number[];
  readonly channelShares: readonly number[];
  /** Indexes in CITIES, and each one's share of the budget (together 1). */
  readonly cities: readonly number[];
  readonly cityShares: readonly number[];
  readonly target: {
    readonly ageMin: number;
    readonly ageMax: number;
    readonly sex: 'any' | 'female' | 'male';
    readonly interests: readonly string[];
  };
  readonly audience: string;
  /** q of the response curve (channels.ts) without the day's demand. */
  readonly quality: number;
  /** Audience factor of the response curve: a large brand saturates later. */
  readonly audienceFactor: number;
  /** How well its creatives draw clicks, 1 on average. */
  readonly creative: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
};

export type CampaignPlan = {
  readonly count: number;
  /** Median number of cities. */
  readonly cities: number;
  /** Median budget in USD of a client of average size. */
  readonly budget: number;
  /** How many flagships at most, the latest first; and their channels and cities. The showcase always has fifteen cities or more. */
  readonly flagships: { readonly count: number; readonly channels: number; readonly cities: readonly [number, number] };
};

/** Statuses as shares of all campaigns; what is left is completed. */
const STATUS_SHARES = { active: 0.3, paused: 0.03, scheduled: 0.025, draft: 0.02 } as const;
/** How many campaigns begin in a month, January first: volume peaks in December, January and July. */
const START_MONTHS = [2.2, 0.85, 0.8, 0.75, 0.85, 0.85, 2.2, 0.9, 0.8, 0.85, 1.1, 2.4] as const;
const START_WEEKDAYS = [1.5, 1.15, 1.1, 1.2, 1.05, 0.6, 0.4] as const;
const OBJECTIVES: readonly { readonly objective: Objective; readonly weight: number; readonly quality: number }[] = [
  { objective: 'sales', weight: 0.52, quality: 1 },
  { objective: 'leads', weight: 0.14, quality: 0.72 },
  { objective: 'traffic', weight: 0.12, quality: 0.6 },
  { objective: 'awareness', weight: 0.12, quality: 0.34 },
  { objective: 'retention', weight: 0.1, quality: 1.3 },
];

/**
 * The campaign that examples and documents name: it ran through the whole of last month, is active on the reference date, and is large
 * (several countries, at least four channels and fifteen cities). Days 'YYYY-MM-DD', inclusive.
 */
export function showcaseCampaign(referenceDate: string): {
  readonly campaignId: string;
  readonly name: string;
  readonly startDate: string;
  readonly endDate: string;
} {
  const month = monthOf(referenceDate);
  const flagship = FLAGSHIPS.find(({ showcaseMonths }) => (showcaseMonths as readonly number[]).includes(month)) ?? FLAGSHIPS[0];
  const { campaignId, name, startDate, endDate } = flagshipOf(flagship, yearOf(referenceDate));
  return { campaignId, name, startDate, endDate };
}

/** All campaigns, deterministic in seed and history, ordered by campaign id. */
export function generateCampaigns(seed: number, history: History, clients: readonly Client[], plan: CampaignPlan): readonly Campaign[] {
  const random = randomStream(seed, 'campaigns');
  const slots = placeSlots(random, history, plan);
  const names = new Set<string>(slots.flatMap((slot) => (slot.flagship === undefined ? [] : [slot.flagship.name])));
  const bareUses = new Map<string, number>();
  for (const slot of slots) if (slot.flagship !== undefined) bareUses.set(slot.flagship.name, 9);
  const ordinals = new Map<string, number>();
  const pickClient = weightedPicker(clients.map((client) => client.size ** 0.72));
  const pickActiveClient = weightedPicker(clients.map((client) => (client.status === 'active' ? client.size ** 0.72 : 0)));
  const pickObjective = weightedPicker(OBJECTIVES.map(({ weight }) => weight));
  const bareOwners = new Map<string, number>();
  let flagships = 0;

  const campaigns = slots.map((slot): Campaign => {
    const showcase = slot.flagship !== undefined && slot.flagship.campaignId === showcaseCampaign(history.referenceDate).campaignId;
    const present = slot.status !== 'completed';
    // The largest client has the showcase; the other flagships go round among the large ones.
    let clientIndex = showcase
      ? 0
      : slot.flagship !== undefined
        ? (1 + flagships++) % Math.min(11, clients.length)
        : (present ? pickActiveClient : pickClient)(random);
    const theme = slot.flagship?.theme ?? pickTheme(random, history, slot);
    const themeYear = themeYearOf(theme, history, slot.start);
    const bareName = theme.evergreen ? theme.name : `${theme.name} ${themeYear}`;
    let name = slot.flagship?.name;
    if (name === undefined) {
      const uses = bareUses.get(bareName) ?? 0;
      if (!theme.evergreen && uses < (theme.shared ? 2 : 1)) {
        // The second client of a shared name must be another one.
        if (bareOwners.get(bareName) === clientIndex) clientIndex = (clientIndex + 1) % clients.length;
        bareOwners.set(bareName, clientIndex);
        bareUses.set(bareName, uses + 1);
        name = bareName;
      } else {
        name = longName(random, clients[clientIndex] as Client, theme, themeYear, names);
      }
    }
    names.add(name);
    const client = clients[clientIndex] as Client;
    const campaignId = slot.flagship?.campaignId ?? numberedId(theme.name, themeYear, ordinals);

    const { objective, quality: objectiveQuality } = OBJECTIVES[slot.flagship ? 0 : pickObjective(random)] as (typeof OBJECTIVES)[number];
    const relativeSize = client.size * clients.length;
    const days = slot.end - slot.start + 1;
    const countries = slot.flagship ? client.countries : chooseCountries(random, client);
    const channels = chooseChannels(random, slot.flagship ? plan.flagships.channels : Math.max(1, Math.min(7, 2 + random.poisson(1.4))));
    // A campaign that runs for months keeps to fewer places.
    const cityCount = slot.flagship
      ? Math.max(showcase ? 15 : 1, random.between(...plan.flagships.cities))
      : Math.round(random.logNormal(plan.cities, 0.65) * Math.min(1, (45 / days) ** 0.55));
    const cities = chooseCities(random, countries, Math.max(1, Math.min(26, cityCount)));
    const budgetUsd =
      (slot.flagship ? random.logNormal(plan.budget * 9, 0.2) : random.logNormal(plan.budget * (days / 45) ** 0.45, 0.8)) *
      relativeSize ** 0.42;
    const created = instant(history, slot.start - random.between(6, 35), random.between(28_800, 61_200));
    const lastTouched = Math.min(slot.end, history.today - 1);
    const interests = shuffled(random, INDUSTRIES[client.industry]?.interests ?? []).slice(0, 2);
    const ageMin = random.pick([18, 18, 25, 25, 30, 35, 45]);
    const ageMax = Math.min(65, ageMin + random.pick([9, 14, 19, 29]));
    const sex = random.pick(['any', 'any', 'any', 'female', 'male'] as const);
    const pausedOn =
      slot.status === 'paused'
        ? slot.start + Math.max(1, Math.floor((history.today - slot.start) * (0.3 + 0.6 * random.unit())))
        : history.today;
    const notRun = slot.status === 'draft' || slot.status === 'scheduled';
    return {
      campaignId,
      name,
      message: theme.message,
      client: clientIndex,
      industry: client.industry,
      objective,
      status: slot.status,
      start: slot.start,
      end: slot.end,
      factsEnd: notRun ? slot.start : Math.min(slot.end + 1, history.today, pausedOn),
      budgetCents: Math.max(20, Math.round(budgetUsd / 10)) * 1000,
      countries,
      channels,
      channelShares: shareTenThousandths(channels.map((channel) => random.logNormal(CHANNELS[channel]?.budgetWeight ?? 1, 0.45))),
      cities,
      cityShares: sharesOf(
        cities.map(
          (city) => (CITY_AUDIENCE[city] ?? 1) * (COUNTRIES[CITIES[city]?.country ?? 0]?.weight ?? 0.1) ** 0.5 * random.logNormal(1, 0.35),
        ),
      ),
      target: { ageMin, ageMax, sex, interests },
      audience: describeAudience(sex, ageMin, ageMax, interests, countries),
      quality: (slot.flagship ? random.logNormal(1.15, 0.12) : random.logNormal(1, 0.36)) * objectiveQuality,
      audienceFactor: relativeSize ** 0.45 * (slot.flagship ? 2.2 : 1),
      creative: random.logNormal(1, 0.22),
      createdAt: Math.min(created, instant(history, history.today - 2, 50_000)),
      updatedAt: instant(
        history,
        Math.max(Math.min(slot.start, history.today - 1), lastTouched - random.below(12)),
        random.between(62_000, 80_000),
      ),
    };
  });
  return campaigns.sort((one, other) => (one.campaignId < other.campaignId ? -1 : 1));
}

/**
 * How much of a campaign's plan falls on a day: the month's demand in its trade, weekends a little less, a few days of learning at
 * the start and a push at the end.
 */
export function dayWeight(history: History, campaign: Campaign, day: number): number {
  const month = (MONTHLY_DEMAND[campaign.industry] as Float64Array)[history.month[day] as number] as number;
  const sinceStart = day - campaign.start;
  const untilEnd = campaign.end - day;
  const ramp = sinceStart < 4 ? 0.6 + 0.1 * sinceStart : 1;
  return month * ramp * (untilEnd < 3 ? 1.15 : 1);
}

type Slot = {
  readonly start: number;
  readonly end: number;
  readonly status: CampaignStatus;
  readonly flagship: ReturnType<typeof flagshipOf> | undefined;
};

/** When each campaign runs and how it stands, before anything else is known of it. */
function placeSlots(random: Random, history: History, { count, flagships: { count: flagshipCount } }: CampaignPlan): readonly Slot[] {
  const { today } = history;
  const flagships = allFlagships(history)
    .slice(-flagshipCount)
    .map((flagship): Slot => {
      const start = dayNumber(history, flagship.startDate);
      const end = dayNumber(history, flagship.endDate);
      return { start, end, status: end >= today ? 'active' : 'completed', flagship };
    });
  const scheduled = Math.round(count * STATUS_SHARES.scheduled);
  const draft = Math.round(count * STATUS_SHARES.draft);
  const paused = Math.round(count * STATUS_SHARES.paused);
  const active = Math.round(count * STATUS_SHARES.active) - flagships.filter(({ status }) => status === 'active').length;

  const startWeight = (day: number): number =>
    (START_MONTHS[(history.month[day] as number) - 1] as number) * (START_WEEKDAYS[history.weekday[day] as number] as number);
  const pickStart = weightedPicker(Float64Array.from({ length: today - 4 }, (_, day) => startWeight(day)));
  const pickFutureStart = weightedPicker(Float64Array.from({ length: 75 }, (_, ahead) => startWeight(today + 1 + ahead)));

  // Who is still active: the more recent, the likelier, by weighted sampling without replacement (Efraimidis and Spirakis 2006).
  const started = Array.from({ length: count - flagships.length - scheduled - draft }, () => {
    const start = pickStart(random);
    const weight = 0.06 + 3 * Math.exp(-(today - start) / 110);
    return { start, key: (random.unit() + 1e-12) ** (1 / weight) };
  }).sort((one, other) => other.key - one.key);

  const slots = started.map(({ start }, rank): Slot => {
    if (rank < active)
      return { start, end: today + 2 + Math.min(150, Math.floor(random.exponential(38))), status: 'active', flagship: undefined };
    if (rank < active + paused) return { start, end: today + 5 + random.below(60), status: 'paused', flagship: undefined };
    const days = Math.max(7, Math.min(120, Math.round(random.logNormal(31, 0.5))));
    return { start, end: Math.min(start + days - 1, today - 1), status: 'completed', flagship: undefined };
  });
  for (let i = 0; i < scheduled + draft; i++) {
    const start = today + 1 + pickFutureStart(random);
    slots.push({ start, end: start + random.between(14, 75), status: i < scheduled ? 'scheduled' : 'draft', flagship: undefined });
  }
  return [...flagships, ...slots];
}

/** The flagship campaigns that began within the history, the latest last. */
function allFlagships(history: History) {
  const thisYear = yearOf(history.referenceDate);
  return [thisYear - 3, thisYear - 2, thisYear - 1, thisYear, thisYear + 1]
    .flatMap((year) => FLAGSHIPS.map((flagship) => flagshipOf(flagship, year)))
    .filter(({ startDate }) => dayNumber(history, startDate) >= 0 && dayNumber(history, startDate) < history.today)
    .sort((one, other) => (one.startDate < other.startDate ? -1 : 1));
}

function flagshipOf({ theme: themeName, starts, ends }: (typeof FLAGSHIPS)[number], year: number) {
  const theme = THEMES.find(({ name }) => name === themeName) as Theme;
  return {
    theme,
    name: `${themeName} ${year}`,
    campaignId: `CMP-${slugOf(themeName).toUpperCase()}-${year}`,
    startDate: `${year + starts.year}-${starts.monthDay}`,
    endDate: `${year + ends.year}-${ends.monthDay}`,
  };
}

function pickTheme(random: Random, history: History, slot: Slot): Theme {
  const month = history.month[slot.start] as number;
  // What has run for a third of a year has outlived any season.
  const evergreen = slot.end - slot.start > 110;
  const fitting = THEMES.filter((theme) =>
    evergreen ? theme.evergreen === true : theme.months.includes(month) || (theme.evergreen && random.chance(0.12)),
  );
  return fitting[weightedPicker(fitting.map((theme) => theme.weight))(random)] as Theme;
}

function themeYearOf(theme: Theme, history: History, start: number): number {
  const next = theme.nextYearFrom !== undefined && (history.month[start] as number) >= theme.nextYearFrom;
  return (history.year[start] as number) + (next ? 1 : 0);
}

/** A name nobody has yet: season and year with the company, the product or the country. */
function longName(random: Random, client: Client, theme: Theme, year: number, taken: ReadonlySet<string>): string {
  const product = random.pick(INDUSTRIES[client.industry]?.products ?? ['']);
  const country = COUNTRIES[random.pick(client.countries)]?.name ?? '';
  const dated = `${theme.name} ${year}`;
  const long = theme.evergreen
    ? [
        `${theme.name} – ${client.company}`,
        `${theme.name}: ${product}, ${client.company}`,
        `${dated} – ${client.company}`,
        `${dated} – ${client.company} ${country}`,
      ]
    : random.chance(0.6)
      ? [
          `${dated} – ${client.company}`,
          `${dated}: ${product}`,
          `${dated}: ${product}, ${client.company}`,
          `${dated} – ${client.company} ${country}`,
        ]
      : [
          `${dated}: ${product}`,
          `${dated} – ${client.company}`,
          `${dated} – ${client.company} ${country}`,
          `${dated}: ${product}, ${client.company}`,
        ];
  const free = long.find((name) => !taken.has(name));
  if (free !== undefined) return free;
  for (let wave = 2; ; wave++) {
    const name = `${dated} – ${client.company}, ola ${wave}`;
    if (!taken.has(name)) return name;
  }
}

/** CMP-BLACK-FRIDAY-2025-017: season, year, and the how-manieth of them. */
function numberedId(themeName: string, year: number, ordinals: Map<string, number>): string {
  const base = `CMP-${slugOf(themeName).toUpperCase()}-${year}`;
  const ordinal = (ordinals.get(base) ?? 0) + 1;
  ordinals.set(base, ordinal);
  return `${base}-${String(ordinal).padStart(3, '0')}`;
}

function chooseCountries(random: Random, client: Client): readonly number[] {
  const kept = client.countries.filter((_, index) => index === 0 || random.chance(0.55));
  // A campaign abroad without the home market now and then.
  return kept.length > 1 && random.chance(0.1) ? kept.slice(1) : kept;
}

function chooseChannels(random: Random, wanted: number): readonly number[] {
  const chosen = new Set<number>();
  const pick = weightedPicker(CHANNELS.map((channel) => channel.popularity));
  while (chosen.size < wanted) chosen.add(pick(random));
  return [...chosen].sort((one, other) => one - other);
}

function chooseCities(random: Random, countries: readonly number[], wanted: number): readonly number[] {
  const candidates = countries.flatMap((country) => CITIES_OF_COUNTRY[country] ?? []);
  const chosen = new Set<number>();
  // Every country has at least its largest city, as far as the number goes.
  for (const country of countries) if (chosen.size < wanted) chosen.add((CITIES_OF_COUNTRY[country] ?? [])[0] as number);
  const pick = weightedPicker(candidates.map((city) => (CITY_AUDIENCE[city] ?? 1) ** 0.8));
  while (chosen.size < Math.min(wanted, candidates.length)) chosen.add(candidates[pick(random)] as number);
  return [...chosen].sort((one, other) => one - other);
}

function sharesOf(weights: readonly number[]): readonly number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function shareTenThousandths(weights: readonly number[]): readonly number[] {
  const shares = sharesOf(weights).map((share) => Math.max(1, Math.round(share * 10_000)));
  const largest = shares.indexOf(Math.max(...shares));
  const rest = 10_000 - shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share, index) => (index === largest ? share + rest : share));
}

export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}

function describeAudience(
  sex: 'any' | 'female' | 'male',
  ageMin: number,
  ageMax: number,
  interests: readonly string[],
  countries: readonly number[],
): string {
  const who = sex === 'any' ? 'Personas' : sex === 'female' ? 'Mujeres' : 'Hombres';
  const interested = sex === 'male' ? 'interesados' : 'interesadas';
  const where = countries.map((country) => COUNTRIES[country]?.name ?? '');
  return `${who} de ${ageMin} a ${ageMax} años en ${spanishList(where)}, ${interested} en ${spanishList(interests)}`;
}

/** 'a, b y c' ('e' before the sound i). */
function spanishList(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  if (words.length < 2) return last;
  return `${words.slice(0, -1).join(', ')} ${/^h?i(?!e)/i.test(last) ? 'e' : 'y'} ${last}`;
}
