import { addDays, addMonths, daysBetween, earlier, endOfMonth, startOfMonth, weekdayOf } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { type EntityLookup, resolveCampaign, resolveEntity } from '../../../shared/domain/entity_resolution.ts';
import { fold } from '../../../shared/domain/fold.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { Campaigns } from '../../../shared/hub/campaigns.ts';
import { CLIENT_KIND } from '../../../shared/hub/client_kind.ts';
import type { Client } from '../../../shared/hub/clients.ts';
import type { AnsweredCampaign, Handler } from '../../../shared/mcp/contract.ts';
import type { ChannelDays, ChannelResponse } from '../repo/channel_response.ts';
import {
  type BudgetRecommendation,
  type ChannelLimit,
  RECENT_DAYS,
  recommendBudget as recommend,
} from '../service/budget_recommendation.ts';
import { recommendationText } from '../service/budget_recommendation_text.ts';
import { LEAD_DAYS } from '../service/response_fit.ts';
import { campaignElasticities, type ResponseSeries, responsePrior } from '../service/response_prior.ts';
import type { recommendBudget } from '../tools/recommend_budget.ts';

type Repos = { readonly campaigns: Campaigns; readonly clients: EntityLookup<Client>; readonly response: ChannelResponse };

/** Days that curves are fitted to, and those before them that early sales follow from. */
const FITTED_DAYS = 90;
const METHOD =
  'Hill response curve per channel (h = 1): elasticity by Poisson pseudo-likelihood on daily spend with weekday, day and series effects, partially pooled over campaigns; level with geometric carryover; block bootstrap by weeks; water-filling allocation';
const ASSUMES = [
  'demand in the horizon is as in the window',
  "last-touch credited sales are the channel's own effect",
  'revenue diminishes with spend as platform conversions do',
  'within a channel, spend keeps its split over campaigns, places and days',
];

export const handleRecommendBudget: Handler<typeof recommendBudget, Repos> = async (asked, { repos, clock, deadline }) => {
  if (asked.campaignName !== undefined && (asked.clientName !== undefined || asked.country !== undefined)) {
    throw new ToolError('invalid_input', 'A campaign was named together with a client or a country.', {
      remedy: 'Give campaignName alone (the client may follow the name), or the filters without it.',
    });
  }
  const [campaign, client, names] = await Promise.all([
    asked.campaignName === undefined ? undefined : resolveCampaign(repos.campaigns, asked.campaignName, deadline),
    asked.clientName === undefined ? undefined : resolveEntity(CLIENT_KIND, repos.clients, asked.clientName, deadline),
    repos.response.channelNames(deadline),
  ]);
  const channelId = asked.channel === undefined ? undefined : channelNamed(asked.channel, names);
  const limits = new Map<string, ChannelLimit>();
  for (const { channel, min, max } of asked.limits) {
    const limited = channelNamed(channel, names);
    if (limits.has(limited))
      throw new ToolError('invalid_input', `limits name ${names.get(limited) ?? limited} twice.`, { remedy: 'Give each channel once.' });
    limits.set(limited, { min, max });
  }
  const scope = {
    campaignId: campaign?.campaignId,
    clientId: client?.entity.clientId,
    countryCode: asked.country === undefined ? undefined : countryNamed(asked.country),
  };
  const { day: last, version } = await repos.response.lastDay(scope.campaignId, addDays(clock.today(), -1), deadline);
  const read = last === null ? undefined : await readWindow(repos.response, scope, { last, version }, deadline);
  const question = {
    objective: asked.objective,
    totalBudget: asked.totalBudget,
    targetRoas: asked.targetRoas,
    targetMarginalRoas: asked.targetMarginalRoas,
    horizonDays: asked.horizonDays,
    maxChangePercent: asked.maxChangePercent,
    limits,
    channelId,
    seed: `recommend_budget ${JSON.stringify(scope)} ${last ?? ''} ${asked.objective}`,
  };
  const prior = responsePrior(read?.others ?? [], read?.estimates ?? new Map());
  const recommendation = recommend(
    { series: read?.series ?? [], delivery: read?.delivery ?? [], weekday: read?.weekday ?? 0 },
    prior,
    question,
    names,
  );
  const { carryover, events, ...data } = recommendation;
  refuseUnknownLimits(limits, recommendation, names);
  const basis = {
    window: read === undefined || recommendation.verdict === 'no_data' ? null : { from: read.from, to: read.to },
    days: recommendation.channels.reduce((most, { days }) => Math.max(most, days), 0),
    campaigns: read?.campaigns ?? 0,
    pooledFrom: prior.campaigns,
    events: Math.round(events),
    carryover,
    method: METHOD,
    assumes: ASSUMES,
  };
  const evidence = `Basis: ${basis.window === null ? 'no days' : `${basis.window.from} to ${basis.window.to}, ${basis.days} days with spend`}; ${basis.campaigns} campaign(s), ${basis.events} ${asked.objective === 'revenue' ? 'orders' : 'conversions'}, pooled with ${basis.pooledFrom} other campaigns${carryover === null ? '' : `; carryover ${carryover} a day`}. Method: ${METHOD}. Assumes: ${ASSUMES.join('; ')}.`;
  return {
    data: { ...data, basis },
    text: `${recommendationText(recommendation)}\n${evidence}`,
    campaign,
    warnings: warningsOf(recommendation, campaign, last, clock.today()),
    next: nextCalls(recommendation, campaign, clock.today()),
  };
};

