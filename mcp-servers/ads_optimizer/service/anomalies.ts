import {
  addDays,
  type Day,
  type DayRange,
  dayOf,
  daysBetween,
  daysInMonth,
  earlier,
  lengthOf,
  weekdayOf,
} from '../../../shared/domain/calendar_day.ts';
import { qValues } from '../../../shared/statistics/multiple_testing.ts';
import { normalQuantile } from '../../../shared/statistics/normal.ts';
import type { AdSeries } from '../repo/ad_days.ts';
import { findSteps, type Level, type Step } from './change_point.ts';
import { findTrackingGap } from './tracking_gap.ts';

export type AnomalyKind = 'spend' | 'ctr' | 'cpa' | 'tracking_gap';
export type Sensitivity = 'low' | 'normal' | 'high';

/** A break in what a campaign does on a channel. Money in US dollars. */
export type Anomaly = {
  readonly kind: AnomalyKind;
  readonly campaignId: string;
  readonly campaign: string;
  readonly clientName: string;
  /** 'all' when it is seen on all channels together. */
  readonly channelId: string;
  readonly channel: string;
  readonly firstDate: Day;
  /** The last day of a gap, or the day before the next break; null while it lasts. */
  readonly lastDate: Day | null;
  /** Days of the new level, and of the one before that it is measured by. */
  readonly days: number;
  readonly daysBefore: number;
  /** Dollars a day, percent, dollars a conversion, or conversions a day; null where there was no conversion. */
  readonly before: number | null;
  readonly after: number | null;
  /** Weekdays, plan, trend and wear taken out; with its 90 % interval. */
  readonly changePercent: number;
  readonly lowPercent: number | null;
  readonly highPercent: number | null;
  readonly z: number | null;
  readonly p: number;
  /** p among all that was looked at (Benjamini-Hochberg). */
  readonly q: number;
  readonly atStake: number;
  readonly severity: 'high' | 'medium' | 'low';
};

export type AnomalyReading = {
  /** Most money at stake first. */
  readonly anomalies: readonly Anomaly[];
  readonly campaigns: number;
  readonly series: number;
  readonly tests: number;
  readonly daysUsed: number;
};

/** What counts: how rare it must be among all that is looked at, and how large. */
export const SENSITIVITIES: Readonly<Record<Sensitivity, { readonly q: number; readonly change: number }>> = {
  low: { q: 0.01, change: 0.5 },
  normal: { q: 0.05, change: 0.3 },
  high: { q: 0.1, change: 0.15 },
};

/** Days before the period that the level before a break is learnt from. */
export const BASELINE_DAYS = 56;
/** A campaign's first days are the platforms' learning phase, its last ones a closing push: neither is a break. */
export const LEARNING_DAYS = 7;
export const CLOSING_DAYS = 3;
const COMPARED_DAYS = 28;
/** A step this rare in its own series is taken into the model before the next is looked for. */
const STANDS_OUT = 1e-3;
const LEVEL = 0.9;
/** Of the change that counts, how much must be seen without the model. */
const PLAIN_PART = 0.6;

/** The days read and their months, by their place, and those of them in which a break may begin. */
type Reading = { readonly days: readonly Day[]; readonly months: readonly string[]; readonly from: Day; readonly period: DayRange };

/** A finding before all findings are weighed together. */
type Candidate = Omit<Anomaly, 'q' | 'severity'> & {
  readonly spendInPeriod: number;
  /** Whether the eye sees it too: a trend carried on too far makes a step of nothing. */
  readonly isPlain: (change: number) => boolean;
};

/** The best candidate for a break of everything that was looked at, whether or not it is one. */
export type Candidates = Pick<AnomalyReading, 'campaigns' | 'series' | 'daysUsed'> & { readonly found: readonly Candidate[] };

/**
 * Candidates for breaks in spend, CTR and cost a conversion, and for gaps in the counting of conversions, over the days of some campaigns:
 * `read` are all days that the series hold (from BASELINE_DAYS before the period), `period` those in which a break may begin.
 */
