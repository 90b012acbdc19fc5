import { type KeyFamily, keyFamily } from './catalogue.ts';

// Every key of PromptSales, by the customer's design (section R of the requirements): nowhere else is one written as text.
// No command touches two of them, so that in a Redis Cluster each may lie where its slot is.

export const contentCardKey = keyFamily('content:by_id:{content_id}', {
  type: 'hash',
  seconds: 7_200,
  holds: {
    campana_id: 'campaign it was made for',
    cliente_id: 'client it belongs to',
    descripcion: 'what is in the picture',
    hashtags: 'JSON list',
    url_almacenamiento: 'where the picture is',
    url_thumbnail: 'where its small form is',
    formato: 'jpg, png, …',
    aprobado: '1 or 0',
    created_at: 'ISO 8601',
  },
  purpose: 'A piece of content as answers show it.',
  writer: 'shared/content/content_cards.ts',
  reader: 'shared/content/content_cards.ts',
});

export const campaignSearchKey = keyFamily('content:search:{campana_id}:{query_hash}', {
  type: 'sorted set',
  seconds: 3_600,
  holds: 'content_id → similarity, 0 to 1',
  purpose: 'What a search found among the content of a campaign.',
  writer: 'shared/content/content_searches.ts',
  reader: 'shared/content/content_searches.ts',
});

export const openSearchKey = keyFamily('content:search:{description_hash}', {
  type: 'string',
  seconds: 3_600,
  holds: 'JSON {images: [{id, url, hashtags, score}], timestamp}',
  purpose: 'What a search without a campaign found.',
  writer: 'shared/content/content_searches.ts',
  reader: 'shared/content/content_searches.ts',
});

export const toolResultKey = keyFamily('mcp:tool:{server}:{tool}:{params_hash}', {
  type: 'hash',
  seconds: 1_800,
  holds: {
    result: 'JSON of the answer, or of the error of a negative result; compressed when encoding says so',
    timestamp: 'when it was computed, ISO 8601',
    tokens_used: 'tokens a model took for it',
    cost_usd: 'what those cost',
    segmento: 'segments it was made for',
    data_version: 'version of the hub it was computed from: only while the hub has that version is it a hit',
    encoding: 'json or zstd',
  },
  purpose: "A tool's result, for equal questions of callers who may see the same.",
  writer: 'shared/cache/result_cache.ts',
  reader: 'shared/cache/result_cache.ts',
});

export const serverStatusKey = keyFamily('mcp:server:status:{server}', {
  type: 'hash',
  seconds: 300,
  holds: {
    status: 'up or down',
    last_health_check: 'ISO 8601',
    requests_last_min: 'calls in the last full minute',
    avg_response_time: 'milliseconds',
    errors_last_hour: 'failed calls',
  },
  purpose: "A server's own figures, refreshed every 30 seconds.",
  writer: 'shared/mcp/server_status.ts',
  reader: 'shared/cache/cache_report.ts',
});

export const outsideCallKey = keyFamily('api:call:{service}:{method}:{hash}', {
  type: 'string',
  seconds: 3_600,
  holds: 'JSON {response, timestamp, status}',
  purpose: 'The answer of an outside service to a call that may be repeated.',
  writer: 'shared/gateway/outside_service.ts',
  reader: 'shared/gateway/outside_service.ts',
});

export const outsideStatisticsKey = keyFamily('api:stats:{service}', {
  type: 'hash',
  seconds: 86_400,
  holds: { calls: 'calls made', errors: 'of those, failed', latency: 'milliseconds, all calls together' },
  purpose: 'How an outside service did.',
  writer: 'shared/gateway/outside_statistics.ts',
  reader: 'shared/gateway/outside_statistics.ts',
});

export const generationKey = keyFamily('ai:generation:{model}:{prompt_hash}', {
  type: 'string',
  seconds: 7_200,
  holds: 'JSON {content, tokens_used, cost_usd, timestamp}',
  purpose: 'What a model wrote for a prompt.',
  writer: 'shared/ai/generation_cache.ts',
  reader: 'shared/ai/generation_cache.ts',
});

export const campaignMessagesKey = keyFamily('ai:campaign_messages:{campana_id}:{segmento_hash}', {
  type: 'list',
  seconds: 10_800,
  holds: 'JSON {numero, texto, tono}, in order',
  purpose: 'The messages written for a segment of a campaign.',
  writer: 'shared/ai/generation_cache.ts',
  reader: 'shared/ai/generation_cache.ts',
});

export const generationMetaKey = keyFamily('ai:generation:meta:{campana_id}:{segmento_hash}', {
  type: 'hash',
  seconds: 10_800,
  holds: {
    tokens_total: 'tokens of all calls',
    cost_total_usd: 'what they cost',
    tiempo_total_ms: 'how long they took',
    segmentos_procesados: 'segments written for',
    fecha_generacion: 'ISO 8601',
  },
  purpose: 'What those messages cost.',
  writer: 'shared/ai/generation_cache.ts',
  reader: 'shared/ai/generation_cache.ts',
});

