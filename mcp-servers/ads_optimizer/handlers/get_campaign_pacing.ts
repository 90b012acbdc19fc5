import { addDays, type Day, type DayRange, earlier } from '../../../shared/domain/calendar_day.ts';
import { type EntityLookup, resolveCampaign, resolveEntity } from '../../../shared/domain/entity_resolution.ts';
import { answeredPeriods, resolvePeriod } from '../../../shared/domain/periods.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { Campaigns } from '../../../shared/hub/campaigns.ts';
import { CLIENT_KIND } from '../../../shared/hub/client_kind.ts';
import type { Client } from '../../../shared/hub/clients.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import type { BudgetPlans } from '../repo/budget_plans.ts';
import { LEARNED_DAYS, measureChannels, measurePace, type PaceWindow, wholeOf } from '../service/pacing.ts';
import { campaignPacingData, pacingPage, pacingText } from '../service/pacing_answer.ts';
import { readPacingCursor, writePacingCursor } from '../service/pacing_cursor.ts';
import { uncutPeriod } from '../service/pacing_period.ts';
import { getCampaignPacing } from '../tools/get_campaign_pacing.ts';

export type PacingRepos = {
  readonly campaigns: Campaigns;
  readonly clients: EntityLookup<Client>;
  readonly budgetPlans: BudgetPlans;
};

export const handleGetCampaignPacing: Handler<typeof getCampaignPacing, PacingRepos> = async (
  { campaignName, clientName, objective, status, limit, cursor, ...asked },
  { repos, clock, deadline },
) => {
  const campaign = campaignName === undefined ? undefined : await resolveCampaign(repos.campaigns, campaignName, deadline);
  if (campaign !== undefined && [clientName, objective, status, cursor].some((filter) => filter !== undefined)) {
    throw new ToolError('invalid_input', 'A campaign was named beside filters or a cursor of a list.', {
      remedy: 'Give campaignName alone, or the filters without it.',
    });
  }
  const life = campaign === undefined ? undefined : { from: campaign.startDate, to: campaign.endDate };
  const period = resolvePeriod(asked, clock, { default: 'this month', campaign: life });
  const paceWindow = windowOf(uncutPeriod(asked, period, life), clock.today(), await repos.budgetPlans.lastLoadedDay(deadline));
  const { asOf, recent } = paceWindow;
  const days = { delivered: { from: period.from, to: earlier(paceWindow.period.to, asOf) }, recent };
  const shared = { window: paceWindow.period, asOf };

  if (campaign !== undefined) {
    const channels = await repos.budgetPlans.ofCampaign(campaign.campaignId, days, deadline);
    const whole = wholeOf(channels);
    const pace = measurePace(whole, campaign, paceWindow);
    const paces = measureChannels(channels, pace, campaign, paceWindow);
    const data = campaignPacingData(campaign, {
      ...shared,
      pace,
      channels: channels.flatMap(({ channelId, channel }, index) => {
        const own = paces[index];
        return own === undefined ? [] : [{ channelId, channel, pace: own }];
      }),
      learned: learnedDays(whole.recent),
    });
    const isOff = pace.verdict === 'over' || pace.verdict === 'under';
    return {
      data,
      text: pacingText(data),
      campaign,
      ...answeredPeriods(period),
      next: [
        ...(isOff
          ? [{ tool: 'recommend_budget', arguments: { campaignName: campaign.campaignId }, why: 'how its money is best divided' }]
          : []),
        ...(paceWindow.period.to < campaign.endDate
          ? [
              {
                tool: getCampaignPacing.name,
                arguments: { campaignName: campaign.campaignId, period: 'whole campaign' },
                why: 'the forecast to its end',
              },
            ]
          : []),
      ],
    };
  }

  const client = clientName === undefined ? undefined : await resolveEntity(CLIENT_KIND, repos.clients, clientName, deadline);
  const filters: Record<string, string> = {
    ...(client === undefined ? {} : { client: `${client.entity.company} (${client.entity.clientId})` }),
    ...(objective === undefined ? {} : { objective }),
    ...(status === undefined ? {} : { status }),
  };
  const question = [paceWindow.period.from, paceWindow.period.to, asOf, JSON.stringify(filters)];
  const after = cursor === undefined ? undefined : readPacingCursor(cursor, question);
  const rows = await repos.budgetPlans.ofCampaigns(
    paceWindow.period,
    days,
    { clientId: client?.entity.clientId, objective, status },
    deadline,
  );
  const page = pacingPage(
    rows.map((row) => ({ campaign: row.campaign, pace: measurePace(row, row.campaign, paceWindow) })),
    { ...shared, limit, after, filters, learned: learnedDays(rows.flatMap((row) => row.recent)) },
  );
  const [first] = page.data.campaigns;
  return {
    data: page.data,
    text: pacingText(page.data),
    ...answeredPeriods(period),
    page: {
      returned: page.data.campaigns.length,
      total: page.total,
      nextCursor: page.position === undefined ? null : writePacingCursor(page.position, question),
    },
    next:
      first === undefined
        ? []
        : [{ tool: getCampaignPacing.name, arguments: { campaignName: first.campaignId }, why: `${first.name} by channel` }],
  };
};

/** Today is not over and may be loaded in part: the last day that counts is yesterday, or the last loaded one. */
function windowOf(period: DayRange, today: Day, lastLoaded: Day | undefined): PaceWindow {
  const asOf = earlier(addDays(today, -1), lastLoaded ?? addDays(today, -1));
  return { period, today, asOf, recent: { from: addDays(asOf, 1 - LEARNED_DAYS), to: asOf } };
}

function learnedDays(recent: readonly { readonly day: Day }[]): DayRange | null {
  const [first] = recent;
  if (first === undefined) return null;
  let [from, to] = [first.day, first.day];
  for (const { day } of recent) {
    if (day < from) from = day;
    if (day > to) to = day;
  }
  return { from, to };
}
