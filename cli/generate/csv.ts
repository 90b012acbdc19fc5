/** A record of a CSV text. */
export type CsvRecord = {
  /** The line of the text on which it begins, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
  /** Where the next record begins, in UTF-16 units. */
  readonly end: number;
  /** Not cut short: it ends with a line break, or with the text outside of quotes. */
  readonly ending: 'line break' | 'end of text' | 'within quotes';
};

/** What may stand between fields; spreadsheets in Spanish write semicolons. */
const DELIMITERS = [',', ';', '\t'] as const;
export type CsvDelimiter = (typeof DELIMITERS)[number];

/** The delimiter of a CSV text: the one there is most of in its first line outside of quotes, a comma when there is none. */
export function csvDelimiter(text: string): CsvDelimiter {
  const [first = ''] = text.replaceAll(/"[^"]*"/g, '').split(/[\r\n]/, 1);
  const counted = DELIMITERS.map((delimiter) => ({ delimiter, times: first.split(delimiter).length - 1 }));
  return counted.reduce((best, one) => (one.times > best.times ? one : best)).delimiter;
}

/**
 * Reads CSV as RFC 4180 describes it, with any line break and any delimiter. A byte order mark is passed over. A quote within an unquoted
 * field, and what follows a closing quote, is taken as it is. Empty lines are records of one empty field.
 */
export function readCsv(text: string, delimiter: CsvDelimiter = ','): readonly CsvRecord[] {
  const records: CsvRecord[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const begunAt = line;
    const fields: string[] = [];
    let ending: CsvRecord['ending'] | undefined;
    while (ending === undefined) {
      let field = '';
      if (text[at] === '"') {
        at++;
        for (;;) {
          const quote = text.indexOf('"', at);
          const stretch = text.slice(at, quote === -1 ? text.length : quote);
          field += stretch;
          line += lineBreaks(stretch);
          at = quote === -1 ? text.length : quote + 1;
          if (quote === -1) ending = 'within quotes';
          if (quote === -1 || text[at] !== '"') break;
          field += '"';
          at++;
        }
      }
      const begin = at;
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') at++;
      fields.push(field + text.slice(begin, at));
      if (ending !== undefined) break;
      if (at >= text.length) ending = 'end of text';
      else if (text[at] === delimiter) at++;
      else {
        at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1;
        line++;
        ending = 'line break';
      }
    }
    records.push({ line: begunAt, fields, end: at, ending });
  }
  return records;
}

/** Fields as a line of RFC 4180: comma, quotes where they are needed, CR LF at the end. */
export function csvLine(fields: readonly string[]): string {
  return `${fields.map((field) => (/[",\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')}\r\n`;
}

/**
 * A text that a spreadsheet does not take for a formula: one that begins with = + - @, a tab or a carriage return gets an apostrophe in
 * front (OWASP, CSV Injection).
 */
export function harmlessCell(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function lineBreaks(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}