export function findCandidates(series: readonly AdSeries[], read: DayRange, period: DayRange): Candidates {
  const days = Array.from({ length: lengthOf(read) }, (_, i) => addDays(read.from, i));
  const reading: Reading = { days, months: days.map((day) => day.slice(0, 7)), from: read.from, period };
  const byCampaign = new Map<string, AdSeries[]>();
  for (const one of series) byCampaign.set(one.campaignId, [...(byCampaign.get(one.campaignId) ?? []), one]);
  const found = [...byCampaign.values()].flatMap((channels) => ofCampaign(channels, reading));
  return { found, campaigns: byCampaign.size, series: series.length, daysUsed: lengthOf(read) };
}

/** Those candidates that are rare among everything looked at (false discovery rate) and large. */
export function weighCandidates({ found: candidates, ...looked }: Candidates, sensitivity: Sensitivity): AnomalyReading {
  const { q: rareEnough, change } = SENSITIVITIES[sensitivity];
  const q = qValues(candidates.map(({ p }) => p));
  const anomalies = candidates
    .flatMap((candidate, index) => {
      const { spendInPeriod, isPlain, ...found } = candidate;
      const rarity = q[index] ?? 1;
      if (rarity > rareEnough || Math.abs(Math.log1p(Math.max(-0.999999, found.changePercent / 100))) < Math.log1p(change)) return [];
      if (!isPlain(change)) return [];
      const share = spendInPeriod === 0 ? 0 : found.atStake / spendInPeriod;
      return [{ ...found, q: rarity, severity: share >= 0.2 ? ('high' as const) : share >= 0.05 ? ('medium' as const) : ('low' as const) }];
    })
    .sort((one, other) => other.atStake - one.atStake || (keyOf(one) < keyOf(other) ? -1 : 1));
  return { ...looked, anomalies, tests: candidates.length };
}

/** Names an anomaly among those of one reading. */
export const keyOf = ({
  campaignId,
  channelId,
  kind,
  firstDate,
}: Pick<Anomaly, 'campaignId' | 'channelId' | 'kind' | 'firstDate'>): string => [campaignId, channelId, kind, firstDate].join(' ');

function ofCampaign(channels: readonly AdSeries[], reading: Reading): readonly Candidate[] {
  const spendInPeriod = channels.reduce((sum, { days, spend }) => sum + spendOf(days, spend, reading), 0);
  const whole = allChannels(channels);
  const gaps = (channels.length > 1 ? [whole, ...channels] : channels).flatMap((one) => gapOf(one, reading, spendInPeriod));
  // What is broken on all channels is not said again of each.
  const told = gaps.find(({ channelId, p }) => channelId === 'all' && p < STANDS_OUT);
  const kept = told === undefined ? gaps : gaps.filter((gap) => gap === told || Math.abs(daysBetween(gap.firstDate, told.firstDate)) > 1);
  return [...kept, ...channels.flatMap((one) => stepsOf(one, reading, spendInPeriod, kept))];
}

function spendOf(days: readonly number[], spend: readonly number[], reading: Reading): number {
  const first = daysBetween(reading.from, reading.period.from);
  return spend.reduce((sum, cents, i) => sum + ((days[i] as number) >= first ? cents : 0), 0) / 100;
}

/** The campaign's channels together, day by day. */
function allChannels(channels: readonly AdSeries[]): AdSeries {
  const [first] = channels;
  if (first === undefined) throw new RangeError('A campaign without a channel');
  const places = new Int32Array(1 + channels.reduce((last, one) => Math.max(last, one.days.at(-1) ?? 0), 0));
  for (const one of channels) for (const day of one.days) places[day] = 1;
  const days: number[] = [];
  for (let day = 0; day < places.length; day++) if (places[day] === 1) places[day] = days.push(day) - 1;
  const summed = (column: 'spend' | 'impressions' | 'clicks' | 'conversions'): readonly number[] => {
    const sums = new Array<number>(days.length).fill(0);
    for (const one of channels) {
      const figures = one[column];
      for (let i = 0; i < figures.length; i++) {
        const at = places[one.days[i] as number] as number;
        sums[at] = (sums[at] as number) + (figures[i] as number);
      }
    }
    return sums;
  };
  return {
    ...first,
    channelId: 'all',
    channel: 'all channels',
    days,
    spend: summed('spend'),
    impressions: summed('impressions'),
    clicks: summed('clicks'),
    conversions: summed('conversions'),
    planned: new Map(),
  };
}

