import { type DayRange, daysBetween, earlier, lengthOf } from '../../../shared/domain/calendar_day.ts';
import type { AnsweredCampaign } from '../../../shared/domain/campaign.ts';
import type { Clock } from '../../../shared/domain/clock.ts';
import {
  type AskedPeriod,
  answeredPeriods,
  type ComparedPeriod,
  previousPeriod,
  type ResolvedPeriod,
  resolvePeriod,
} from '../../../shared/domain/periods.ts';
import type { NextCall } from '../../../shared/domain/tool_error.ts';
import type { Answer } from '../../../shared/mcp/contract.ts';
import { ATTRIBUTION_DAYS, lifetimeOf } from './attribution.ts';

/** The period of a question about one campaign, and what it is compared with. */
export type CampaignPeriod = {
  /** Undefined when the campaign has not begun and no other period was asked for. */
  readonly period: ResolvedPeriod | undefined;
  readonly compared: ComparedPeriod | undefined;
  /** The campaign's own days to date, sales after its end included. */
  readonly isWhole: boolean;
  /** How period and campaign fit: what a reader would otherwise take for a bad month. */
  readonly fit: readonly string[];
  /** What is wrong with the comparison. */
  readonly comparison: readonly string[];
};

/**
 * Reads the period of a question about one campaign; without one the whole campaign to date is meant.
 * A comparison needs the campaign to have existed: where it had not, there is none, and the answer says so. Errors: those of resolvePeriod.
 */
export function readCampaignPeriod(
  asked: AskedPeriod,
  campaign: AnsweredCampaign,
  clock: Pick<Clock, 'today' | 'timeZone'>,
): CampaignPeriod {
  const today = clock.today();
  const life = lifetimeOf(campaign);
  // A campaign that goes on is cut at today and said to end on its own last day; one that is over includes its last sales.
  const lifetime = { from: life.from, to: campaign.endDate >= today ? campaign.endDate : earlier(life.to, today) };
  const isAsked = [asked.period, asked.startDate, asked.endDate].some((part) => part !== undefined && part !== null && part.trim() !== '');
  if (!isAsked && campaign.startDate > today) {
    return { period: undefined, compared: undefined, isWhole: true, fit: [], comparison: [] };
  }
  const period = resolvePeriod(asked, clock, { default: lifetime });
  const isWhole = period.from === lifetime.from && period.to === earlier(lifetime.to, today);
  if (isWhole && period.compareTo === undefined) {
    return {
      period,
      compared: undefined,
      isWhole,
      fit: period.to > campaign.endDate ? [pastTheEnd(campaign, period)] : [],
      comparison: [],
    };
  }
  const wanted = period.compareTo ?? previousPeriod(period);
  const compared = wanted.to < campaign.startDate ? undefined : wanted;
  return { period, compared, isWhole, fit: fitWarnings(campaign, period), comparison: comparisonWarnings(campaign, wanted) };
}

function pastTheEnd({ endDate }: AnsweredCampaign, { to }: DayRange): string {
  return `The campaign ended on ${endDate}; the days to ${to} hold sales still credited to it (${ATTRIBUTION_DAYS} days).`;
}

function fitWarnings(campaign: AnsweredCampaign, period: DayRange): readonly string[] {
  if (period.to < campaign.startDate) return [];
  const warnings: string[] = [];
  if (campaign.startDate > period.from) {
    const days = daysBetween(campaign.startDate, period.to) + 1;
    warnings.push(`The campaign started on ${campaign.startDate}: ${days} of the period's ${lengthOf(period)} days.`);
  }
  if (campaign.endDate < period.to) warnings.push(pastTheEnd(campaign, period));
  return warnings;
}

function comparisonWarnings(campaign: AnsweredCampaign, compared: DayRange): readonly string[] {
  const { from, to } = compared;
  if (to < campaign.startDate) return [`Nothing to compare with: the campaign started on ${campaign.startDate}, after ${from} to ${to}.`];
  if (from < campaign.startDate) {
    return [
      `Not like for like: the campaign ran in only ${daysBetween(campaign.startDate, to) + 1} of the ${lengthOf(compared)} days compared with (${from} to ${to}).`,
    ];
  }
  return [];
}

/** A warning when advertising figures end before a period of a campaign that goes on. */
export function lagWarnings(campaign: AnsweredCampaign, period: DayRange, lastAdDay: string | null): readonly string[] {
  const expected = earlier(period.to, campaign.endDate);
  if (lastAdDay === null || campaign.status !== 'active' || lastAdDay >= expected) return [];
  return [`Advertising figures are loaded up to ${lastAdDay}; later days are not in them yet.`];
}

/** Why a period of a campaign holds nothing, in words. */
export function noDataWarning(campaign: AnsweredCampaign, period: ResolvedPeriod | undefined, today: string): string {
  const { name, startDate, endDate } = campaign;
  if (startDate > today) return `No data, which is not zero: ${name} has not started; it is planned from ${startDate} to ${endDate}.`;
  const when = period === undefined ? '' : ` between ${period.from} and ${period.to}`;
  if (period !== undefined && period.to < startDate)
    return `No data, which is not zero: ${name} did not run${when}; it started on ${startDate}.`;
  if (period !== undefined && period.from > endDate)
    return `No data, which is not zero: ${name} did not run${when}; it ended on ${endDate}.`;
  return `No data, which is not zero: no advertising, orders or leads of ${name} are known${when}.`;
}

/** The same question over the campaign's own days, for when the asked ones hold nothing; none before it starts. */
export function wholeCampaignCall(
  tool: string,
  campaign: AnsweredCampaign,
  today: string,
  more: Readonly<Record<string, unknown>> = {},
): readonly NextCall[] {
  if (campaign.startDate > today) return [];
  const { from, to } = lifetimeOf(campaign);
  return [
    {
      tool,
      arguments: { campaignName: campaign.campaignId, startDate: from, endDate: earlier(to, today), ...more },
      why: `the campaign's own days`,
    },
  ];
}

/** The arguments that ask another tool about the same campaign and days. */
export function sameQuestion(campaign: AnsweredCampaign, { period, isWhole }: CampaignPeriod): Readonly<Record<string, unknown>> {
  const campaignName = campaign.campaignId;
  return period === undefined || isWhole ? { campaignName } : { campaignName, startDate: period.from, endDate: period.to };
}

/** The period, and what it is compared with, as answers carry them; what is not known is compared with nothing. */
export function periodsOf({ period, compared }: CampaignPeriod, isKnown: boolean): Pick<Answer, 'period' | 'previousPeriod'> {
  return period === undefined ? {} : answeredPeriods({ ...period, compareTo: isKnown ? compared : undefined });
}
