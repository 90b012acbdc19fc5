import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KeyFamily } from '../shared/cache/catalogue.ts';
import { KEY_CATALOGUE } from '../shared/cache/keys.ts';

/** The document of the keys, and what marks the part of it that is made from the catalogue. */
export const KEY_DOCUMENT = join(dirname(fileURLToPath(import.meta.url)), '../database/redis/design/README.md');
const BEGIN = '<!-- keys: made by scripts/redis_key_document.ts from shared/cache/keys.ts -->';
const END = '<!-- end of keys -->';

/** The document with the catalogue's table in it as the catalogue is now. Throws when the marks are missing. */
export function withKeyTable(document: string): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`the document needs a line ${BEGIN} and after it a line ${END}`);
  return `${document.slice(0, begin + BEGIN.length)}\n${keyTable(KEY_CATALOGUE)}\n${document.slice(end)}`;
}

/** A row for each family, in the order of the catalogue. */
function keyTable(families: readonly KeyFamily[]): string {
  const rows = families.map((family) => [
    `\`${family.pattern}\``,
    family.type,
    family.seconds === null ? 'none' : String(family.seconds),
    family.purpose,
    holdsText(family),
    fileLink(family.writer),
    fileLink(family.reader),
  ]);
  const heads = ['key', 'type', 'TTL, s', 'purpose', 'holds', 'written by', 'read by'];
  return [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function holdsText({ holds }: KeyFamily): string {
  const text =
    typeof holds === 'string'
      ? holds
      : Object.entries(holds)
          .map(([field, meaning]) => `\`${field}\`: ${meaning}`)
          .join('<br>');
  return text.replaceAll('|', '\\|').replaceAll(/[{}[\]*]/g, (sign) => `\\${sign}`);
}

function fileLink(file: string): string {
  return `[${file}](../../../${file})`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(KEY_DOCUMENT, withKeyTable(await readFile(KEY_DOCUMENT, 'utf8')));
}