/** Where a break of the series may begin. */
function mayBegin(series: AdSeries, reading: Reading): (position: number) => boolean {
  const from = Math.max(daysBetween(reading.from, reading.period.from), daysBetween(reading.from, series.startDate) + LEARNING_DAYS);
  const to = Math.min(daysBetween(reading.from, reading.period.to), daysBetween(reading.from, series.endDate) - CLOSING_DAYS);
  return (position) => (series.days[position] as number) >= from && (series.days[position] as number) <= to;
}

function gapOf(series: AdSeries, reading: Reading, spendInPeriod: number): readonly Candidate[] {
  const gap = findTrackingGap(series.clicks, series.conversions, mayBegin(series, reading));
  if (gap === undefined) return [];
  const days = gap.last - gap.first + 1;
  return [
    {
      kind: 'tracking_gap',
      ...namesOf(series),
      firstDate: dayAt(reading, series.days[gap.first]),
      lastDate: gap.last === series.days.length - 1 ? null : dayAt(reading, series.days[gap.last]),
      days,
      daysBefore: Math.min(COMPARED_DAYS, gap.first),
      before: gap.expected / days,
      after: 0,
      changePercent: -100,
      lowPercent: null,
      highPercent: null,
      z: null,
      p: gap.p,
      atStake: sumOf(series.spend, gap.first, gap.last) / 100,
      spendInPeriod,
      isPlain: () => true,
    },
  ];
}

function dayAt({ days, from }: Reading, offset: number | undefined): Day {
  return days[offset ?? 0] ?? addDays(from, offset ?? 0);
}

const namesOf = ({ campaignId, campaign, clientName, channelId, channel }: AdSeries) => ({
  campaignId,
  campaign,
  clientName,
  channelId,
  channel,
});

function stepsOf(series: AdSeries, reading: Reading, spendInPeriod: number, gaps: readonly Candidate[]): readonly Candidate[] {
  const own = gaps.filter(({ channelId, p }) => (channelId === 'all' || channelId === series.channelId) && p < STANDS_OUT);
  const untracked = (day: Day): boolean =>
    own.some(({ firstDate, lastDate }) => day >= firstDate && (lastDate === null || day <= lastDate));
  const tracked = own.length === 0 ? series : withoutDays(series, (position) => untracked(dayAt(reading, series.days[position])));
  return [
    ...stepsIn(
      'spend',
      series,
      { noise: 'amounts', value: series.spend, exposure: plannedByDay(series, reading), drifts: true },
      reading,
      spendInPeriod,
    ),
    ...stepsIn(
      'ctr',
      series,
      { noise: 'counts', value: series.clicks, exposure: series.impressions, drifts: true },
      reading,
      spendInPeriod,
    ),
    ...stepsIn(
      'cpa',
      tracked,
      { noise: 'counts', value: tracked.conversions, exposure: tracked.spend, drifts: false },
      reading,
      spendInPeriod,
    ),
  ];
}

function withoutDays(series: AdSeries, isLeftOut: (position: number) => boolean): AdSeries {
  const kept = series.days.map((_, position) => position).filter((position) => !isLeftOut(position));
  if (kept.length === series.days.length) return series;
  const only = (column: readonly number[]): readonly number[] => kept.map((position) => column[position] as number);
  return {
    ...series,
    days: only(series.days),
    spend: only(series.spend),
    impressions: only(series.impressions),
    clicks: only(series.clicks),
    conversions: only(series.conversions),
  };
}

