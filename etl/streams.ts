import {
  campaignDocument,
  clientDocument,
  generationLog,
  imageDocument,
  outsideRequest,
  subscriptionsOfClient,
} from './content_documents.ts';
import { adDay, leadDay, orderDay, type RollUp } from './roll_up.ts';
import type { Check, DocumentStream, RowDatabase, RowStream, Stream, StreamColumn } from './stream.ts';

const campaignAndChannelGoTogether: Check = {
  reason: 'campaign_id and channel_id must both be given or both be empty',
  refuses: '(s.campaign_id IS NULL) <> (s.channel_id IS NULL)',
};

/** A rule against numbers below zero in columns that count or cost. */
function notNegative(...names: readonly string[]): Check {
  return { reason: `${names.join(', ')} must not be negative`, refuses: names.map((name) => `s.${name} < 0`).join(' OR ') };
}

/**
 * Every table that the hub copies. The large ones come first: two are loaded at a time, and the small ones fill what is left. Identities come
 * last: encrypting everybody takes longer than all else.
 */
export const streams: readonly Stream[] = [
  rows('PromptAds', 'ads.daily_metrics', ['campaign_id', 'channel_id', 'city_id', 'day'], {
    columns: {
      campaign_id: 'text',
      channel_id: 'text',
      city_id: 'integer',
      day: 'date',
      spend: 'numeric(12,2)',
      impressions: 'integer',
      clicks: 'integer',
      engagements: 'integer',
      conversions: 'integer',
    },
    checks: [notNegative('spend', 'impressions', 'clicks', 'engagements', 'conversions')],
    rollUp: adDay,
  }),
  rows('PromptCRM', 'crm.customers', ['customer_id'], {
    columns: {
      customer_id: 'bigint',
      client_id: 'text',
      customer_type: 'text',
      sex: 'text?',
      industry: 'text?',
      segment: 'text',
      potential: 'text',
      city_id: 'integer',
      latitude: 'double precision',
      longitude: 'double precision',
      created_at: 'timestamp with time zone',
      updated_at: 'timestamp with time zone',
      birth_year: { type: 'integer?', yearOf: 'birth_date' },
    },
  }),
  rows('PromptAds', 'ads.touches', ['touch_id'], {
    columns: {
      touch_id: 'bigint',
      customer_id: 'bigint',
      campaign_id: 'text',
      channel_id: 'text',
      kind: 'text',
      touched_at: 'timestamp with time zone',
    },
  }),
  rows('PromptCRM', 'crm.orders', ['order_id'], {
    columns: {
      order_id: 'bigint',
      customer_id: 'bigint',
      client_id: 'text',
      campaign_id: 'text?',
      channel_id: 'text?',
      touch_id: 'bigint?',
      lead_id: 'bigint?',
      city_id: 'integer',
      status: 'text',
      first_order: 'boolean',
      currency: 'text',
      total: 'numeric(16,2)',
      exchange_rate: 'numeric(16,6)',
      total_usd: 'numeric(12,2)',
      ordered_at: 'timestamp with time zone',
    },
    checks: [
      campaignAndChannelGoTogether,
      notNegative('total', 'total_usd'),
      { reason: 'exchange_rate must be above zero', refuses: 's.exchange_rate <= 0' },
    ],
    rollUp: orderDay,
  }),
  rows('PromptCRM', 'crm.leads', ['lead_id'], {
    columns: {
      lead_id: 'bigint',
      customer_id: 'bigint',
      client_id: 'text',
      campaign_id: 'text?',
      channel_id: 'text?',
      source: 'text',
      stage: 'text',
      value_usd: 'numeric(12,2)',
      created_at: 'timestamp with time zone',
      contacted_at: 'timestamp with time zone?',
      qualified_at: 'timestamp with time zone?',
      proposal_at: 'timestamp with time zone?',
      closed_at: 'timestamp with time zone?',
    },
    checks: [campaignAndChannelGoTogether, notNegative('value_usd')],
    rollUp: leadDay,
  }),
  rows('PromptCRM', 'crm.interactions', ['interaction_id'], {
    columns: { interaction_id: 'bigint', customer_id: 'bigint', kind: 'text', outcome: 'text', occurred_at: 'timestamp with time zone' },
  }),
  rows('PromptAds', 'ads.experiment_days', ['experiment_id', 'arm', 'day'], {
    columns: { experiment_id: 'text', arm: 'text', day: 'date', visitors: 'integer', successes: 'integer' },
    checks: [{ reason: 'successes must lie between 0 and visitors', refuses: 's.successes < 0 OR s.successes > s.visitors' }],
  }),
  rows('PromptAds', 'ads.ads', ['ad_id'], {
    columns: {
      ad_id: 'text',
      ad_set_id: 'text',
      campaign_id: 'text',
      channel_id: 'text',
      content_id: 'text',
      headline: 'text',
      status: 'text',
      published_at: 'timestamp with time zone',
    },
  }),
  rows('PromptAds', 'ads.ad_sets', ['ad_set_id'], {
    columns: {
      ad_set_id: 'text',
      campaign_id: 'text',
      channel_id: 'text',
      name: 'text',
      targeting: 'jsonb',
      bid_strategy: 'text',
      bid_amount: 'numeric(10,4)?',
      daily_budget: 'numeric(12,2)',
      status: 'text',
    },
    checks: [notNegative('bid_amount', 'daily_budget')],
  }),
  rows('PromptAds', 'ads.campaign_budgets', ['campaign_id', 'channel_id', 'month'], {
    columns: { campaign_id: 'text', channel_id: 'text', month: 'date', planned: 'numeric(14,2)' },
    checks: [notNegative('planned')],
  }),
  rows('PromptAds', 'ads.campaign_channels', ['campaign_id', 'channel_id'], {
    columns: { campaign_id: 'text', channel_id: 'text', budget_share: 'numeric(5,4)', reach: 'bigint' },
    checks: [notNegative('budget_share', 'reach')],
  }),
  rows('PromptAds', 'ads.campaigns', ['campaign_id'], {
    columns: {
      campaign_id: 'text',
      client_id: 'text',
      name: 'text',
      objective: 'text',
      status: 'text',
      start_date: 'date',
      end_date: 'date',
      budget: 'numeric(14,2)',
      currency: 'text',
      countries: 'text[]',
      audience: 'text',
      created_at: 'timestamp with time zone',
      updated_at: 'timestamp with time zone',
    },
    checks: [{ reason: 'start_date must not be after end_date', refuses: 's.start_date > s.end_date' }, notNegative('budget')],
  }),
  rows('PromptAds', 'ads.change_log', ['change_id'], {
    columns: {
      change_id: 'bigint',
      campaign_id: 'text',
      entity: 'text',
      entity_id: 'text',
      field: 'text',
      old_value: 'text?',
      new_value: 'text?',
      changed_by: 'text',
      changed_at: 'timestamp with time zone',
    },
  }),
  rows('PromptAds', 'ads.channels', ['channel_id'], { columns: { channel_id: 'text', name: 'text', kind: 'text' } }),
  rows('PromptAds', 'ads.experiments', ['experiment_id'], {
    columns: {
      experiment_id: 'text',
      campaign_id: 'text',
      name: 'text',
      hypothesis: 'text',
      metric: 'text',
      allocation: 'numeric(5,4)',
      started_on: 'date',
      ended_on: 'date?',
    },
  }),
  rows('PromptCRM', 'crm.cities', ['city_id'], {
    columns: {
      city_id: 'integer',
      name: 'text',
      region: 'text',
      country_code: 'text',
      country: 'text',
      latitude: 'double precision',
      longitude: 'double precision',
      population: 'integer',
    },
    checks: [{ reason: 'coordinates must be on Earth', refuses: 'abs(s.latitude) > 90 OR abs(s.longitude) > 180' }],
  }),
  documents('content.images', 'content.imagenes', 'content_id', ['content_id'], {
    columns: {
      content_id: 'text',
      url: 'text',
      thumbnail_url: 'text',
      description: 'text',
      hashtags: 'text[]',
      category: 'text',
      vector_id: 'text?',
      format: 'text',
      approved: 'boolean',
      campaign_ids: 'text[]',
      metadata: 'jsonb',
      created_at: 'timestamp with time zone',
      updated_at: 'timestamp with time zone',
    },
    map: imageDocument,
  }),
  documents('content.campaigns', 'content.campanas', 'campaign_id', ['campaign_id'], {
    columns: {
      campaign_id: 'text',
      name: 'text',
      description: 'text',
      target_audience: 'jsonb',
      message: 'text',
      content_versions: 'jsonb',
      used_images: 'text[]',
      status: 'text',
      updated_at: 'timestamp with time zone',
    },
    map: campaignDocument,
  }),
  documents('business.clients', 'content.clientes', 'client_id', ['client_id'], {
    columns: {
      client_id: 'text',
      company: 'text',
      email: 'text',
      phone: 'text',
      status: 'text',
      created_at: 'timestamp with time zone',
      updated_at: 'timestamp with time zone',
    },
    map: clientDocument,
  }),
  documents('business.subscriptions', 'content.clientes', 'client_id', ['client_id', 'plan_id'], {
    columns: {
      client_id: 'text',
      plan_id: 'text',
      plan_name: 'text',
      status: 'text',
      renewal_date: 'date',
      payment_status: 'text',
      usage_tracking: 'jsonb',
    },
    map: subscriptionsOfClient,
  }),
  documents('content.generation_logs', 'content.logs_campanas', 'log_id', ['log_id'], {
    columns: {
      log_id: 'text',
      client_id: 'text',
      campaign_id: 'text',
      day: 'date',
      generated_at: 'timestamp with time zone',
      tool: 'text',
      caller: 'text',
      model: 'text',
      prompt_version: 'text',
      language: 'text',
      channel: 'text?',
      populations: 'bigint',
      messages: 'bigint',
      tokens: 'bigint',
      cost_usd: 'numeric(20,12)',
      duration_ms: 'bigint',
    },
    map: generationLog,
  }),
  documents('content.outside_requests', 'content.bitacora_solicitudes', 'request_id', ['request_id'], {
    columns: {
      request_id: 'text',
      service: 'text',
      client_id: 'text?',
      campaign_id: 'text?',
      day: 'date',
      requested_at: 'timestamp with time zone',
      tool: 'text',
      caller: 'text',
      result: 'text',
      tokens: 'bigint',
      cost_usd: 'numeric(20,12)',
      duration_ms: 'bigint',
      saved_tokens: 'bigint',
      saved_cost_usd: 'numeric(20,12)',
      cost_known: 'boolean',
    },
    map: outsideRequest,
  }),
  {
    kind: 'identities',
    database: 'PromptCRM',
    table: 'crm.identities',
    source: 'crm.customers',
    key: ['customer_id'],
    columns: columnsOf({
      customer_id: 'bigint',
      sealed: 'text',
      hash_key: 'text',
      email_hash: 'bytea?',
      phone_hash: 'bytea?',
      document_hash: 'bytea?',
    }),
    checks: [],
    rollUp: undefined,
  },
];

