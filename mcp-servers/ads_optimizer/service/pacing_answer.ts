import type { Day, DayRange } from '../../../shared/domain/calendar_day.ts';
import type { Campaign } from '../../../shared/domain/campaign.ts';
import { type Decimal, decimal, formatCount, formatRatio, formatUsd, sum, toAnswerNumber } from '../../../shared/domain/money.ts';
import { type Column, table } from '../../../shared/domain/table.ts';
import { INTERVAL_LEVEL, LEARNED_DAYS, type Pace, type PacingVerdict } from './pacing.ts';
import type { PacingPosition } from './pacing_cursor.ts';

const METHOD =
  'local-level state-space model (Harvey 1989) of spend over the plan of its day, weekdays by ratio to moving average, level averaged over its possible drift, Student t interval';

const ASSUMES: readonly string[] = [
  'a month’s plan is spread over the campaign’s days in it by its own weekday pattern',
  'spend goes on as in the recent days, and follows the plan from month to month',
  'a paused campaign spends nothing more',
];

/** A pace as answers carry it: US dollars; null is "no data" or "not applicable". */
function paceRow(pace: Pace) {
  const { verdict, planned, plannedToDate, delivered, paceIndex, forecast, moneyAtRisk, daysLeft, recentDailyRate, dailyRateToPlan } = pace;
  return {
    verdict,
    planned: toAnswerNumber(planned),
    plannedToDate: toAnswerNumber(plannedToDate),
    delivered: toAnswerNumber(delivered),
    paceIndex: toAnswerNumber(paceIndex, 3),
    forecast: toAnswerNumber(forecast?.expected ?? null),
    interval: forecast === null ? null : { low: toAnswerNumber(forecast.low), high: toAnswerNumber(forecast.high), level: INTERVAL_LEVEL },
    moneyAtRisk: toAnswerNumber(moneyAtRisk),
    daysLeft,
    recentDailyRate: toAnswerNumber(recentDailyRate),
    dailyRateToPlan: toAnswerNumber(dailyRateToPlan),
  };
}

type PaceRow = ReturnType<typeof paceRow>;
export type PacedCampaign = { readonly campaign: Campaign; readonly pace: Pace };
export type PacedChannel = { readonly channelId: string; readonly channel: string; readonly pace: Pace };

const basisOf = (window: DayRange | null, days: number) => ({ window, days, method: METHOD, assumes: [...ASSUMES] });

/** One campaign: its total and its channels, as the answer's data. `learned` is the days the forecast was learned from. */
export function campaignPacingData(
  campaign: Pick<Campaign, 'name' | 'startDate' | 'endDate' | 'status'>,
  {
    pace,
    channels,
    window,
    asOf,
    learned,
  }: {
    readonly pace: Pace;
    readonly channels: readonly PacedChannel[];
    readonly window: DayRange;
    readonly asOf: Day | null;
    readonly learned: DayRange | null;
  },
) {
  return {
    sentence: pacingSentence(campaign, pace, window),
    window,
    asOf,
    total: paceRow(pace),
    channels: channels.map(({ channelId, channel, pace: own }) => ({ channelId, channel, ...paceRow(own) })),
    campaigns: [],
    filters: {},
    basis: basisOf(learned, pace.daysLearned),
  };
}

export type PacingPage = {
  readonly data: ReturnType<typeof pacingListData>;
  readonly total: number;
  /** Undefined on the last page. */
  readonly position: PacingPosition | undefined;
};

