import { openRangeTotals } from '../../mcp-servers/sales_dashboard/repo/range_totals.ts';
import { readCampaignPeriod } from '../../mcp-servers/sales_dashboard/service/campaign_period.ts';
import { performanceRanges } from '../../mcp-servers/sales_dashboard/service/performance.ts';
import { openPostgres } from '../../shared/db/postgres_database.ts';
import type { SqlDatabase } from '../../shared/db/sql_database.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { resolvePeriod } from '../../shared/domain/periods.ts';
import { openCampaigns } from '../../shared/hub/campaigns.ts';
import { campaignIds } from './http_latency.ts';

const PERIOD = 'last month';
const CAMPAIGNS = 200;
const TIME_ZONE = 'America/Costa_Rica';

/** A statement given to other servers as a tool, and the arguments it is called with in turn. */
export type SqlTool = {
  readonly name: string;
  readonly description: string;
  readonly sql: string;
  /** In the order of $1, $2, …; an array holds strings. */
  readonly parameters: readonly { readonly name: string; readonly type: 'string' | 'array'; readonly description: string }[];
  readonly calls: readonly Readonly<Record<string, string | readonly string[]>>[];
};

/** One question, put to everybody: how a campaign did last month. */
export type Question = {
  readonly tool: 'get_campaign_performance';
  /** What PromptSales is asked, a campaign each. */
  readonly asked: readonly { readonly campaignName: string; readonly period: string }[];
  /** The statement with which PromptSales reads the totals, and the values it sends with it for each question of `asked`. */
  readonly sameSql: SqlTool;
  /** Four totals of the same month and nothing else, read by the primary key: as fast as such a question can be. */
  readonly oneLookup: SqlTool;
};

const ONE_LOOKUP = `SELECT sum(spend) AS spend, sum(impressions) AS impressions, sum(clicks) AS clicks, sum(conversions) AS conversions
  FROM sales.ad_day WHERE campaign_id = $1 AND day BETWEEN $2::date AND $3::date`;

const CAMPAIGN = { name: 'campaign', type: 'string', description: 'Id of the campaign' } as const;

/** Takes the SQL and its values from PromptSales' own code, so that a peer is given exactly the query PromptSales sends. */
export async function campaignQuestion(hubUrl: string): Promise<Question> {
  const hub = await openPostgres(hubUrl, { applicationName: 'promptsales bench' });
  try {
    const deadline = deadlineIn(30_000);
    const clock = systemClock(TIME_ZONE);
    const recorded: { readonly sql: string; readonly values: readonly unknown[] }[] = [];
    const recorder: SqlDatabase = {
      async rows(statement, values) {
        recorded.push({ sql: statement.text, values });
        return [];
      },
    };
    const campaigns = openCampaigns(hub);
    const ids = (await campaignIds(hubUrl)).slice(0, CAMPAIGNS);
    for (const id of ids) {
      const found = await campaigns.byId(id, deadline);
      if (found === undefined) throw new Error(`the hub has no campaign ${id}`);
      const campaign = { ...found, matchedBy: 'id' };
      const read = readCampaignPeriod({ period: PERIOD }, campaign, clock);
      await openRangeTotals(recorder).ofCampaign(id, performanceRanges(campaign, read, clock.today()).all, deadline);
    }
    const [first] = recorded;
    if (first === undefined) throw new Error('the hub holds no campaign with sales');
    const month = resolvePeriod({ period: PERIOD }, clock, { default: PERIOD });
    return {
      tool: 'get_campaign_performance',
      asked: ids.map((campaignName) => ({ campaignName, period: PERIOD })),
      sameSql: {
        name: 'campaign_totals',
        description: 'Totals of a campaign in each of several ranges of days',
        sql: first.sql,
        parameters: [
          CAMPAIGN,
          { name: 'firsts', type: 'array', description: 'First days of the ranges' },
          { name: 'lasts', type: 'array', description: 'Last days of the ranges' },
        ],
        calls: recorded.map(({ values: [campaign, firsts, lasts] }) => ({
          campaign: campaign as string,
          firsts: firsts as string[],
          lasts: lasts as string[],
        })),
      },
      oneLookup: {
        name: 'campaign_month',
        description: 'Advertising of a campaign in a range of days',
        sql: ONE_LOOKUP,
        parameters: [
          CAMPAIGN,
          { name: 'first', type: 'string', description: 'First day' },
          { name: 'last', type: 'string', description: 'Last day' },
        ],
        calls: ids.map((campaign) => ({ campaign, first: month.from, last: month.to })),
      },
    };
  } finally {
    await hub.close();
  }
}
