import { generateCampaignMessages } from '../../mcp-servers/content_generator/tools/generate_campaign_messages.ts';
import { fold } from '../../shared/domain/fold.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';
import { type CsvRecord, csvDelimiter, readCsv } from './csv.ts';
import { type SegmentRequest, segmentId, toolArguments } from './segment_request.ts';

/** A line that cannot be used, and why. */
export type BadLine = { readonly line: number; readonly why: string };

/** A line of the file as it is written, its words in order. */
export type SegmentLine = { readonly line: number; readonly campaign: string; readonly request: SegmentRequest };

export type SegmentsFile = {
  readonly lines: readonly SegmentLine[];
  readonly bad: readonly BadLine[];
  /** Columns whose names say nothing here. */
  readonly unread: readonly string[];
};

type Column = 'campaign' | 'population' | 'channel' | 'language' | 'tone' | 'images';

/** Names of columns, folded. */
const COLUMNS: Readonly<Record<string, Column>> = {
  campaign: 'campaign',
  'campaign name': 'campaign',
  'campaign id': 'campaign',
  campana: 'campaign',
  'campana id': 'campaign',
  'id campana': 'campaign',
  population: 'population',
  segment: 'population',
  poblacion: 'population',
  segmento: 'population',
  channel: 'channel',
  canal: 'channel',
  language: 'language',
  idioma: 'language',
  tone: 'tone',
  tono: 'tone',
  images: 'images',
  imagenes: 'images',
};

const LANGUAGES: Readonly<Record<string, 'es' | 'en'>> = {
  es: 'es',
  espanol: 'es',
  spanish: 'es',
  en: 'en',
  ingles: 'en',
  english: 'en',
};
const YES: ReadonlySet<string> = new Set(['si', 's', 'yes', 'y', 'true', 'verdadero', '1']);
const NO: ReadonlySet<string> = new Set(['no', 'n', 'false', 'falso', '0']);

/**
 * Reads the segments to write for: CSV in UTF-8, a header, a line a population. A line that cannot be read is told of in `bad`; whether its
 * campaign exists is not looked at here. Throws ToolError 'invalid_input' when the file as a whole cannot be read.
 */
export function readSegmentsFile(bytes: Uint8Array): SegmentsFile {
  const text = decode(bytes);
  const [header, ...records] = readCsv(text, csvDelimiter(text)).filter(({ fields }) => fields.some((field) => field.trim() !== ''));
  if (header === undefined) throw invalid('The file is empty.');
  const named = header.fields.map((name): Column | undefined => {
    const folded = fold(name);
    return Object.hasOwn(COLUMNS, folded) ? COLUMNS[folded] : undefined;
  });
  for (const needed of ['campaign', 'population'] as const) {
    if (!named.includes(needed)) throw invalid(`The file has no column ${needed} (${needed === 'campaign' ? 'campaña' : 'población'}).`);
  }
  const twice = named.find((column, at) => column !== undefined && named.indexOf(column) !== at);
  if (twice !== undefined) throw invalid(`Two columns of the file mean ${twice}.`);

  const lines: SegmentLine[] = [];
  const bad: BadLine[] = [];
  for (const record of records) {
    try {
      lines.push(readLine(record, named));
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      bad.push({ line: record.line, why: whyText(error) });
    }
  }
  return { lines, bad, unread: header.fields.filter((name, at) => named[at] === undefined && name.trim() !== '') };
}

/** What was wrong and what would be right, in a line. */
export function whyText({ message, remedy }: { readonly message: string; readonly remedy?: string | undefined }): string {
  return [message, remedy].filter(Boolean).join(' ');
}

function readLine({ line, fields, ending }: CsvRecord, named: readonly (Column | undefined)[]): SegmentLine {
  if (ending === 'within quotes') throw new ToolError('invalid_input', 'A quotation mark is opened and not closed.');
  if (fields.length > named.length) {
    throw new ToolError('invalid_input', `It has ${fields.length} fields, the header ${named.length}.`, {
      remedy: 'Put a field that holds the separator between quotation marks.',
    });
  }
  const of = (column: Column): string => fields[named.indexOf(column)]?.trim() ?? '';
  const campaign = of('campaign');
  if (campaign === '') throw new ToolError('invalid_input', 'It names no campaign.');
  if (of('population') === '') throw new ToolError('invalid_input', 'It describes no population.');
  const request: SegmentRequest = {
    population: of('population'),
    channel: of('channel') || undefined,
    language: of('language') === '' ? 'es' : languageOf(of('language')),
    tone: of('tone') || undefined,
    images: of('images') === '' ? true : yesOrNo(of('images')),
  };
  const read = generateCampaignMessages.input.safeParse(toolArguments(campaign, request));
  if (!read.success) {
    throw new ToolError('invalid_input', read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  }
  // Reads channel and population.
  segmentId(campaign, request);
  return { line, campaign, request };
}

function languageOf(text: string): 'es' | 'en' {
  const language = LANGUAGES[fold(text)];
  if (language === undefined) throw new ToolError('invalid_input', `There is no language "${text}" here.`, { remedy: 'Write es or en.' });
  return language;
}

function yesOrNo(text: string): boolean {
  const folded = fold(text);
  if (!YES.has(folded) && !NO.has(folded)) {
    throw new ToolError('invalid_input', `"${text}" does not say whether images are wanted.`, { remedy: 'Write yes or no.' });
  }
  return YES.has(folded);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ToolError('invalid_input', 'The file is not text in UTF-8.', { remedy: 'Save it as "CSV UTF-8".' });
  }
}

function invalid(message: string): ToolError {
  return new ToolError('invalid_input', message, {
    remedy: 'The first line names the columns: campaign, population and, where wanted, channel, language, tone, images.',
  });
}