/** What a hub has to have before it answers: all but who its customers are. */
export const firstStreams: readonly Stream[] = streams.filter(({ kind }) => kind !== 'identities');

/** A type that ends in '?' may be null. A column that is not in the source is the year of one that is. */
type ColumnType = string | { readonly type: string; readonly yearOf: string };

function rows(
  database: RowDatabase,
  table: string,
  key: readonly string[],
  more: { readonly columns: Readonly<Record<string, ColumnType>>; readonly checks?: readonly Check[]; readonly rollUp?: RollUp },
): RowStream {
  return {
    kind: 'rows',
    database,
    table,
    source: table,
    key,
    columns: columnsOf(more.columns),
    checks: more.checks ?? [],
    rollUp: more.rollUp,
  };
}

function documents(
  table: string,
  source: string,
  documentKey: string,
  key: readonly string[],
  more: { readonly columns: Readonly<Record<string, ColumnType>>; readonly map: DocumentStream['map'] },
): DocumentStream {
  return {
    kind: 'documents',
    database: 'PromptContent',
    table,
    source,
    documentKey,
    key,
    columns: columnsOf(more.columns),
    checks: [],
    map: more.map,
  };
}

function columnsOf(types: Readonly<Record<string, ColumnType>>): StreamColumn[] {
  return Object.entries(types).map(([name, column]) => {
    const { type, ...derived } = typeof column === 'string' ? { type: column } : column;
    return { name, type: type.replace(/\?$/, ''), nullable: type.endsWith('?'), ...derived };
  });
}
