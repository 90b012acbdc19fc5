import { campaignDayKey, campaignFiguresKey, contentFiguresKey, contentLeaderboardKey } from '../cache/keys.ts';
import type { RedisCommand, RedisReply } from '../cache/redis_connection.ts';

/** Totals of a campaign's life. Money is US dollars as exact decimal text; null is "no data". */
export type CampaignFigures = {
  readonly spend: string | null;
  readonly impressions: number | null;
  readonly clicks: number | null;
  readonly leads: number | null;
  readonly orders: number | null;
  readonly revenue: string | null;
  readonly roas: number | null;
  /** Percent. */
  readonly ctr: number | null;
  /** The oldest of the sources they come from, ISO 8601; null when one was never loaded. */
  readonly asOf: string | null;
};

/** A campaign's content in figures. */
export type ContentFigures = {
  readonly pieces: number;
  readonly approved: number;
  readonly pending: number;
  /** Mean engagement rate of the pieces shown, percent; null when none was. */
  readonly meanEngagement: number | null;
  /** How often campaigns list its pieces among those they use. */
  readonly uses: number;
  /** ISO 8601. */
  readonly updatedAt: string;
};

/** A day of a campaign. Null: nobody has recorded it, which is not zero. */
export type CampaignDay = {
  /** 'YYYY-MM-DD' in the business time zone. */
  readonly day: string;
  readonly piecesMade: number;
  readonly messagesMade: number | null;
  readonly tokens: number | null;
  /** US dollars, exact decimal text. */
  readonly cost: string | null;
  /** Engagement rate, percent. */
  readonly engagement: number | null;
};

/** A piece of content and its engagement rate, percent. */
export type Leader = { readonly contentId: string; readonly engagement: number };

/** What Redis holds of a board; undefined where a key is missing or cannot be read. */
export type StoredBoard = {
  readonly figures: CampaignFigures | undefined;
  readonly content: ContentFigures | undefined;
  readonly day: CampaignDay | undefined;
  readonly leaders: readonly Leader[] | undefined;
};

// The fields of each hash, under the customer's names. Written and read here only, so the two cannot differ.
const FIGURE_FIELDS = ['spend', 'impressions', 'clicks', 'leads', 'orders', 'revenue', 'roas', 'ctr', 'as_of'] as const;
const CONTENT_FIELDS = [
  'total_contenido',
  'contenido_aprobado',
  'contenido_pendiente',
  'engagement_promedio',
  'veces_usado_total',
  'ultima_actualizacion',
] as const;
const DAY_FIELDS = ['contenido_generado', 'mensajes_generados', 'tokens_consumidos', 'cost_total', 'avg_engagement'] as const;

/** The commands that put a campaign's figures into Redis. */
export function figuresCommands(campaignId: string, figures: CampaignFigures): readonly RedisCommand[] {
  const { asOf, ...sums } = figures;
  return hashCommands(campaignFiguresKey.of({ id: campaignId }), { ...sums, as_of: asOf }, campaignFiguresKey.seconds);
}

export function contentCommands(campaignId: string, content: ContentFigures): readonly RedisCommand[] {
  const fields = {
    total_contenido: content.pieces,
    contenido_aprobado: content.approved,
    contenido_pendiente: content.pending,
    engagement_promedio: content.meanEngagement,
    veces_usado_total: content.uses,
    ultima_actualizacion: content.updatedAt,
  } satisfies Record<(typeof CONTENT_FIELDS)[number], unknown>;
  return hashCommands(contentFiguresKey.of({ campana_id: campaignId }), fields, contentFiguresKey.seconds);
}

/** Only what the hub knows of a day: the fields of generation in the same hash are counted by whoever generates, and stay as they are. */
export function dayCommands(campaignId: string, { day, piecesMade, engagement }: CampaignDay): readonly RedisCommand[] {
  const key = campaignDayKey.of({ campana_id: campaignId, 'yyyy-mm-dd': day });
  return hashCommands(key, { contenido_generado: piecesMade, avg_engagement: engagement }, campaignDayKey.seconds);
}

/** The leaderboard is replaced as a whole. A reader that comes in between finds none, and asks the hub. */
export function leaderCommands(campaignId: string, leaders: readonly Leader[]): readonly RedisCommand[] {
  const key = contentLeaderboardKey.of({ campana_id: campaignId });
  if (leaders.length === 0) return [['del', key]];
  return [
    ['del', key],
    ['zadd', key, ...leaders.flatMap(({ contentId, engagement }) => [engagement, contentId])],
    ['expire', key, contentLeaderboardKey.seconds],
  ];
}