/** What the plan gives each day, so that a month planned dearer is no break; the same for all days where a month has no plan. */
function plannedByDay({ days, planned, startDate, endDate }: AdSeries, reading: Reading): readonly number[] {
  const byMonth = new Map<string, number>();
  for (const [month, cents] of planned) {
    const [year, number] = [Number(month.slice(0, 4)), Number(month.slice(5))];
    const first = dayOf(year, number, 1);
    const last = dayOf(year, number, daysInMonth(year, number));
    const running = daysBetween(startDate > first ? startDate : first, earlier(endDate, last)) + 1;
    if (running > 0 && cents > 0) byMonth.set(month, cents / running);
  }
  const exposure = days.map((offset) => byMonth.get(reading.months[offset] ?? dayAt(reading, offset).slice(0, 7)));
  return exposure.every((planned) => planned !== undefined) ? exposure : days.map(() => 1);
}

function stepsIn(
  kind: 'spend' | 'ctr' | 'cpa',
  series: AdSeries,
  what: Pick<Level, 'noise' | 'value' | 'exposure' | 'drifts'>,
  reading: Reading,
  spendInPeriod: number,
): readonly Candidate[] {
  const started = daysBetween(reading.from, series.startDate);
  const firstWeekday = weekdayOf(reading.from) - 1;
  const steps = findSteps(
    {
      ...what,
      age: series.days.map((day) => day - started),
      weekday: series.days.map((day) => (firstWeekday + day) % 7),
      mayBreak: mayBegin(series, reading),
    },
    (p) => p < STANDS_OUT,
  );
  const positions = steps.map(({ position }) => position).sort((one, other) => one - other);
  return steps.map((step) => {
    const before = positions.filter((position) => position < step.position).at(-1) ?? 0;
    const next = positions.find((position) => position > step.position);
    return candidateOf(kind, series, step, Math.max(before, step.position - COMPARED_DAYS), next, reading, spendInPeriod);
  });
}

function candidateOf(
  kind: 'spend' | 'ctr' | 'cpa',
  series: AdSeries,
  { position, effect, standardError, z, p, plain }: Step,
  from: number,
  next: number | undefined,
  reading: Reading,
  spendInPeriod: number,
): Candidate {
  const end = (next ?? series.days.length) - 1;
  // The model counts conversions a dollar; people read dollars a conversion.
  const sign = kind === 'cpa' ? -1 : 1;
  const reach = normalQuantile((1 + LEVEL) / 2) * standardError;
  const bounds = [percentOf(sign * (effect - reach)), percentOf(sign * (effect + reach))];
  const [days, daysBefore] = [end - position + 1, position - from];
  const dollars = sumOf(series.spend, position, end) / 100;
  return {
    kind,
    ...namesOf(series),
    firstDate: dayAt(reading, series.days[position]),
    lastDate: next === undefined ? null : dayAt(reading, (series.days[next] as number) - 1),
    days,
    daysBefore,
    before: levelOf(kind, series, from, position - 1),
    after: levelOf(kind, series, position, end),
    changePercent: percentOf(sign * effect),
    lowPercent: Math.min(...bounds),
    highPercent: Math.max(...bounds),
    z: sign * z,
    p,
    // Dollars spent beside the old level, or spent for what the old level would have brought.
    atStake: dollars * Math.abs(kind === 'spend' ? 1 - Math.exp(-effect) : 1 - Math.exp(effect)),
    spendInPeriod,
    isPlain: (change) => Math.sign(plain) === Math.sign(effect) && Math.abs(plain) >= PLAIN_PART * Math.log1p(change),
  };
}

const percentOf = (effect: number): number => 100 * Math.expm1(effect);

/** The level as people read it. */
function levelOf(
  kind: 'spend' | 'ctr' | 'cpa',
  { spend, impressions, clicks, conversions }: AdSeries,
  first: number,
  last: number,
): number | null {
  const dollars = sumOf(spend, first, last) / 100;
  if (kind === 'spend') return dollars / (last - first + 1);
  const [part, whole] =
    kind === 'ctr' ? [100 * sumOf(clicks, first, last), sumOf(impressions, first, last)] : [dollars, sumOf(conversions, first, last)];
  return whole === 0 ? null : part / whole;
}

function sumOf(values: readonly number[], from: number, to: number): number {
  let sum = 0;
  for (let i = from; i <= to; i++) sum += values[i] as number;
  return sum;
}
