import { openTouchPaths } from '../../mcp-servers/ads_optimizer/repo/touch_paths.ts';
import { openCustomerOrders } from '../../mcp-servers/crm_analyzer/repo/customer_orders.ts';
import { openCustomerProfiles } from '../../mcp-servers/crm_analyzer/repo/customer_profile.ts';
import { openCustomerRanking } from '../../mcp-servers/crm_analyzer/repo/customer_ranking.ts';
import { openLeads } from '../../mcp-servers/crm_analyzer/repo/leads.ts';
import { openNearbyCustomers } from '../../mcp-servers/crm_analyzer/repo/nearby_customers.ts';
import { openCampaignLocations } from '../../mcp-servers/sales_dashboard/repo/campaign_locations.ts';
import { openCampaignRanking } from '../../mcp-servers/sales_dashboard/repo/campaign_ranking.ts';
import { openRangeTotals } from '../../mcp-servers/sales_dashboard/repo/range_totals.ts';
import { periodPieces } from '../../mcp-servers/sales_dashboard/service/period_pieces.ts';
import type { DataKeys } from '../../shared/access/data_keys.ts';
import type { SqlDatabase } from '../../shared/db/sql_database.ts';
import { addDays, type DayRange } from '../../shared/domain/calendar_day.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { openCampaigns } from '../../shared/hub/campaigns.ts';

/** Whom and what the questions are about: chosen from the data, the same in every run on the same data. */
export type Subjects = {
  /** The campaign with most days of advertising. */
  readonly campaignId: string;
  readonly campaignName: string;
  /** A client with as many customers as most have. */
  readonly clientId: string;
  /** The customer with most orders, and where it lives. */
  readonly customerId: number;
  readonly latitude: number;
  readonly longitude: number;
  /** The last day with advertising. */
  readonly lastDay: string;
};

/** A question of a tool, and the indexes without which it is asked for comparison. */
export type PlanQuestion = {
  /** Also the name of its script below sqlserver/. */
  readonly name: string;
  readonly asks: string;
  /** The tool that asks so. */
  readonly tool: string;
  /** With their schemas. */
  readonly indexes: readonly string[];
  /** What is read without them, at the end of a scan's name: the plan must say so. */
  readonly without: string;
  /** How many times the pages it takes without them, at least, on the medium data set. */
  readonly saves: number;
  /** Sends its statements, as the tool's handler would. */
  readonly ask: (hub: SqlDatabase, subjects: Subjects) => Promise<unknown>;
};

const TIME_ZONE = 'America/Costa_Rica';
/** No question here reads a name. */
const refused = () => Promise.reject(new Error('nothing is decrypted here'));
const NO_KEYS: DataKeys = { active: refused, all: refused, byId: refused };
const deadline = () => deadlineIn(120_000);
const daysUpTo = (lastDay: string, days: number): DayRange => ({ from: addDays(lastDay, 1 - days), to: lastDay });

