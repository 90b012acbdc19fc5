import { type FileHandle, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { takeFileLock } from '../../shared/stack/lock.ts';
import { StackError } from '../../shared/stack/stack_error.ts';
import { csvLine, harmlessCell, readCsv } from './csv.ts';
import type { SegmentOutcome } from './segment_outcome.ts';

/** Where results are written, a line a message, and what is in it already. */
export type ResultsFile = {
  /** Which segments it tells of, and whether they failed. */
  readonly known: ReadonlyMap<string, 'written' | 'failed'>;
  /** Appends the lines of a segment in one write, and waits until they are on the disk. */
  readonly append: (entry: { readonly id: string; readonly line: number; readonly outcome: SegmentOutcome }) => Promise<void>;
  readonly close: () => Promise<void>;
};

const COLUMNS = [
  ...(['line', 'id', 'campaign_id', 'campaign', 'population', 'channel', 'language', 'status', 'number', 'of'] as const),
  ...(['headline', 'text', 'tone', 'hashtags', 'images', 'reason', 'why', 'model', 'tokens', 'cost_usd'] as const),
] as const;
const HEADER = csvLine(COLUMNS);
const at = (column: (typeof COLUMNS)[number]): number => COLUMNS.indexOf(column);

/**
 * Opens a results file, or begins one. What a killed run left unfinished at its end is cut off: a torn line, and the other lines of the same
 * segment, which is then told whole. With `dropFailed` the lines of segments that failed leave the file.
 * Throws StackError when another run writes it, or when it is no results file.
 */
export async function openResultsFile(path: string, { dropFailed = false } = {}): Promise<ResultsFile> {
  const lock = takeFileLock(join(dirname(path), `.${basename(path)}.lock`));
  if (lock === undefined) {
    throw new StackError(`Another run is writing ${path}.`, 'Wait for it, or name another file with --out.');
  }
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'a+');
    const text = await file.readFile('utf8');
    const { whole, rows } = wholeRows(text, path);
    const kept = dropFailed ? rows.filter(([, outcome]) => outcome !== 'failed') : rows;
    if (kept.length < rows.length) {
      await file.close();
      file = undefined;
      const next = `${path}.new`;
      await writeFile(next, `${HEADER}${kept.map(([, , lines]) => lines).join('')}`, { flush: true });
      await rename(next, path);
      file = await open(path, 'a+');
    } else if (whole < text.length) await file.truncate(Buffer.byteLength(text.slice(0, whole)));
    const opened = file;
    let isEmpty = whole === 0;
    return {
      known: new Map(kept.map(([id, outcome]) => [id, outcome])),
      async append({ id, line, outcome }) {
        await opened.appendFile(`${isEmpty ? HEADER : ''}${rowsOf(id, line, outcome)}`);
        isEmpty = false;
        await opened.datasync();
      },
      async close() {
        await opened.close();
        if (isEmpty) await rm(path);
        lock.release();
      },
    };
  } catch (error) {
    await file?.close();
    lock.release();
    throw error;
  }
}

type Row = readonly [id: string, outcome: 'written' | 'failed', lines: string];

/** The segments that are told whole, and where the last of them ends; 0 when not even the header is whole. */
function wholeRows(text: string, path: string): { readonly whole: number; readonly rows: readonly Row[] } {
  if (HEADER.startsWith(text)) return { whole: text === HEADER ? text.length : 0, rows: [] };
  const [header, ...records] = readCsv(text);
  const foreign = () =>
    new StackError(`${path} is there and is not as this command writes it.`, 'Name another file with --out, or move that one away.');
  if (header === undefined || header.fields.join() !== COLUMNS.join()) throw foreign();
  let whole = header.end;
  const rows: Row[] = [];
  for (const [index, { fields, end, ending }] of records.entries()) {
    const outcome = fields[at('status')] === 'failed' ? 'failed' : 'written';
    // A lone CR at the end is half a line break.
    if (ending !== 'line break' || text[end - 1] !== '\n' || fields.length !== COLUMNS.length) {
      // A kill tears the last line only: anything else was done by another hand, and is not ours to cut off.
      if (index < records.length - 1) throw foreign();
      break;
    }
    if (outcome === 'written' && fields[at('number')] !== fields[at('of')]) continue;
    rows.push([fields[at('id')] ?? '', outcome, text.slice(whole, end)]);
    whole = end;
  }
  return { whole, rows };
}

/** A line a message; tokens and cost on the first alone, so that a column's sum is what was spent. */
function rowsOf(id: string, line: number, outcome: SegmentOutcome): string {
  const { campaignId, campaignName, population, channel, language, status, messages, why, model, tokens, costUsd, costKnown } = outcome;
  const about = [String(line), id, campaignId, campaignName, population, channel, language, status];
  const cost = [String(tokens), costKnown ? costUsd : `at least ${costUsd}`];
  const rows =
    messages.length === 0
      ? [[...about, '', '', '', '', '', '', '', '', why ?? '', model ?? '', ...cost]]
      : messages.map(({ headline, text, tone, hashtags, images, reason }, index) => [
          ...[
            ...about,
            String(index + 1),
            String(messages.length),
            headline ?? '',
            text,
            tone,
            hashtags.join(' '),
            images.join(' '),
            reason,
          ],
          ...['', model ?? '', ...(index === 0 ? cost : ['', ''])],
        ]);
  return rows.map((row) => csvLine(row.map(harmlessCell))).join('');
}