/** A page of campaigns, most money at risk first; those whose spend is over, or has no plan, come last. */
export function pacingPage(
  campaigns: readonly PacedCampaign[],
  {
    limit,
    after,
    window,
    asOf,
    learned,
    filters,
  }: {
    readonly limit: number;
    readonly after: PacingPosition | undefined;
    readonly window: DayRange;
    readonly asOf: Day | null;
    readonly learned: DayRange | null;
    readonly filters: Readonly<Record<string, string>>;
  },
): PacingPage {
  const ranked = campaigns.toSorted(
    (one, other) => atRisk(other).comparedTo(atRisk(one)) || (one.campaign.campaignId < other.campaign.campaignId ? -1 : 1),
  );
  const found =
    after === undefined
      ? 0
      : ranked.findIndex((campaign) => {
          const difference = decimal(after.atRisk).comparedTo(atRisk(campaign));
          return difference > 0 || (difference === 0 && campaign.campaign.campaignId > after.campaignId);
        });
  const start = found === -1 ? ranked.length : found;
  const page = ranked.slice(start, start + limit);
  const last = page.at(-1);
  return {
    data: pacingListData(ranked, page, window, asOf, learned, filters),
    total: ranked.length,
    position:
      last === undefined || start + page.length >= ranked.length
        ? undefined
        : { atRisk: atRisk(last).toFixed(), campaignId: last.campaign.campaignId },
  };
}

/** -1 where nothing can be at risk, so that a campaign exactly on plan comes before those. */
const atRisk = ({ pace }: PacedCampaign): Decimal => (pace.verdict === 'ended' ? decimal(-1) : (pace.moneyAtRisk ?? decimal(-1)));

function pacingListData(
  all: readonly PacedCampaign[],
  page: readonly PacedCampaign[],
  window: DayRange,
  asOf: Day | null,
  learned: DayRange | null,
  filters: Readonly<Record<string, string>>,
) {
  const count = (verdict: PacingVerdict): number => all.filter(({ pace }) => pace.verdict === verdict).length;
  const risky = sum(all.map(({ pace }) => (pace.verdict === 'over' || pace.verdict === 'under' ? (pace.moneyAtRisk ?? 0) : 0)));
  const rest = (['no_plan', 'not_started', 'ended', 'no_data'] as const).flatMap((verdict) =>
    count(verdict) === 0 ? [] : [`${count(verdict)} ${verdict.replace('_', ' ')}`],
  );
  return {
    sentence:
      all.length === 0
        ? 'No data, which is not zero: no campaign that fits runs in this period.'
        : `Of ${formatCount(all.length)} campaigns ${count('over')} will spend more than planned and ${count('under')} less, ${formatUsd(risky)} together; ${count('on_track')} are on track${rest.length === 0 ? '' : `; ${rest.join(', ')}`}.`,
    window,
    asOf,
    total: null,
    channels: [],
    campaigns: page.map(({ campaign, pace }) => ({
      campaignId: campaign.campaignId,
      name: campaign.name,
      clientName: campaign.clientName,
      endDate: campaign.endDate,
      ...paceRow(pace),
    })),
    filters,
    basis: basisOf(learned, Math.max(0, ...all.map(({ pace }) => pace.daysLearned))),
  };
}

/** How a campaign's spend stands, in a sentence for a marketer. */
function pacingSentence(
  { name, startDate, endDate, status }: Pick<Campaign, 'name' | 'startDate' | 'endDate' | 'status'>,
  { verdict, planned, delivered, forecast, moneyAtRisk, dailyRateToPlan, daysLeft, recentDailyRate }: Pace,
  window: DayRange,
): string {
  const until = endDate < window.to ? endDate : window.to;
  switch (verdict) {
    case 'not_started':
      return startDate > window.to || planned === null
        ? `${name} has not started: it is planned from ${startDate} to ${endDate}.`
        : `${name} has not started: it is planned from ${startDate} to ${endDate}, with ${formatUsd(planned)} in this period.`;
    case 'no_data':
      return `No data, which is not zero: too little of ${name}’s spend is known for a forecast.`;
    case 'no_plan':
      return `${name} has no budget plan for this period; it has spent ${formatUsd(delivered)}.`;
    case 'ended':
      return planned === null
        ? `${name} ended on ${endDate}, before this period.`
        : `${name} is over: it spent ${formatUsd(delivered)} of ${formatUsd(planned)} planned for this period.`;
    case 'on_track':
    case 'over':
    case 'under':
      break;
  }
  const expected = forecast?.expected ?? null;
  const outcome = { on_track: 'is on track', over: 'will spend more than planned', under: 'will spend less than planned' }[verdict];
  if (daysLeft === 0) {
    const was = { on_track: 'landed on plan', over: 'spent more than planned', under: 'spent less than planned' }[verdict];
    return `${name} ${was}: ${formatUsd(delivered)} of ${formatUsd(planned)}, ${formatUsd(moneyAtRisk)} apart.`;
  }
  const paused = status === 'paused' ? ' It is paused, and nothing more is expected while it is.' : '';
  return `${name} ${outcome}: about ${formatUsd(expected)} by ${until} against ${formatUsd(planned)}, ${formatUsd(moneyAtRisk)} apart. ${formatUsd(dailyRateToPlan)} a day for the ${formatCount(daysLeft)} days left would land on plan; the last week took ${formatUsd(recentDailyRate)} a day.${paused}`;
}

