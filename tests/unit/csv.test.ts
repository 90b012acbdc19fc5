import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csvDelimiter, csvLine, harmlessCell, readCsv } from '../../cli/generate/csv.ts';
import { openResultsFile } from '../../cli/generate/results_file.ts';
import type { SegmentOutcome } from '../../cli/generate/segment_outcome.ts';
import { readSegment, segmentId } from '../../cli/generate/segment_request.ts';
import { readSegmentsFile } from '../../cli/generate/segments_file.ts';

const fieldsOf = (text: string, delimiter?: ',' | ';' | '\t') => readCsv(text, delimiter).map(({ fields }) => fields);

describe('CSV (RFC 4180)', () => {
  it('reads quotes, doubled quotes, separators and line breaks within quotes, and empty fields', () => {
    expect(fieldsOf('a,"b ""c"", d",\r\n"x\r\ny",,z\n')).toEqual([
      ['a', 'b "c", d', ''],
      ['x\r\ny', '', 'z'],
    ]);
  });

  it('reads any line break, a last line without one, and a byte order mark; an empty text has no records', () => {
    expect(fieldsOf('\uFEFFa,b\rc,d\ne,f')).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ]);
    expect(readCsv('')).toEqual([]);
    expect(readCsv('a\n\nb')).toMatchObject([{ fields: ['a'] }, { fields: [''] }, { fields: ['b'], ending: 'end of text' }]);
  });

  it('tells on which line a record begins, where it ends, and what was cut within quotes', () => {
    const text = 'h\r\n"one\ntwo"\r\nthree,"torn';
    expect(readCsv(text)).toEqual([
      { line: 1, fields: ['h'], end: 3, ending: 'line break' },
      { line: 2, fields: ['one\ntwo'], end: 14, ending: 'line break' },
      { line: 4, fields: ['three', 'torn'], end: text.length, ending: 'within quotes' },
    ]);
  });

  it('takes a quote in the middle of a field, and what follows a closing quote, as they are', () => {
    expect(fieldsOf('5" wide,"a"b\n')).toEqual([['5" wide', 'ab']]);
  });

  it('sees which separator a file has, not fooled by a quoted header', () => {
    expect([csvDelimiter('a;b;c\n1,2'), csvDelimiter('a\tb'), csvDelimiter('"a;b;c",d'), csvDelimiter('alone')]).toEqual([
      ';',
      '\t',
      ',',
      ',',
    ]);
  });

  it('reads back every line it writes', () => {
    const fields = ['plain', '', 'with, comma', 'with "quotes"', 'two\r\nlines', ' spaced ', 'ñandú ✓', "'=1+1"];
    expect(fieldsOf(csvLine(fields))).toEqual([fields]);
    expect(csvLine(['a', 'b'])).toBe('a,b\r\n');
  });

  it('makes harmless what a spreadsheet would compute', () => {
    expect(['=1+1', '+5', '-5', '@SUM(A1)', '\t=1', '\r=1', 'a=b', '#tag', ''].map(harmlessCell)).toEqual([
      "'=1+1",
      "'+5",
      "'-5",
      "'@SUM(A1)",
      "'\t=1",
      "'\r=1",
      'a=b',
      '#tag',
      '',
    ]);
  });
});