export const QUESTIONS: readonly PlanQuestion[] = [
  {
    name: 'campaign_performance',
    asks: 'Results of one campaign in the last 30 days and the 30 before',
    tool: 'get_campaign_performance',
    indexes: ['sales.ad_day_pkey', 'sales.order_day_pkey', 'sales.lead_day_pkey'],
    without: 'Seq Scan ad_day',
    saves: 2,
    ask: (hub, { campaignId, lastDay }) =>
      openRangeTotals(hub).ofCampaign(campaignId, [daysUpTo(lastDay, 30), daysUpTo(addDays(lastDay, -30), 30)], deadline()),
  },
  {
    name: 'campaign_ranking',
    asks: 'All campaigns by revenue and cost in 75 days, against the 75 before',
    tool: 'rank_campaigns',
    indexes: ['sales.ad_day_day', 'sales.order_day_day', 'sales.ad_totals_pkey', 'sales.order_totals_pkey'],
    without: 'Seq Scan ad_totals',
    saves: 4,
    ask: (hub, { lastDay }) =>
      openCampaignRanking(hub).totals(
        ['spend', 'orders', 'revenue'],
        periodPieces(daysUpTo(lastDay, 75)),
        periodPieces(daysUpTo(addDays(lastDay, -75), 75)),
        {},
        deadline(),
      ),
  },
  {
    name: 'campaign_locations',
    asks: 'Where a campaign reached, sold to and won leads from, in 30 days, by city',
    tool: 'get_campaign_locations',
    indexes: ['ads.daily_metrics_campaign_day', 'crm.orders_campaign', 'crm.leads_campaign'],
    without: 'orders_time',
    saves: 5,
    ask: (hub, { campaignId, lastDay }) => openCampaignLocations(hub).cities(campaignId, daysUpTo(lastDay, 30), TIME_ZONE, deadline()),
  },
  {
    name: 'campaign_by_name',
    asks: 'The campaign of that name, accents and capitals aside',
    tool: 'every tool that takes a campaign',
    indexes: ['ads.campaigns_name'],
    without: 'campaigns_name_similar',
    saves: 4,
    ask: (hub, { campaignName }) => openCampaigns(hub).byName(campaignName.toUpperCase(), deadline()),
  },
  {
    name: 'attribution',
    asks: 'The touches that led to a client’s orders of 30 days',
    tool: 'get_attribution',
    indexes: ['sales.journeys_pkey', 'sales.journeys_time'],
    without: 'Seq Scan journeys',
    saves: 1.5,
    ask: (hub, { clientId, lastDay }) =>
      openTouchPaths(hub).ways(
        {
          by: 'channel',
          nodes: [
            { id: 'instagram', name: 'Instagram' },
            { id: 'facebook', name: 'Facebook' },
          ],
          filters: { clientId },
          period: daysUpTo(lastDay, 30),
          timeZone: TIME_ZONE,
        },
        7,
        deadline(),
      ),
  },
  {
    name: 'leads_of_client',
    asks: 'How far a client’s leads of 90 days got',
    tool: 'get_lead_metrics',
    indexes: ['crm.leads_client', 'crm.leads_created'],
    without: 'Seq Scan leads',
    saves: 8,
    ask: (hub, { clientId, lastDay }) => openLeads(hub).totals({ clientId }, daysUpTo(lastDay, 90), TIME_ZONE, deadline()),
  },
  {
    name: 'nearest_customers',
    asks: 'The ten customers nearest to a point',
    tool: 'find_nearby_customers',
    indexes: ['crm.customers_position'],
    without: 'Seq Scan customers',
    saves: 10,
    ask: (hub, { latitude, longitude }) =>
      openNearbyCustomers(hub).nearest(
        {
          centre: { latitude, longitude },
          radiusMetres: 5_000,
          partsOfDegree: 1e9,
          clientId: undefined,
          segment: undefined,
          bands: 5,
          limit: 10,
        },
        deadline(),
      ),
  },
  {
    name: 'orders_of_customer',
    asks: 'Everything that happened with one customer: orders, leads, touches, interactions',
    tool: 'get_customer_profile',
    indexes: ['crm.orders_customer', 'crm.leads_customer', 'ads.touches_customer', 'crm.interactions_customer'],
    without: 'Seq Scan touches',
    saves: 8,
    ask: async (hub, { customerId }) => {
      const profiles = openCustomerProfiles(hub, NO_KEYS);
      await profiles.totals(customerId, TIME_ZONE, deadline());
      await profiles.events(customerId, 20, TIME_ZONE, deadline());
    },
  },
  {
    name: 'best_customers',
    asks: 'A client’s ten best customers by what they bought',
    tool: 'rank_customers',
    indexes: ['sales.customer_orders_client', 'sales.journeys_pkey'],
    without: 'Seq Scan customer_orders',
    saves: 1.1,
    ask: (hub, { clientId, lastDay }) =>
      openCustomerRanking(hub).page(
        {
          clientId,
          timeZone: TIME_ZONE,
          today: lastDay,
          metric: 'revenue',
          partition: 'none',
          lowestRank: 10,
          smallestGroup: 5,
          limit: 10,
          after: undefined,
        },
        undefined,
        deadline(),
      ),
  },
  {
    name: 'segments',
    asks: 'A client’s customers by potential, what they bought in a year and in the year before',
    tool: 'segment_customers',
    indexes: ['crm.customers_attributes', 'sales.customer_orders_client', 'sales.journeys_pkey'],
    without: 'Seq Scan journeys',
    saves: 3,
    ask: (hub, { clientId, lastDay }) =>
      openCustomerOrders(hub).byAttribute(
        { clientId, timeZone: TIME_ZONE },
        { now: daysUpTo(lastDay, 365), before: daysUpTo(addDays(lastDay, -365), 365) },
        'potential',
        deadline(),
      ),
  },
];