type Scope = {
  readonly campaignId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly countryCode?: string | undefined;
};

/** The scope's series and everybody else's, over the window that ends on the last day with figures. */
async function readWindow(
  response: ChannelResponse,
  scope: Scope,
  { last, version }: { readonly last: string; readonly version: string },
  deadline: Deadline,
) {
  const from = addDays(last, 1 - FITTED_DAYS - LEAD_DAYS);
  const window = { from, to: last };
  const [scoped, company, places] = await Promise.all([
    response.campaigns(scope, { from: addDays(last, 1 - RECENT_DAYS), to: last }, deadline),
    response.company(window, version, deadline),
    scope.campaignId === undefined ? [] : response.byPlace(scope.campaignId, window, deadline),
  ]);
  const ids = new Set(scoped.map(({ campaignId }) => campaignId));
  const weekday = weekdayOf(from) - 1;
  const { series: all, estimates } = fittedCompany(company, weekday);
  const inScope = all.filter(({ campaignId }) => ids.has(campaignId));
  const others = all.filter(({ campaignId }) => !ids.has(campaignId));
  return {
    series: inScope,
    // A single campaign's places vary by themselves: they tell more than their sum does.
    delivery: places.length > 0 ? places.map(toSeries) : inScope,
    // Where everybody is asked about, their own campaigns are what there is to pool.
    others: others.length > 0 ? others : inScope,
    estimates,
    weekday,
    from: addDays(from, LEAD_DAYS),
    to: last,
    campaigns: scoped.length,
  };
}

/** Estimates of all campaigns, kept for as long as their rows are: a fifth of a second for three hundred campaigns. */
const FITTED = new WeakMap<readonly ChannelDays[], FittedCompany>();

type FittedCompany = { readonly series: readonly ResponseSeries[]; readonly estimates: ReturnType<typeof campaignElasticities> };

function fittedCompany(rows: readonly ChannelDays[], weekday: number): FittedCompany {
  const kept = FITTED.get(rows);
  if (kept !== undefined) return kept;
  const series = rows.map(toSeries);
  const fitted = { series, estimates: campaignElasticities(series, weekday) };
  FITTED.set(rows, fitted);
  return fitted;
}

function toSeries({ days, saleDays, campaignId, channelId, place, places, ...lists }: ChannelDays): ResponseSeries {
  const spread = (on: readonly number[], values: readonly number[]): Float64Array => {
    const series = new Float64Array(FITTED_DAYS + LEAD_DAYS);
    for (let i = 0; i < values.length; i++) series[on[i] as number] = values[i] as number;
    return series;
  };
  return {
    campaignId,
    channelId,
    place,
    places,
    spend: spread(days, lists.spend),
    conversions: spread(days, lists.conversions),
    revenue: spread(saleDays, lists.revenue),
    orders: spread(saleDays, lists.orders),
  };
}