describe('a file of segments', () => {
  const read = (text: string) => readSegmentsFile(new TextEncoder().encode(text));

  it('is understood in English and Spanish, with commas or semicolons, whatever the case and accents of its header', () => {
    const english = read('campaign,population,channel,language,tone,images\nCMP-1,women 18-25,instagram,en,warm,no\n');
    const spanish = read('CAMPAÑA;Población;canal;Idioma;tono;imágenes\r\nCMP-1;women 18-25;instagram;inglés;warm;No\r\n');
    expect(english.lines).toEqual([
      {
        line: 2,
        campaign: 'CMP-1',
        request: { population: 'women 18-25', channel: 'instagram', language: 'en', tone: 'warm', images: false },
      },
    ]);
    expect(spanish).toEqual(english);
    expect(read('campana,segmento,notas\nCMP-1,mujeres\n')).toMatchObject({
      unread: ['notas'],
      lines: [{ request: { language: 'es', images: true } }],
    });
  });

  it('tells each bad line with its number and why', () => {
    const { lines, bad } = read(
      [
        'campaign,population,channel,language,images',
        ',mujeres',
        'CMP-1,',
        'CMP-1,mujeres,myspace',
        'CMP-1,mujeres,,fr',
        'CMP-1,mujeres,,,perhaps',
        'CMP-1,niños de 3 a 5 años',
        'CMP-1,mujeres,,,,,more',
        'CMP-1,mujeres 18-25',
        'CMP-1,"mujeres',
      ].join('\n'),
    );
    expect(lines.map(({ line }) => line)).toEqual([9]);
    expect(bad.map(({ line, why }) => `${line} ${why}`)).toEqual([
      expect.stringContaining('2 It names no campaign'),
      expect.stringContaining('3 It describes no population'),
      expect.stringMatching(/^4 .*myspace.*Channels: /),
      expect.stringContaining('5 There is no language "fr"'),
      expect.stringContaining('6 "perhaps"'),
      expect.stringMatching(/^7 .*3 years/),
      expect.stringMatching(/^8 It has 7 fields, the header 5/),
      expect.stringMatching(/^10 .*quotation mark/),
    ]);
  });

  it.each([
    ['', 'empty'],
    ['population\nmujeres\n', 'no column campaign'],
    ['campaign,campaña,population\n', 'Two columns'],
  ])('is refused as a whole: %j', (text, why) => {
    expect(() => read(text)).toThrow(why);
  });

  it('is refused when it is not UTF-8', () => {
    expect(() => readSegmentsFile(Uint8Array.of(0x63, 0xf1, 0x0a))).toThrow('UTF-8');
  });
});

describe('a segment in the queue', () => {
  it('is JSON, or a population in words as other programs write it', () => {
    expect(readSegment('{"population":"mujeres","channel":"x","images":false,"agreedCostUsd":"0.10"}')).toEqual({
      population: 'mujeres',
      channel: 'x',
      language: 'es',
      images: false,
      agreedCostUsd: '0.10',
    });
    expect(readSegment('mujeres 18-25')).toEqual({ population: 'mujeres 18-25', language: 'es', images: true });
    expect(() => readSegment('{"gender":"f"}')).toThrow('not as described');
  });

  it('has one id however the same is said, and another for anything else', () => {
    const asked = { population: 'mujeres 18-25 en San José', language: 'es', images: true } as const;
    const id = segmentId('CMP-1', asked);
    expect(segmentId('CMP-1', { ...asked, population: 'Mujeres de 18 a 25 años en san jose', agreedCostUsd: '1' })).toBe(id);
    const others = [
      segmentId('CMP-2', asked),
      segmentId('CMP-1', { ...asked, language: 'en' }),
      segmentId('CMP-1', { ...asked, images: false }),
      segmentId('CMP-1', { ...asked, tone: 'alegre' }),
      segmentId('CMP-1', { ...asked, channel: 'x' }),
    ];
    expect(new Set([id, ...others]).size).toBe(6);
  });
});

