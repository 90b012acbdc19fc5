import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boardReads,
  type CampaignDay,
  type CampaignFigures,
  type ContentFigures,
  contentCommands,
  dayCommands,
  figuresCommands,
  leaderCommands,
  readBoardReplies,
} from '../../shared/boards/campaign_board.ts';
import type { RedisCommand, RedisReply } from '../../shared/cache/redis_connection.ts';

const DAY = '2026-01-30';
const count = fc.nat();
const rate = fc.integer({ min: 0, max: 1_000_000 }).map((hundredths) => hundredths / 100);
const money = fc.integer({ min: 0, max: 1_000_000_000 }).map((cents) => (cents / 100).toFixed(2));
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const instant = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString());

const figures: fc.Arbitrary<CampaignFigures> = fc.record({
  spend: orNull(money),
  impressions: orNull(count),
  clicks: orNull(count),
  leads: orNull(count),
  orders: orNull(count),
  revenue: orNull(money),
  roas: orNull(rate),
  ctr: orNull(rate),
  asOf: instant,
});
const content: fc.Arbitrary<ContentFigures> = fc.record({
  pieces: count,
  approved: count,
  pending: count,
  meanEngagement: orNull(rate),
  uses: count,
  updatedAt: instant,
});
const day: fc.Arbitrary<CampaignDay> = fc.record({
  day: fc.constant(DAY),
  piecesMade: count,
  messagesMade: fc.constant(null),
  tokens: fc.constant(null),
  cost: fc.constant(null),
  engagement: orNull(rate),
});

/** A Redis of plain hashes: what the commands leave, as hmget would reply. */
function replies(commands: readonly RedisCommand[], asked: readonly RedisCommand[]): readonly RedisReply[] {
  const hashes = new Map<string, Map<string, string>>();
  for (const [name, key, ...rest] of commands) {
    const hash = hashes.get(String(key)) ?? new Map<string, string>();
    hashes.set(String(key), hash);
    if (name === 'hset') for (let i = 0; i < rest.length; i += 2) hash.set(String(rest[i]), String(rest[i + 1]));
    if (name === 'hdel') for (const field of rest) hash.delete(String(field));
  }
  return asked.map(([name, key, ...fields]) => ({
    ok: true,
    value: name === 'hmget' ? fields.map((field) => hashes.get(String(key))?.get(String(field)) ?? null) : [],
  }));
}

describe('a board in Redis', () => {
  it('is read as it was written, whatever stood there before', () => {
    fc.assert(
      fc.property(figures, content, day, figures, content, day, (was, wasContent, wasDay, now, nowContent, nowDay) => {
        const write = (f: CampaignFigures, c: ContentFigures, d: CampaignDay) => [
          ...figuresCommands('CMP-1', f),
          ...contentCommands('CMP-1', c),
          ...dayCommands('CMP-1', d),
        ];
        const commands = [...write(was, wasContent, wasDay), ...write(now, nowContent, nowDay)];
        expect(readBoardReplies(replies(commands, boardReads('CMP-1', DAY, 10)), DAY)).toEqual({
          figures: now,
          content: nowContent,
          day: nowDay,
          leaders: undefined,
        });
      }),
    );
  });

  it('is missing, part by part, where Redis is away, refuses, or holds what is not a board', () => {
    const nothing = { figures: undefined, content: undefined, day: undefined, leaders: undefined };
    const four = (value: unknown): RedisReply[] => Array.from({ length: 4 }, () => ({ ok: true, value }));
    expect(readBoardReplies(undefined, DAY)).toEqual(nothing);
    expect(readBoardReplies([{ ok: false }, { ok: false }, { ok: false }, { ok: false }], DAY)).toEqual(nothing);
    expect(readBoardReplies(four('text'), DAY)).toEqual(nothing);
    expect(readBoardReplies(four([null, null, null, null, null, null, null, null, null]), DAY)).toEqual(nothing);
    expect(readBoardReplies([...four([]).slice(1), { ok: true, value: ['IMG-1', 'best'] }], DAY)).toEqual(nothing);
  });

  it('replaces a leaderboard as a whole', () => {
    expect(leaderCommands('CMP-1', [{ contentId: 'IMG-1', engagement: 2.5 }])).toEqual([
      ['del', 'leaderboard:content:CMP-1:engagement'],
      ['zadd', 'leaderboard:content:CMP-1:engagement', 2.5, 'IMG-1'],
      ['expire', 'leaderboard:content:CMP-1:engagement', 3_600],
    ]);
    expect(leaderCommands('CMP-1', [])).toEqual([['del', 'leaderboard:content:CMP-1:engagement']]);
  });
});
