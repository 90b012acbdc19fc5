import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { validatorOf } from '../database/mongodb/validator.ts';
import { documentChecksSql } from '../database/postgresql/content/document_checks.ts';
import { CONTENT_COLLECTIONS } from '../shared/sources/content_collections.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const BEGIN = '<!-- validator: made by scripts/content_rules.ts from shared/sources/content_documents.ts -->';
const END = '<!-- end of validator -->';
const LINE = 130;

/** The files that are made from the schemas of PromptContent's documents, whole or in part, as they should be: path below the package → text. */
export async function contentRuleFiles(): Promise<ReadonlyMap<string, string>> {
  const designs = Object.entries(CONTENT_COLLECTIONS).map(async ([name, collection]) => {
    const path = `database/mongodb/design/${name}.md`;
    const validator = `\`\`\`json\n${compactJson(validatorOf(collection))}\n\`\`\``;
    return [path, withPart(path, await readFile(join(ROOT, path), 'utf8'), validator)] as const;
  });
  return new Map([...(await Promise.all(designs)), ['database/postgresql/content/document_checks.sql', documentChecksSql()]]);
}

function withPart(path: string, document: string, part: string): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`${path} needs a line ${BEGIN} and after it a line ${END}`);
  return `${document.slice(0, begin + BEGIN.length)}\n${part}\n${document.slice(end)}`;
}

/** JSON with a line for whatever fits into one. */
function compactJson(value: unknown, margin = ''): string {
  const line = JSON.stringify(value);
  if (typeof value !== 'object' || value === null || margin.length + line.length <= LINE) return line;
  const inner = `${margin}  `;
  const parts = Array.isArray(value)
    ? value.map((part) => compactJson(part, inner))
    : Object.entries(value).map(([name, part]) => `${JSON.stringify(name)}: ${compactJson(part, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${margin}${close}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of await contentRuleFiles()) await writeFile(join(ROOT, path), text);
}
