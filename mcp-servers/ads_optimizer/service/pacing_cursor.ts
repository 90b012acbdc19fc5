import { hash } from 'node:crypto';
import { z } from 'zod';
import { ToolError } from '../../../shared/domain/tool_error.ts';

/** The last campaign of a page: the next begins after it, whatever has changed before it meanwhile. */
export type PacingPosition = {
  /** Its money at risk, as decimal text. */
  readonly atRisk: string;
  readonly campaignId: string;
};

const Cursor = z.object({
  r: z
    .string()
    .regex(/^-?\d+(\.\d+)?$/)
    .max(40),
  c: z.string().max(80),
  q: z.string().max(20),
});

/** A cursor of one question is no place in another. */
const fingerprint = (question: readonly string[]): string => hash('sha256', JSON.stringify(question), 'base64url').slice(0, 12);

export function writePacingCursor({ atRisk, campaignId }: PacingPosition, question: readonly string[]): string {
  return Buffer.from(JSON.stringify({ r: atRisk, c: campaignId, q: fingerprint(question) })).toString('base64url');
}

/** Throws ToolError invalid_input when the text is no cursor, or one of another question. */
export function readPacingCursor(text: string, question: readonly string[]): PacingPosition {
  const read = Cursor.safeParse(parsed(text));
  const remedy = 'Send the nextCursor of the page before with the same filters and period, or no cursor for the first page.';
  if (!read.success) throw new ToolError('invalid_input', 'The cursor is not one that get_campaign_pacing gave.', { remedy });
  if (read.data.q !== fingerprint(question)) throw new ToolError('invalid_input', 'The cursor belongs to another question.', { remedy });
  return { atRisk: read.data.r, campaignId: read.data.c };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
