import { z } from 'zod';
import { canonicalHash } from '../../../shared/domain/canonical_json.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';

/** The last customer of a page: the next begins after them in the order of partitions, ranks and ids. */
export type RankingPosition = {
  readonly partition: string;
  readonly rank: number;
  readonly customerId: number;
  /** How many customers the pages so far hold. */
  readonly seen: number;
};

const Cursor = z.object({ p: z.string().max(200), r: z.int().min(1), c: z.int().min(0), n: z.int().min(1), of: z.string().max(20) });

const fingerprint = (question: readonly unknown[]): string => canonicalHash(question).slice(0, 12);

/** Where the page after `position` begins, for the same question and the same data only. */
export function writeRankingCursor({ partition, rank, customerId, seen }: RankingPosition, question: readonly unknown[]): string {
  return Buffer.from(JSON.stringify({ p: partition, r: rank, c: customerId, n: seen, of: fingerprint(question) })).toString('base64url');
}

/** Throws ToolError invalid_input when the text is no cursor, or one of another question or of data that has changed since. */
export function readRankingCursor(text: string, question: readonly unknown[]): RankingPosition {
  const read = Cursor.safeParse(parsed(text));
  if (!read.success) {
    throw new ToolError('invalid_input', 'The cursor is not one that rank_customers gave.', {
      remedy: 'Send the nextCursor of the page before, or no cursor for the first page.',
    });
  }
  if (read.data.of !== fingerprint(question)) {
    throw new ToolError('invalid_input', 'The cursor belongs to another question, or the data has changed since and ranks may have too.', {
      remedy: 'Ask the same question without a cursor and page on from there.',
    });
  }
  return { partition: read.data.p, rank: read.data.r, customerId: read.data.c, seen: read.data.n };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
