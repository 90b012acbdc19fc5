import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KEY_DOCUMENT, withKeyTable } from '../../scripts/redis_key_document.ts';
import * as keys from '../../shared/cache/keys.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** The name each family has in the program. */
const named = Object.entries(keys).flatMap(([name, value]) =>
  typeof value === 'object' && 'pattern' in value ? [{ name, family: value }] : [],
);
const claims = named.flatMap(({ name, family }) =>
  (['writer', 'reader'] as const).map((role) => ({ name, role, pattern: family.pattern, file: family[role] })),
);

describe('the document of the keys (R)', () => {
  it('is what the catalogue says: node scripts/redis_key_document.ts makes it so', async () => {
    const document = await readFile(KEY_DOCUMENT, 'utf8');
    expect(document).toBe(withKeyTable(document));
    for (const { pattern } of keys.KEY_CATALOGUE) expect(document).toContain(`| \`${pattern}\` |`);
  });

  it('speaks of every family the program has', () => {
    expect(named.map(({ family }) => family.pattern).sort()).toEqual(keys.KEY_CATALOGUE.map(({ pattern }) => pattern).sort());
  });

  it.each(claims)('$role of $pattern is $file, which names $name or imports what does', async ({ name, file }) => {
    expect(existsSync(join(ROOT, file))).toBe(true);
    const text = await readFile(join(ROOT, file), 'utf8');
    const imported = [...text.matchAll(/from '(\.[^']+\.ts)'/g)].map(([, path = '']) => join(ROOT, dirname(file), path));
    const texts = [
      text,
      ...(await Promise.all(imported.filter((path) => !path.endsWith('cache/keys.ts')).map((path) => readFile(path, 'utf8')))),
    ];
    expect(texts.some((each) => new RegExp(`\\b${name}\\b`).test(each))).toBe(true);
  });

  it('is not made without its marks', () => {
    expect(() => withKeyTable('# Redis')).toThrow('needs a line');
  });
});
