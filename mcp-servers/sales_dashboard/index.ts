import { serve } from '../../shared/mcp/served_tool.ts';
import { defineServer } from '../../shared/mcp/server_definition.ts';
import { handleGetCacheReport } from './handlers/get_cache_report.ts';
import { handleGetCampaignChannels } from './handlers/get_campaign_channels.ts';
import { handleGetCampaignLocations } from './handlers/get_campaign_locations.ts';
import { handleGetCampaignPerformance } from './handlers/get_campaign_performance.ts';
import { handleGetDataFreshness } from './handlers/get_data_freshness.ts';
import { handleGetSalesData } from './handlers/get_sales_data.ts';
import { handleRankCampaigns } from './handlers/rank_campaigns.ts';
import { openRepos, type SalesDashboardRepos } from './repo/repos.ts';
import { campaignBoard } from './resources/campaign_board.ts';
import { getCacheReport } from './tools/get_cache_report.ts';
import { getCampaignChannels } from './tools/get_campaign_channels.ts';
import { getCampaignLocations } from './tools/get_campaign_locations.ts';
import { getCampaignPerformance } from './tools/get_campaign_performance.ts';
import { getDataFreshness } from './tools/get_data_freshness.ts';
import { getSalesData } from './tools/get_sales_data.ts';
import { rankCampaigns } from './tools/rank_campaigns.ts';

/** How campaigns did: figures, sales, places, channels, rankings, and how fresh it all is (T2). Reads the hub, writes nothing. */
export const salesDashboard = defineServer<SalesDashboardRepos>({
  name: 'sales_dashboard',
  title: 'PromptSales sales dashboard',
  instructions: [
    'Results of marketing campaigns: performance, sales, locations, channels, rankings. Money is US dollars.',
    'Campaigns are named by name or id; periods are words in English or Spanish ("last month", "el mes pasado") or two dates. Pass them on as the user wrote them: the server reads them and says how.',
    '"no data" is not zero. When a name is ambiguous, ask the user which campaign is meant.',
  ].join('\n'),
  tools: [
    serve(getCampaignPerformance, handleGetCampaignPerformance),
    serve(getSalesData, handleGetSalesData),
    serve(getCampaignLocations, handleGetCampaignLocations),
    serve(getCampaignChannels, handleGetCampaignChannels),
    serve(rankCampaigns, handleRankCampaigns),
    serve(getDataFreshness, handleGetDataFreshness),
    serve(getCacheReport, handleGetCacheReport),
  ],
  resources: [campaignBoard],
  openRepos,
});
