import type pg from 'pg';
import {
  type RunStatement,
  readActiveCampaigns,
  readContentFigures,
  readDays,
  readFigures,
  readLeaders,
} from '../shared/boards/board_queries.ts';
import { contentCommands, dayCommands, figuresCommands, forgetCommands, leaderCommands } from '../shared/boards/campaign_board.ts';
import { campaignFiguresKey } from '../shared/cache/keys.ts';
import type { RedisCommand, RedisConnection } from '../shared/cache/redis_connection.ts';
import { addDays } from '../shared/domain/calendar_day.ts';

/** What a round changed, as far as boards show it. */
export type BoardsRound = {
  /** Whether anything a board is computed from was written or deleted. */
  readonly changed: boolean;
  /** The campaigns concerned, where they are known; active ones are refreshed anyway. */
  readonly touched: ReadonlySet<string>;
  /** The business day, 'YYYY-MM-DD'. */
  readonly today: string;
  /** The business time zone. */
  readonly timeZone: string;
};

/** What became of the boards in a round. */
export type BoardsReport = {
  /** 'due later': nothing changed and nothing was about to expire. 'unwritten': Redis or the hub was away; the next round repairs. */
  readonly status: 'written' | 'due later' | 'unwritten';
  readonly campaigns: number;
  readonly ms: number;
};

/** Tells Redis how campaigns stand, after a round has been committed. Nothing is ever decided from it, so a Redis that is away is no failure. */
export type CampaignBoards = { readonly refresh: (round: BoardsRound) => Promise<BoardsReport> };

/**
 * A quiet round writes the boards when half of the shortest life (660 s) is over. With a round every 11 minutes that is each of them: a board
 * then expires, if at all, for the length of a round, in which readers ask the hub. Rounds in quick succession pay nothing.
 */
const DUE_AFTER_MS = (campaignFiguresKey.seconds * 1_000) / 2;
/** Campaigns of one pipeline to Redis: about 12 commands each. */
const AT_ONCE = 100;

/** Keeps the boards of campaigns in a Redis: of those that are active, and of those a round touched. */
export function campaignBoardsIn(redis: RedisConnection, hub: pg.Pool, now: () => Date = () => new Date()): CampaignBoards {
  const run: RunStatement = async ({ name, text }, values) => (await hub.query({ name, text, values: [...values] })).rows;
  let writtenAt: number | undefined;

  const write = async (round: BoardsRound): Promise<number | undefined> => {
    const campaigns = [...new Set([...(await readActiveCampaigns(run)), ...round.touched])];
    const [figures, leaders, days] = await Promise.all([
      readFigures(run, campaigns),
      readLeaders(run, campaigns, round.timeZone),
      // A day's figures still come in on the day after.
      readDays(run, campaigns, [round.today, addDays(round.today, -1)], round.timeZone),
    ]);
    const content = await readContentFigures(run, campaigns, leaders, now());
    const daysOf = Map.groupBy(days, ({ campaignId }) => campaignId);
    const commandsOf = (campaignId: string): readonly RedisCommand[] => {
      const [itsFigures, itsContent] = [figures.get(campaignId), content.get(campaignId)];
      if (itsFigures === undefined || itsContent === undefined) return forgetCommands(campaignId);
      return [
        ...figuresCommands(campaignId, itsFigures),
        ...contentCommands(campaignId, itsContent),
        ...(daysOf.get(campaignId) ?? []).flatMap((day) => dayCommands(campaignId, day)),
        ...leaderCommands(campaignId, leaders.get(campaignId) ?? []),
      ];
    };
    for (let first = 0; first < campaigns.length; first += AT_ONCE) {
      const replies = await redis.pipeline(campaigns.slice(first, first + AT_ONCE).flatMap(commandsOf));
      if (replies === undefined || replies.some(({ ok }) => !ok)) return undefined;
    }
    return campaigns.length;
  };

  return {
    refresh: async (round) => {
      const started = performance.now();
      const report = (status: BoardsReport['status'], campaigns = 0): BoardsReport => ({
        status,
        campaigns,
        ms: Math.round(performance.now() - started),
      });
      const isDue = writtenAt === undefined || now().getTime() - writtenAt >= DUE_AFTER_MS;
      if (!round.changed && !isDue) return report('due later');
      // Until it has been done whole, it is due again.
      writtenAt = undefined;
      if (!redis.isUp) return report('unwritten');
      const startedAt = now().getTime();
      try {
        const campaigns = await write(round);
        if (campaigns === undefined) return report('unwritten');
        writtenAt = startedAt;
        return report('written', campaigns);
      } catch {
        // What was loaded is loaded: a mirror that cannot be written is for the next round.
        return report('unwritten');
      }
    },
  };
}
