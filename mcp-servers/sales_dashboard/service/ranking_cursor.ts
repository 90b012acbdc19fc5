import { hash } from 'node:crypto';
import { z } from 'zod';
import { ToolError } from '../../../shared/domain/tool_error.ts';

/** The last campaign of a page: the next page begins after it, whatever has changed before it meanwhile. */
export type RankingPosition = {
  /** Its unrounded value. */
  readonly value: string;
  readonly campaignId: string;
};

const Cursor = z.object({
  v: z
    .string()
    .regex(/^-?\d+(\.\d+)?$/)
    .max(80),
  c: z.string().max(80),
  q: z.string().max(20),
});

/** Stands for everything that decides the order: a cursor of one question is no place in another. */
function fingerprint(question: readonly string[]): string {
  return hash('sha256', JSON.stringify(question), 'base64url').slice(0, 12);
}

export function writeCursor(position: RankingPosition, question: readonly string[]): string {
  const cursor = { v: position.value, c: position.campaignId, q: fingerprint(question) };
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** Throws ToolError invalid_input when the text is no cursor, or one of another question. */
export function readCursor(text: string, question: readonly string[]): RankingPosition {
  const read = Cursor.safeParse(parsed(text));
  const remedy = 'Send the nextCursor of the page before with the same metric, order, filters and period, or no cursor for the first page.';
  if (!read.success) throw new ToolError('invalid_input', 'The cursor is not one that rank_campaigns gave.', { remedy });
  if (read.data.q !== fingerprint(question)) throw new ToolError('invalid_input', 'The cursor belongs to another question.', { remedy });
  return { value: read.data.v, campaignId: read.data.c };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