describe('a results file', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'promptsales-results-'));
    path = join(folder, 'results.csv');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const outcome = (text: string, status: SegmentOutcome['status'] = 'written'): SegmentOutcome => ({
    ...{ status, campaignId: 'CMP-1', campaignName: '=Verano', population: 'mujeres', channel: 'x', language: 'es', model: 'm' },
    messages:
      status === 'failed'
        ? []
        : [1, 2, 3].map((number) => ({
            ...{ number, headline: null, text: `${text} ${number}\nñ`, tone: 'cercano' },
            ...{ hashtags: ['#a', '#b'], images: ['IMG-1'], reason: '-porque' },
          })),
    ...{ errorClass: null, why: status === 'failed' ? text : null, tokens: 30, costUsd: '0.0012', costKnown: true },
  });

  async function fill(): Promise<string> {
    const results = await openResultsFile(path);
    await results.append({ id: 'gen_a', line: 2, outcome: outcome('first') });
    await results.append({ id: 'gen_b', line: 3, outcome: outcome('no quota', 'failed') });
    await results.append({ id: 'gen_c', line: 4, outcome: outcome('last') });
    await results.close();
    return readFile(path, 'utf8');
  }

  it('tells a message a line, harmless for spreadsheets, what a segment cost on its first line alone', async () => {
    const [header = [], ...rows] = fieldsOf(await fill());
    const of = (row: readonly string[] | undefined) => Object.fromEntries(header.map((name, at) => [name, row?.[at]]));
    expect(rows).toHaveLength(7);
    expect(of(rows[0])).toEqual({
      ...{ line: '2', id: 'gen_a', campaign_id: 'CMP-1', campaign: "'=Verano", population: 'mujeres', channel: 'x', language: 'es' },
      ...{ status: 'written', number: '1', of: '3', headline: '', text: 'first 1\nñ', tone: 'cercano', hashtags: '#a #b', images: 'IMG-1' },
      ...{ reason: "'-porque", why: '', model: 'm', tokens: '30', cost_usd: '0.0012' },
    });
    expect(of(rows[1])).toMatchObject({ number: '2', tokens: '', cost_usd: '' });
    expect(of(rows[3])).toMatchObject({ id: 'gen_b', status: 'failed', why: 'no quota', number: '', text: '' });
  });

  it('is mended wherever a kill tore it: segments told whole stay, the rest is told again', async () => {
    const whole = Buffer.from(await fill());
    const lines = whole.toString('utf8').split(/(?<=\r\n)/);
    const ends = [1, 4, 5, 8].map((count) => Buffer.byteLength(lines.slice(0, count).join('')));
    // All places around the end of a line and of the file, and every eleventh between.
    const edges = [0, ...lines.map((_, index) => Buffer.byteLength(lines.slice(0, index + 1).join('')))];
    const torn = Array.from({ length: whole.length + 1 }, (_, length) => length).filter(
      (length) => length % 11 === 0 || edges.some((edge) => Math.abs(edge - length) <= 2),
    );
    for (const length of torn) {
      await writeFile(path, whole.subarray(0, length));
      const results = await openResultsFile(path);
      const known = ['gen_a', 'gen_b', 'gen_c'].filter((_, index) => length >= (ends[index + 1] ?? 0));
      expect([...results.known.keys()], `${length} bytes`).toEqual(known);
      for (const [index, id] of ['gen_a', 'gen_b', 'gen_c'].entries()) {
        const again = id === 'gen_b' ? outcome('no quota', 'failed') : outcome(id === 'gen_a' ? 'first' : 'last');
        if (!results.known.has(id)) await results.append({ id, line: index + 2, outcome: again });
      }
      await results.close();
      expect(await readFile(path, 'utf8')).toBe(whole.toString('utf8'));
    }
  });

  it('drops what failed when that is to be tried again', async () => {
    await fill();
    const results = await openResultsFile(path, { dropFailed: true });
    expect([...results.known]).toEqual([
      ['gen_a', 'written'],
      ['gen_c', 'written'],
    ]);
    await results.append({ id: 'gen_b', line: 3, outcome: outcome('second') });
    await results.close();
    expect(fieldsOf(await readFile(path, 'utf8')).slice(1)).toHaveLength(9);
  });

  it('is one run’s at a time, and leaves a file that is not of its kind, or was altered in the middle, as it is', async () => {
    const one = await openResultsFile(path);
    await expect(openResultsFile(path)).rejects.toThrow('Another run is writing');
    await one.close();
    await expect(readFile(path)).rejects.toThrow('ENOENT');
    for (const text of ['name,email\nana,a@example.com\n', (await fill()).replace('gen_b,', '')]) {
      await writeFile(path, text);
      await expect(openResultsFile(path)).rejects.toThrow('not as this command writes it');
      expect(await readFile(path, 'utf8')).toBe(text);
    }
  });
});
