import { z } from 'zod';
import { canonicalHash } from '../../../shared/domain/canonical_json.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';

const Cursor = z.object({ after: z.string().max(200), of: z.string().max(20) });

const fingerprint = (question: readonly unknown[]): string => canonicalHash(question).slice(0, 12);

/** Where the page after the anomaly named `after` begins, for the same question only. */
export function writeCursor(after: string, question: readonly unknown[]): string {
  return Buffer.from(JSON.stringify({ after, of: fingerprint(question) })).toString('base64url');
}

/** The anomaly that the page comes after. Throws ToolError invalid_input when the text is no cursor, or one of another question. */
export function readCursor(text: string, question: readonly unknown[]): string {
  const read = Cursor.safeParse(parsed(text));
  const remedy = 'Send the nextCursor of the page before with the same arguments, or no cursor for the first page.';
  if (!read.success) throw new ToolError('invalid_input', 'The cursor is not one that find_ad_anomalies gave.', { remedy });
  if (read.data.of !== fingerprint(question)) throw new ToolError('invalid_input', 'The cursor belongs to another question.', { remedy });
  return read.data.after;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