export const tokenAccountKey = keyFamily('ai:tokens:{user}:{yyyy-mm}', {
  type: 'hash',
  seconds: 2_592_000,
  holds: {
    tokens: 'tokens of the month',
    cost_usd: 'what they cost',
    calls: 'generations',
    tokens_saved: 'tokens that answers from the cache did not take again',
    cost_saved_usd: 'what those would have cost',
  },
  purpose: 'What a client spent on models in a month, and what the cache spared it.',
  writer: 'shared/cache/usage_accounts.ts',
  reader: 'shared/cache/cache_report.ts',
});

export const contentFiguresKey = keyFamily('metrics:content:{campana_id}', {
  type: 'hash',
  seconds: 900,
  holds: {
    total_contenido: 'pieces of content',
    contenido_aprobado: 'of those, approved',
    contenido_pendiente: 'of those, not yet',
    engagement_promedio: 'mean engagement rate, percent',
    veces_usado_total: 'uses by campaigns',
    ultima_actualizacion: 'ISO 8601',
  },
  purpose: "A campaign's content in figures.",
  writer: 'etl/campaign_boards.ts',
  reader: 'shared/mcp/campaign_board.ts',
});

export const clientDayKey = keyFamily('metrics:client:{cliente_id}:daily:{yyyy-mm-dd}', {
  type: 'hash',
  seconds: 172_800,
  holds: {
    requests_total: 'calls',
    tokens_consumidos: 'tokens models took for them',
    cost_total_usd: 'what those cost',
    tools_mas_usadas: 'JSON {tool: calls}',
    avg_response_time: 'milliseconds',
    cache_hits: 'calls answered from the cache',
    errors: 'calls that failed',
    cache_age_seconds: 'ages of those cached answers, added up',
    tokens_saved: 'tokens that answers from the cache did not take again',
    cost_saved_usd: 'what those would have cost',
  },
  purpose: 'What a client asked on a day.',
  writer: 'shared/cache/usage_accounts.ts',
  reader: 'shared/cache/cache_report.ts',
});

export const campaignFiguresKey = keyFamily('estadisticas:campana:{id}', {
  type: 'hash',
  seconds: 660,
  holds: 'the totals of its life: spend, impressions, clicks, leads, orders, revenue, roas, ctr, as_of',
  purpose: "A campaign's current figures.",
  writer: 'etl/campaign_boards.ts',
  reader: 'shared/mcp/campaign_board.ts',
});

export const providerConfigKey = keyFamily('config:api:{provider}', {
  type: 'hash',
  seconds: 3_600,
  holds: { status: 'active or disabled', rate_limit: 'calls a minute', endpoints: 'JSON list', last_updated: 'ISO 8601' },
  purpose: 'How an outside service may be called.',
  writer: 'shared/gateway/provider_config.ts',
  reader: 'shared/gateway/outside_service.ts',
});

export const clientConfigKey = keyFamily('config:client:{client_name}', {
  type: 'hash',
  seconds: 3_600,
  holds: {
    tools_acceso: 'JSON list of tools, or ["*"]',
    rate_limit: 'calls a minute to a server',
    max_requests_hora: 'calls an hour to a tool',
    estado: 'activo or suspendido',
  },
  purpose: 'What a client may do (S6). Absent: what its plan says, else the defaults.',
  writer: 'shared/cache/client_limits.ts',
  reader: 'shared/cache/client_limits.ts',
});

export const lastSyncKey = keyFamily('etl:last_sync:{database}:{table}', {
  type: 'hash',
  seconds: 1_320,
  holds: {
    last_id: 'where the source was read up to',
    last_timestamp: 'ISO 8601',
    records_processed: 'rows brought in or removed',
    sync_duration_ms: 'how long it took',
  },
  purpose: 'When a table was last brought in: a mirror, from which nothing is decided.',
  writer: 'etl/last_sync.ts',
  reader: 'shared/cache/cache_report.ts',
});

export const lockKey = keyFamily('lock:{resource}:{id}', {
  type: 'string',
  seconds: 30,
  holds: "the owner's token",
  purpose: 'Who works on something that must not be done twice. The first: lock:content_generation:{campana_id}.',
  writer: 'shared/cache/locks.ts',
  reader: 'shared/cache/locks.ts',
});

export const generationQueueKey = keyFamily('queue:ai_generation:{priority}', {
  type: 'list',
  seconds: null,
  holds: 'JSON {id, campana_id, segmento}, newest first',
  purpose: 'Content that waits to be generated.',
  writer: 'shared/cache/job_queue.ts',
  reader: 'shared/cache/job_queue.ts',
});

