import type { Deadline } from '../../../shared/domain/deadline.ts';
import { resolveEntity } from '../../../shared/domain/entity_resolution.ts';
import { answeredPeriods, previousPeriod, resolvePeriod } from '../../../shared/domain/periods.ts';
import { CLIENT_KIND } from '../../../shared/hub/client_kind.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import type { RankingFilters } from '../repo/campaign_ranking.ts';
import type { SalesDashboardRepos } from '../repo/repos.ts';
import { choose, withCountryNames } from '../service/choice.ts';
import { periodPieces } from '../service/period_pieces.ts';
import { rankingText, rankPage, totalsRanked } from '../service/ranking.ts';
import { readCursor, writeCursor } from '../service/ranking_cursor.ts';
import type { rankCampaigns } from '../tools/rank_campaigns.ts';

export const handleRankCampaigns: Handler<typeof rankCampaigns, SalesDashboardRepos> = async (
  { metric, order, limit, cursor, client, country, channel, objective, status, ...asked },
  { repos, clock, deadline },
) => {
  const period = resolvePeriod(asked, clock, { default: 'last 30 days' });
  const compared = period.compareTo ?? previousPeriod(period);
  const { ids, named } = await readFilters(repos, { client, country, channel, objective, status }, deadline);
  const question = [metric, order, period.from, period.to, JSON.stringify(named)];
  const after = cursor === undefined ? undefined : readCursor(cursor, question);
  const rows = await repos.ranking.totals(totalsRanked(metric), periodPieces(period), periodPieces(compared), ids, deadline);
  const { ranking, total, position } = rankPage(rows, { metric, order, limit, after, filters: named });
  const nextCursor = position === undefined ? null : writeCursor(position, question);
  const [first] = ranking.campaigns;
  return {
    data: ranking,
    text: rankingText(ranking),
    ...answeredPeriods({ ...period, compareTo: compared }),
    page: { returned: ranking.campaigns.length, total, nextCursor },
    warnings:
      ranking.status === 'no_data'
        ? [`No data, which is not zero: no campaign that fits has advertising, orders or leads between ${period.from} and ${period.to}.`]
        : [],
    next:
      first === undefined
        ? []
        : [
            {
              tool: 'get_campaign_performance',
              arguments: { campaignName: first.campaignId, startDate: period.from, endDate: period.to },
              why: `all figures of ${first.name}`,
            },
          ],
  };
};

type AskedFilters = {
  readonly client?: string | undefined;
  readonly country?: string | undefined;
  readonly channel?: string | undefined;
  readonly objective?: string | undefined;
  readonly status?: string | undefined;
};

type Filters = {
  readonly ids: RankingFilters;
  /** The filters as the answer names them. */
  readonly named: Readonly<Record<string, string>>;
};

/** Finds what the filters name, all at once. */
async function readFilters(repos: SalesDashboardRepos, asked: AskedFilters, deadline: Deadline): Promise<Filters> {
  const [client, country, channel] = await Promise.all([
    asked.client === undefined ? undefined : resolveEntity(CLIENT_KIND, repos.clients, asked.client, deadline),
    asked.country === undefined ? undefined : chosenCountry(repos, asked.country, deadline),
    asked.channel === undefined ? undefined : chosenChannel(repos, asked.channel, deadline),
  ]);
  const named: Record<string, string> = {};
  if (client !== undefined) named.client = `${client.entity.company} (${client.entity.clientId})`;
  if (country !== undefined) named.country = `${country.name} (${country.id})`;
  if (channel !== undefined) named.channel = channel.name;
  if (asked.objective !== undefined) named.objective = asked.objective;
  if (asked.status !== undefined) named.status = asked.status;
  return {
    ids: {
      clientId: client?.entity.clientId,
      countryCode: country?.id,
      channelId: channel?.id,
      objective: asked.objective,
      status: asked.status,
    },
    named,
  };
}

const chosenCountry = async ({ catalogue }: SalesDashboardRepos, asked: string, deadline: Deadline) =>
  choose('country', asked, withCountryNames(await catalogue.countries(deadline)));

const chosenChannel = async ({ catalogue }: SalesDashboardRepos, asked: string, deadline: Deadline) =>
  choose('channel', asked, await catalogue.channels(deadline));
