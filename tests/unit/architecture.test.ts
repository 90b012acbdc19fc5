import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const project = resolve(import.meta.dirname, '../..');
const cruiser = join(project, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');

/** One forbidden arrow each: the file it starts from, the file it points at. */
const forbidden: readonly (readonly [rule: string, from: string, to: string])[] = [
  ['shared-knows-nobody', 'shared/mcp/pipeline.ts', 'mcp-servers/sales_dashboard/index.ts'],
  ['nobody-imports-cli', 'etl/run.ts', 'cli/commands/etl.ts'],
  ['product-does-not-import-tests', 'shared/db/pool.ts', 'tests/support/stack.ts'],
  ['servers-do-not-know-each-other', 'mcp-servers/sales_dashboard/index.ts', 'mcp-servers/crm_analyzer/index.ts'],
  ['servers-stand-on-shared-only', 'mcp-servers/sales_dashboard/repo/a.ts', 'etl/run.ts'],
  ['tools-are-contracts', 'mcp-servers/sales_dashboard/tools/a.ts', 'mcp-servers/sales_dashboard/service/a.ts'],
  ['service-is-pure', 'mcp-servers/sales_dashboard/service/a.ts', 'shared/db/pool.ts'],
  ['repo-does-not-look-up', 'mcp-servers/sales_dashboard/repo/a.ts', 'mcp-servers/sales_dashboard/handlers/a.ts'],
  ['domain-is-pure', 'shared/domain/periods.ts', 'shared/db/pool.ts'],
  ['database-stands-on-shared-only', 'database/generator/fill.ts', 'etl/run.ts'],
  ['etl-stands-on-shared-and-database', 'etl/run.ts', 'mcp-servers/sales_dashboard/index.ts'],
];

describe('the arrows of the architecture', () => {
  let folder: string;
  let violated: ReadonlySet<string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'promptsales-arrows-'));
    const arrows = new Map<string, string[]>();
    for (const [, from, to] of forbidden) {
      arrows.set(from, [...(arrows.get(from) ?? []), to]);
      if (!arrows.has(to)) arrows.set(to, []);
    }
    for (const [file, targets] of arrows) {
      await mkdir(join(folder, dirname(file)), { recursive: true });
      const up = '../'.repeat(file.split('/').length - 1);
      await writeFile(join(folder, file), `${targets.map((target) => `import '${up}${target}';`).join('\n')}\nexport const here = 1;\n`);
    }
    await writeFile(join(folder, 'tsconfig.json'), '{}');
    const roots = [...new Set([...arrows.keys()].map((file) => file.split('/')[0] ?? file))];
    const { stdout } = await run(
      process.execPath,
      [cruiser, '--config', join(project, '.dependency-cruiser.mjs'), '--output-type', 'json', ...roots],
      {
        cwd: folder,
      },
    ).catch((failure: { stdout: string }) => failure);
    const report = JSON.parse(stdout) as { summary: { violations: { rule: { name: string } }[] } };
    violated = new Set(report.summary.violations.map((violation) => violation.rule.name));
  }, 60_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(forbidden)('%s: an import from %s to %s is refused', (rule) => {
    expect(violated).toContain(rule);
  });
});