export const jobQueueKey = keyFamily('queue:jobs:{type}', {
  type: 'list',
  seconds: null,
  holds: 'JSON of a job and its id, newest first',
  purpose: 'Background jobs that wait or are being worked on.',
  writer: 'shared/cache/job_queue.ts',
  reader: 'shared/cache/job_queue.ts',
});

export const jobKey = keyFamily('job:{id}', {
  type: 'hash',
  seconds: 86_400,
  holds: 'state, attempts, owner, lease_until, result or error, and when each was',
  purpose: 'How far a background job is.',
  writer: 'shared/cache/job_record.ts',
  reader: 'shared/cache/job_record.ts',
});

export const minuteLimitKey = keyFamily('ratelimit:{client}:{service}:minute:{yyyy-mm-dd-HH-MM}', {
  type: 'counter',
  seconds: 120,
  holds: 'calls granted',
  purpose: 'Calls of a client to a server in a minute (UTC).',
  writer: 'shared/cache/rate_limits.ts',
  reader: 'shared/cache/rate_limits.ts',
});

export const hourLimitKey = keyFamily('ratelimit:mcp:{tool}:{client}:hour:{yyyy-mm-dd-HH}', {
  type: 'counter',
  seconds: 7_200,
  holds: 'calls granted',
  purpose: 'Calls of a client to a tool in an hour (UTC).',
  writer: 'shared/cache/rate_limits.ts',
  reader: 'shared/cache/rate_limits.ts',
});

export const circuitBreakerKey = keyFamily('circuit:breaker:{service}', {
  type: 'hash',
  seconds: 300,
  holds: {
    status: 'closed, open or half-open',
    failures: 'failures in a row',
    last_failure: 'ISO 8601',
    next_check: 'when a probe may try, ISO 8601',
  },
  purpose: 'Whether an outside service is called at all, for all processes.',
  writer: 'shared/cache/circuit_breaker.ts',
  reader: 'shared/cache/circuit_breaker.ts',
});

export const sessionKey = keyFamily('sesion:{user_id}', {
  type: 'hash',
  seconds: 7_200,
  holds: {
    email: 'who it is',
    roles: 'JSON list',
    scopes: 'JSON list',
    client: 'whose limits and accounts the calls run under',
    token_hash: 'SHA-256 of the session token, base64url',
    created_at: 'ISO 8601',
  },
  purpose: 'A signed-in user: roles and scopes.',
  writer: 'shared/access/sessions.ts',
  reader: 'shared/access/sessions.ts',
});

export const campaignDayKey = keyFamily('dashboard:campaign_performance:{campana_id}:daily:{yyyy-mm-dd}', {
  type: 'hash',
  seconds: 2_592_000,
  holds: {
    contenido_generado: 'pieces of content of the day',
    mensajes_generados: 'messages of the day',
    tokens_consumidos: 'tokens they took',
    cost_total: 'what those cost, USD',
    avg_engagement: 'engagement rate of the day, percent',
  },
  purpose: "A campaign's day on the dashboard.",
  writer: 'etl/campaign_boards.ts',
  reader: 'shared/mcp/campaign_board.ts',
});

export const contentLeaderboardKey = keyFamily('leaderboard:content:{campana_id}:engagement', {
  type: 'sorted set',
  seconds: 3_600,
  holds: 'content_id → engagement rate, percent',
  purpose: "A campaign's content, best first.",
  writer: 'etl/campaign_boards.ts',
  reader: 'shared/mcp/campaign_board.ts',
});

/** All of them, in the order of the customer's table. */
export const KEY_CATALOGUE: readonly KeyFamily[] = [
  contentCardKey,
  campaignSearchKey,
  openSearchKey,
  toolResultKey,
  serverStatusKey,
  outsideCallKey,
  outsideStatisticsKey,
  generationKey,
  campaignMessagesKey,
  generationMetaKey,
  tokenAccountKey,
  contentFiguresKey,
  clientDayKey,
  campaignFiguresKey,
  providerConfigKey,
  clientConfigKey,
  lastSyncKey,
  lockKey,
  generationQueueKey,
  jobQueueKey,
  jobKey,
  minuteLimitKey,
  hourLimitKey,
  circuitBreakerKey,
  sessionKey,
  campaignDayKey,
  contentLeaderboardKey,
] as unknown as readonly KeyFamily[];

/** The family a key belongs to; the most specific where two fit ('queue:jobs:x', 'ai:generation:meta:a:b'). Undefined for a foreign key. */
export function familyOf(key: string): KeyFamily | undefined {
  return KEY_CATALOGUE.filter((family) => family.matches(key)).sort((one, other) => literalLength(other) - literalLength(one))[0];
}

const literalLength = ({ pattern }: KeyFamily): number => pattern.replaceAll(/\{[^}]*\}/g, '').length;
