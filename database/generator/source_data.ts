import { BinaryCopyWriter } from '../../shared/db/binary_copy.ts';
import * as ads from './ads_rows.ts';
import { type History, historyBefore } from './calendar.ts';
import { generateCampaigns } from './campaigns.ts';
import { generateChangeLog } from './change_log.ts';
import { generateClients } from './clients.ts';
import { contentCollections } from './content_collections.ts';
import { documentRows } from './content_rows.ts';
import * as crm from './crm_rows.ts';
import { generateCustomers, poolCustomers } from './customers.ts';
import { generateExperiments } from './experiments.ts';
import { generateImages, imagesOfCampaigns } from './images.ts';
import { generateInteractions } from './interactions.ts';
import { collectJourneys } from './journeys.ts';
import { generateLeads } from './leads.ts';
import { emptyMetricBlock, fillMetricBlock, reachOf } from './metrics.ts';
import { generatePublications } from './publications.ts';
import { SCALES, type Scale } from './scales.ts';

/** A table's rows as a binary COPY stream. */
export type TableData = {
  /** 'crm.orders' */
  readonly table: string;
  readonly columns: readonly string[];
  readonly chunks: () => Iterable<Uint8Array>;
};

/**
 * The whole data of the three sources, in the order in which it comes into being. `metrics` must be read to its end before `campaignChannels`
 * is read and before `afterMetrics` is called: the daily figures are what reach and sales follow from.
 */
export type SourceData = {
  readonly history: History;
  readonly content: readonly TableData[];
  readonly cities: TableData;
  /** PromptAds but for daily_metrics, campaign_channels and touches. */
  readonly ads: readonly TableData[];
  readonly metrics: TableData;
  readonly campaignChannels: TableData;
  readonly afterMetrics: () => {
    readonly touches: TableData;
    readonly customers: TableData;
    /** orders, leads, interactions. */
    readonly sales: readonly TableData[];
  };
};

/** Prepares the data of a seed and a reference date; the rows are made as their chunks are read. */
export function sourceData(seed: number, referenceDate: string, scale: Scale): SourceData {
  const plan = SCALES[scale];
  const history = historyBefore(referenceDate);
  const clients = generateClients(seed, plan.clients);
  const campaigns = generateCampaigns(seed, history, clients, plan.campaigns);
  const images = generateImages(seed, history);
  const campaignImages = imagesOfCampaigns(seed, images, campaigns);
  const { adSets, ads: publications } = generatePublications(seed, campaigns, campaignImages);
  const experiments = generateExperiments(seed, history, campaigns, plan.experiments);

  const customers = generateCustomers(seed, history, clients, plan.customers);
  const journeys = collectJourneys(seed, history, clients, campaigns, customers, poolCustomers(customers, clients.length), plan.journeys);
  const reach: number[][] = [];

  function* metricChunks(): Generator<Uint8Array> {
    const rows = new BinaryCopyWriter();
    const metrics = emptyMetricBlock();
    for (const [index, campaign] of campaigns.entries()) {
      fillMetricBlock(metrics, seed, history, campaign);
      journeys.add(index, metrics);
      const impressions = campaign.channels.map(() => new Map<number, number>());
      for (let row = 0; row < metrics.rows; row++) {
        const byCity = impressions[campaign.channels.indexOf(metrics.channel[row] as number)];
        const city = metrics.city[row] as number;
        byCity?.set(city, (byCity.get(city) ?? 0) + (metrics.impressions[row] as number));
      }
      const weeks = (campaign.factsEnd - campaign.start) / 7;
      reach.push(campaign.channels.map((channel, position) => reachOf(channel, weeks, impressions[position] ?? new Map())));
      yield* ads.metricRows(rows, history, campaign, metrics);
    }
    yield rows.end();
  }

  const afterMetrics: SourceData['afterMetrics'] = () => {
    const { touches, orders, customers: past } = journeys.finish();
    const leads = generateLeads(seed, history, clients, customers, touches, orders, past, plan.leads);
    return {
      touches: table('ads.touches', 'touch_id customer_id campaign_id channel_id kind touched_at', () =>
        ads.touchRows(history, campaigns, touches),
      ),
      customers: table(
        'crm.customers',
        'customer_id client_id customer_type first_name last_name email phone document birth_date sex industry segment potential city_id latitude longitude created_at updated_at',
        () => crm.customerRows(seed, history, clients, customers, past),
      ),
      sales: [
        table(
          'crm.orders',
          'order_id customer_id client_id campaign_id channel_id touch_id lead_id city_id status first_order currency total exchange_rate total_usd ordered_at',
          () => crm.orderRows(history, clients, campaigns, customers, touches, orders, leads),
        ),
        table(
          'crm.leads',
          'lead_id customer_id client_id campaign_id channel_id source stage value_usd created_at contacted_at qualified_at proposal_at closed_at',
          () => crm.leadRows(history, clients, campaigns, customers, touches, leads),
        ),
        table('crm.interactions', 'interaction_id customer_id kind outcome occurred_at', () =>
          crm.interactionRows(history, generateInteractions(seed, history, customers, orders, past, plan.interactions)),
        ),
      ],
    };
  };

  return {
    history,
    content: contentCollections(seed, history, { clients, campaigns, images, campaignImages }).map(({ collection, documents }) =>
      table(`content.${collection}`, 'id document', () => documentRows(documents())),
    ),
    cities: table('crm.cities', 'city_id name region country_code country latitude longitude population', crm.cityRows),
    ads: [
      table('ads.channels', 'channel_id name kind', ads.channelRows),
      table(
        'ads.campaigns',
        'campaign_id client_id name objective status start_date end_date budget currency countries audience created_at updated_at',
        () => ads.campaignRows(history, campaigns, clients),
      ),
      table('ads.campaign_budgets', 'campaign_id channel_id month planned', () => ads.campaignBudgetRows(history, campaigns)),
      table('ads.ad_sets', 'ad_set_id campaign_id channel_id name targeting bid_strategy bid_amount daily_budget status', () =>
        ads.adSetRows(campaigns, adSets),
      ),
      table('ads.ads', 'ad_id ad_set_id campaign_id channel_id content_id headline status published_at', () =>
        ads.adRows(history, campaigns, adSets, publications, images),
      ),
      table('ads.experiments', 'experiment_id campaign_id name hypothesis metric allocation started_on ended_on', () =>
        ads.experimentRows(history, campaigns, experiments),
      ),
      table('ads.experiment_days', 'experiment_id arm day visitors successes', () => ads.experimentDayRows(history, experiments)),
      table('ads.change_log', 'change_id campaign_id entity entity_id field old_value new_value changed_by changed_at', () =>
        ads.changeRows(history, campaigns, generateChangeLog(seed, history, campaigns, adSets, publications)),
      ),
    ],
    metrics: table(
      'ads.daily_metrics',
      'campaign_id channel_id city_id day spend impressions clicks engagements conversions',
      metricChunks,
    ),
    campaignChannels: table('ads.campaign_channels', 'campaign_id channel_id budget_share reach', () =>
      ads.campaignChannelRows(campaigns, reach),
    ),
    afterMetrics,
  };
}

function table(name: string, columns: string, chunks: () => Iterable<Uint8Array>): TableData {
  return { table: name, columns: columns.split(' '), chunks };
}