const PACE_COLUMNS: readonly Column<PaceRow>[] = [
  { header: 'Verdict', cell: ({ verdict }) => verdict },
  { header: 'Planned', cell: ({ planned }) => formatUsd(planned) },
  { header: 'Planned to date', cell: ({ plannedToDate }) => formatUsd(plannedToDate) },
  { header: 'Delivered', cell: ({ delivered }) => formatUsd(delivered) },
  { header: 'Pace index', cell: ({ paceIndex }) => formatRatio(paceIndex, 3) },
  { header: 'Forecast', cell: ({ forecast }) => formatUsd(forecast) },
  {
    header: '90 % interval',
    cell: ({ interval }) => (interval === null ? 'no data' : `${formatUsd(interval.low)} to ${formatUsd(interval.high)}`),
  },
  { header: 'At risk', cell: ({ moneyAtRisk }) => formatUsd(moneyAtRisk) },
  { header: 'Days left', cell: ({ daysLeft }) => formatCount(daysLeft) },
  { header: 'A day, last week', cell: ({ recentDailyRate }) => formatUsd(recentDailyRate) },
  { header: 'A day, to plan', cell: ({ dailyRateToPlan }) => formatUsd(dailyRateToPlan) },
];

type PacingData = ReturnType<typeof campaignPacingData> | ReturnType<typeof pacingListData>;

/** The answer's figures as text. */
export function pacingText(data: PacingData): string {
  const { sentence, window, asOf, total, channels, campaigns, filters, basis } = data;
  const narrowed = Object.entries(filters).map(([filter, value]) => `${filter} ${value}`);
  return [
    sentence,
    `Plan and forecast of ${window.from} to ${window.to}; delivered to ${asOf ?? 'no day'}${narrowed.length === 0 ? '' : `; only ${narrowed.join(', ')}`}`,
    ...(total === null
      ? []
      : [
          table<PaceRow & { readonly channel: string }>(
            [{ header: 'Channel', cell: ({ channel }) => channel }, ...PACE_COLUMNS],
            [...channels, { channel: 'Total', ...total }],
          ),
        ]),
    ...(campaigns.length === 0
      ? []
      : [
          table<(typeof campaigns)[number]>(
            [
              { header: 'Campaign', cell: ({ name, campaignId }) => `${name} (${campaignId})` },
              { header: 'Client', cell: ({ clientName }) => clientName },
              { header: 'Ends', cell: ({ endDate }) => endDate },
              ...PACE_COLUMNS,
            ],
            campaigns,
          ),
        ]),
    `Basis: ${basis.window === null ? 'no days' : `spend of ${basis.window.from} to ${basis.window.to}, ${formatCount(basis.days)} days used`} (at most ${LEARNED_DAYS}). Method: ${basis.method}. Assumes: ${basis.assumes.join('; ')}.`,
  ].join('\n');
}
