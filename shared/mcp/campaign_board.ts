import { type RunStatement, readContentFigures, readDays, readFigures, readLeaders } from '../boards/board_queries.ts';
import {
  boardReads,
  type CampaignDay,
  type CampaignFigures,
  type ContentFigures,
  type Leader,
  readBoardReplies,
} from '../boards/campaign_board.ts';
import type { Statement } from '../db/sql_database.ts';
import type { Deadline } from '../domain/deadline.ts';
import { toAnswerNumber } from '../domain/money.ts';
import { ToolError } from '../domain/tool_error.ts';
import type { OpenedResource, ResourceParts } from './resource.ts';

/** Where a part of a board came from. */
type BoardSource = 'redis' | 'hub';

/** Pieces shown of a leaderboard. */
const LEADERS_SHOWN = 10;

const ACTIVE_PAGE: Statement = {
  name: 'board_active_page',
  text: `SELECT c.campaign_id, c.name FROM ads.campaigns c
          WHERE c.status = 'active' AND ($1::text IS NULL OR c.campaign_id > $1) ORDER BY c.campaign_id LIMIT $2`,
};

const COMPLETIONS: Statement = {
  name: 'board_completions',
  text: `SELECT c.campaign_id FROM ads.campaigns c
          WHERE strpos(lower(c.campaign_id), lower($1)) > 0 OR strpos(business.fold(c.name), business.fold($1)) > 0
          ORDER BY c.status = 'active' DESC, starts_with(lower(c.campaign_id), lower($1)) DESC, c.campaign_id LIMIT $2`,
};

/**
 * Boards of campaigns: one round trip asks Redis for what the ETL put there after its last commit; what Redis does not have (a campaign that is
 * neither active nor lately changed, an expired key, a Redis that is away) comes from the hub, by the queries the ETL uses, and each part says
 * where it came from. Nothing read from the hub is put into Redis here: written by two, an older value could replace a newer one.
 */
export async function openCampaignBoards({ hub, redis, clock }: ResourceParts): Promise<OpenedResource> {
  const read = async (campaignId: string, deadline: Deadline): Promise<object> => {
    const day = clock.today();
    const stored = readBoardReplies(await redis?.pipeline(boardReads(campaignId, day, LEADERS_SHOWN)), day);
    const run: RunStatement = (statement, values) => hub.rows(statement, values, (row) => row, deadline);
    const ids = [campaignId];
    // The mean engagement of the content is a mean over the leaderboard.
    const needsLeaders = stored.leaders === undefined || stored.content === undefined;
    const [figures, leaders, [readDay]] = await Promise.all([
      stored.figures ?? readFigures(run, ids).then((found) => found.get(campaignId)),
      needsLeaders ? readLeaders(run, ids, clock.timeZone) : undefined,
      stored.day === undefined ? readDays(run, ids, [day], clock.timeZone) : [],
    ]);
    const ofDay = stored.day ?? readDay;
    const content = stored.content ?? (await readContentFigures(run, ids, leaders ?? new Map(), clock.now())).get(campaignId);
    if (figures === undefined || ofDay === undefined || content === undefined) {
      throw new ToolError('not_found', `There is no campaign '${campaignId.slice(0, 100)}'.`, {
        remedy: 'Name it by its id, as resources/list and the tools of sales_dashboard give it.',
      });
    }
    const from = (part: unknown): BoardSource => (part === undefined ? 'hub' : 'redis');
    return {
      campaignId,
      figures: { ...figuresShown(figures), source: from(stored.figures) },
      content: { ...contentShown(content), source: from(stored.content) },
      day: { ...dayShown(ofDay), source: from(stored.day) },
      leaderboard: {
        pieces: (stored.leaders ?? leaders?.get(campaignId) ?? []).slice(0, LEADERS_SHOWN).map(leaderShown),
        source: from(stored.leaders),
      },
    };
  };

  return {
    read,
    list: (after, limit, deadline) =>
      hub.rows(
        ACTIVE_PAGE,
        [after ?? null, limit],
        ({ campaign_id, name }) => ({ value: String(campaign_id), title: String(name) }),
        deadline,
      ),
    complete: (typed, limit, deadline) => hub.rows(COMPLETIONS, [typed, limit], ({ campaign_id }) => String(campaign_id), deadline),
  };
}

function figuresShown({ spend, impressions, clicks, leads, orders, revenue, roas, ctr, asOf }: CampaignFigures): object {
  return {
    spend: toAnswerNumber(spend),
    impressions,
    clicks,
    leads,
    orders,
    revenue: toAnswerNumber(revenue),
    roas,
    ctrPercent: ctr,
    asOf,
  };
}

function contentShown({ pieces, approved, pending, meanEngagement, uses, updatedAt }: ContentFigures): object {
  return { pieces, approved, pending, meanEngagementPercent: meanEngagement, uses, updatedAt };
}

function dayShown({ day, piecesMade, messagesMade, tokens, cost, engagement }: CampaignDay): object {
  return { day, piecesMade, messagesMade, tokens, cost: toAnswerNumber(cost), engagementPercent: engagement };
}

function leaderShown({ contentId, engagement }: Leader): object {
  return { contentId, engagementPercent: toAnswerNumber(engagement, 4) };
}