function channelNamed(asked: string, names: ReadonlyMap<string, string>): string {
  const wanted = fold(asked);
  const exact = [...names].find(([id, name]) => fold(id) === wanted || fold(name) === wanted);
  if (exact !== undefined) return exact[0];
  const within = [...names].filter(([id, name]) => wanted.length > 2 && (fold(name).includes(wanted) || fold(id).includes(wanted)));
  const [only, ...more] = within;
  if (only !== undefined && more.length === 0) return only[0];
  throw new ToolError(
    only === undefined ? 'not_found' : 'ambiguous',
    `${only === undefined ? 'There is no channel' : 'More than one channel is'} "${asked}".`,
    {
      remedy: `There are: ${[...names].map(([id, name]) => `${name} (${id})`).join(', ')}.`,
    },
  );
}

/** The ISO code of a country named in English or Spanish, or by its code. */
function countryNamed(asked: string): string {
  const wanted = fold(asked);
  const languages = ['en', 'es'].map((language) => new Intl.DisplayNames([language], { type: 'region', fallback: 'none' }));
  for (const first of LETTERS) {
    for (const second of LETTERS) {
      const code = first + second;
      if (fold(code) === wanted || languages.some((one) => fold(one.of(code) ?? '') === wanted)) return code;
    }
  }
  throw new ToolError('not_found', `There is no country "${asked}".`, {
    remedy: 'Give its name in English or Spanish, or its ISO code: "MX".',
  });
}

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

function refuseUnknownLimits(
  limits: ReadonlyMap<string, ChannelLimit>,
  { verdict, channels }: BudgetRecommendation,
  names: ReadonlyMap<string, string>,
): void {
  if (verdict === 'no_data') return;
  const strange = [...limits.keys()].find((channelId) => !channels.some((channel) => channel.channelId === channelId));
  if (strange === undefined) return;
  throw new ToolError('invalid_input', `limits name ${names.get(strange) ?? strange}, which had no spend in the window.`, {
    remedy: `Channels with a response to fit: ${channels.map(({ channel }) => channel).join(', ')}.`,
  });
}

function warningsOf(
  recommendation: BudgetRecommendation,
  campaign: AnsweredCampaign | undefined,
  last: string | null,
  today: string,
): readonly string[] {
  const warnings: string[] = [];
  if (recommendation.verdict === 'no_data') {
    return [
      `No data, which is not zero: ${campaign?.name ?? 'no active campaign that fits'} has no spend with results in the days before ${today}.`,
    ];
  }
  if (campaign !== undefined && campaign.endDate < today) {
    warnings.push(`The campaign ended on ${campaign.endDate}; "today" is its last days, and the proposal is for running it again.`);
  }
  if (last !== null && daysBetween(last, today) > 3 && (campaign === undefined || campaign.endDate >= today)) {
    warnings.push(`Advertising figures are loaded up to ${last}; "today" is the days before that.`);
  }
  const beyond = recommendation.channels.filter(({ beyondObserved }) => beyondObserved);
  if (beyond.length > 0) {
    warnings.push(
      `Extrapolated: the proposed daily spend on ${beyond.map(({ channel }) => channel).join(', ')} is above any day of the window.`,
    );
  }
  return warnings;
}

/** The proposal as a plan for the next month that the campaign runs in, ready to be checked; nothing when it should stay as it is. */
function nextCalls({ verdict, channels }: BudgetRecommendation, campaign: AnsweredCampaign | undefined, today: string) {
  if (verdict !== 'change' || campaign === undefined) return [];
  const from = startOfMonth(addMonths(today, 1));
  const to = earlier(endOfMonth(from), campaign.endDate);
  if (to < from) return [];
  const days = daysBetween(from, to) + 1;
  return [
    {
      tool: 'apply_budget_plan',
      arguments: {
        campaignName: campaign.campaignId,
        month: from.slice(0, 7),
        changes: channels
          .filter(({ today: now, proposed }) => now !== proposed)
          .map(({ channelId, proposedPerDay }) => ({ channel: channelId, planned: Math.round(proposedPerDay * days * 100) / 100 })),
      },
      why: `check the proposal for ${from.slice(0, 7)} (${days} days); nothing is written without confirmation`,
    },
  ];
}
