import { lengthOf } from '../../../shared/domain/calendar_day.ts';
import { answeredPeriods } from '../../../shared/domain/periods.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import type { PathQuestion, TouchPaths } from '../repo/touch_paths.ts';
import { ATTRIBUTION_MODELS, type AttributionFacts, attribute, attributionText } from '../service/attribution.ts';
import type { getAttribution } from '../tools/get_attribution.ts';
import { readScope, readScopePeriod, type ScopeRepos } from './ad_scope.ts';

export type AttributionRepos = ScopeRepos & { readonly touchPaths: TouchPaths };

/** More campaigns than a reader compares are one row. */
const MOST_CAMPAIGNS = 12;
/** Those who did not buy are counted for a client whatever the period, for everybody up to so many days: there are ten times as many as buyers. */
const MOST_DAYS_OF_ALL_IDLE = 31;

export const handleGetAttribution: Handler<typeof getAttribution, AttributionRepos> = async (
  { model, by, halfLifeDays, ...asked },
  { repos, clock, deadline },
) => {
  const scope = await readScope(asked, repos, deadline);
  const period = readScopePeriod(asked, scope.campaign, clock, 'last 30 days');
  const window = period ?? { from: clock.today(), to: clock.today() };
  const { filters } = scope;
  const nodes =
    by === 'channel'
      ? await repos.adDays.channels(deadline)
      : scope.campaign !== undefined
        ? [{ id: scope.campaign.campaignId, name: scope.campaign.name }]
        : await repos.touchPaths.campaigns(filters, window, MOST_CAMPAIGNS, deadline);
  const models = model === 'all' ? ATTRIBUTION_MODELS : [model];
  const question: PathQuestion = { by, nodes, filters, period: window, timeZone: clock.timeZone };
  const countsIdle = models.includes('markov') && (filters.clientId !== undefined || lengthOf(window) <= MOST_DAYS_OF_ALL_IDLE);
  const [ways, idle] = await Promise.all([
    repos.touchPaths.ways(question, models.includes('time_decay') ? halfLifeDays : null, deadline),
    countsIdle ? repos.touchPaths.idle(question, deadline) : null,
  ]);
  const facts: AttributionFacts = { ...ways, idle };
  const key = JSON.stringify([by, filters, window.from, window.to]);
  const attribution = attribute(facts, { by, models, nodes, window: { from: window.from, to: window.to }, halfLifeDays, key });
  const known = attribution.status === 'data';
  return {
    data: { scope: scope.named, ...attribution },
    text: attributionText(attribution, scope.named),
    campaign: scope.campaign,
    ...(period === undefined ? {} : answeredPeriods({ ...period, compareTo: undefined })),
    warnings: known ? [] : ['No data, which is not zero: advertising touched nobody who bought in this period.'],
    next:
      known && scope.campaign !== undefined
        ? [
            {
              tool: 'recommend_budget',
              arguments: { campaignName: scope.campaign.campaignId },
              why: 'what the next dollar brings, which a share does not tell',
            },
          ]
        : [],
  };
};