/** Takes away what is kept of a campaign that is gone; its days go by themselves. */
export function forgetCommands(campaignId: string): readonly RedisCommand[] {
  return [
    ['del', campaignFiguresKey.of({ id: campaignId })],
    ['del', contentFiguresKey.of({ campana_id: campaignId })],
    ['del', contentLeaderboardKey.of({ campana_id: campaignId })],
  ];
}

/** What is not known is not a field: "no data" is not zero, and an older value must not stay. */
function hashCommands(key: string, fields: Readonly<Record<string, string | number | null>>, seconds: number): readonly RedisCommand[] {
  const known = Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [name, value]));
  const unknown = Object.entries(fields).flatMap(([name, value]) => (value === null ? [name] : []));
  return [
    ...(unknown.length === 0 ? [] : [['hdel', key, ...unknown] as const]),
    ...(known.length === 0 ? [] : [['hset', key, ...known] as const, ['expire', key, seconds] as const]),
  ];
}

/** The four commands that read a campaign's board, for one round trip; `readBoardReplies` reads what they bring. */
export function boardReads(campaignId: string, day: string, leaders: number): readonly RedisCommand[] {
  return [
    ['hmget', campaignFiguresKey.of({ id: campaignId }), ...FIGURE_FIELDS],
    ['hmget', contentFiguresKey.of({ campana_id: campaignId }), ...CONTENT_FIELDS],
    ['hmget', campaignDayKey.of({ campana_id: campaignId, 'yyyy-mm-dd': day }), ...DAY_FIELDS],
    ['zrevrange', contentLeaderboardKey.of({ campana_id: campaignId }), 0, leaders - 1, 'WITHSCORES'],
  ];
}

export function readBoardReplies(replies: readonly RedisReply[] | undefined, day: string): StoredBoard {
  const [figures, content, ofDay, leaders] = (replies ?? []).map((reply) =>
    reply.ok && Array.isArray(reply.value) ? reply.value.map((value) => (typeof value === 'string' ? value : null)) : [],
  );
  return {
    figures: storedFigures(figures ?? []),
    content: storedContent(content ?? []),
    day: storedDay(day, ofDay ?? []),
    leaders: storedLeaders(leaders ?? []),
  };
}

type Stored = readonly (string | null | undefined)[];

function storedFigures([spend, impressions, clicks, leads, orders, revenue, roas, ctr, asOf]: Stored): CampaignFigures | undefined {
  if (typeof asOf !== 'string') return undefined;
  const counts = [impressions, clicks, leads, orders, roas, ctr].map(numberIn);
  const [seen, clicked, led, ordered, returned, rate] = counts;
  return {
    spend: spend ?? null,
    impressions: seen ?? null,
    clicks: clicked ?? null,
    leads: led ?? null,
    orders: ordered ?? null,
    revenue: revenue ?? null,
    roas: returned ?? null,
    ctr: rate ?? null,
    asOf,
  };
}

function storedContent([pieces, approved, pending, engagement, uses, updatedAt]: Stored): ContentFigures | undefined {
  const [all, good, waiting, used] = [pieces, approved, pending, uses].map(numberIn);
  if (typeof all !== 'number' || typeof good !== 'number' || typeof waiting !== 'number' || typeof used !== 'number') return undefined;
  if (typeof updatedAt !== 'string') return undefined;
  return { pieces: all, approved: good, pending: waiting, meanEngagement: numberIn(engagement), uses: used, updatedAt };
}

/** Without the hub's part there is no day: generation alone may have counted in it. */
function storedDay(day: string, [pieces, messages, tokens, cost, engagement]: Stored): CampaignDay | undefined {
  const piecesMade = numberIn(pieces);
  if (piecesMade === null) return undefined;
  return {
    day,
    piecesMade,
    messagesMade: numberIn(messages),
    tokens: numberIn(tokens),
    cost: cost ?? null,
    engagement: numberIn(engagement),
  };
}

function storedLeaders(pairs: Stored): readonly Leader[] | undefined {
  const leaders: Leader[] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const [contentId, engagement] = [pairs[i], numberIn(pairs[i + 1])];
    if (typeof contentId !== 'string' || engagement === null) return undefined;
    leaders.push({ contentId, engagement });
  }
  return leaders.length === 0 ? undefined : leaders;
}

/** Null for what is absent or no number. */
function numberIn(text: string | null | undefined): number | null {
  const value = text === null || text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}
