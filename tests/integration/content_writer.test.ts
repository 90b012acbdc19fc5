import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openContent } from '../../mcp-servers/content_generator/repo/open_content.ts';
import { readSettings } from '../../shared/config/settings.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { withLocated } from '../../shared/mcp/connections.ts';
import { locateAddresses } from '../../shared/mcp/locate_addresses.ts';
import { readStack, type StackState } from '../../shared/stack/state.ts';
import { sampleDocuments } from '../support/content_samples.ts';
import { query } from '../support/etl_databases.ts';
import { type RunningStack, startStack } from '../support/running_stack.ts';

const run = promisify(execFile);
const CLIENT = 'CLI-001';
const TODAY = '2026-11-21';

let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** The stack as its state file names it now: a start chooses its ports anew. */
function running(): Pick<StackState, 'planKey'> & Required<Pick<StackState, 'urls'>> {
  const state = readStack(stack.home);
  if (state?.urls === undefined) throw new Error('no stack is up');
  return { urls: state.urls, planKey: state.planKey };
}

const asWriter = (text: string) => query(running().urls.contentWriter, text);
const asOwner = (text: string) => query(running().urls.content, text);

/** What the client's plans have left, as content_generator reads it. */
async function quotas(url: string | undefined) {
  const content = await openContent(url)();
  try {
    return await content.quotas(CLIENT, TODAY, deadlineIn(10_000));
  } finally {
    await content.close();
  }
}

describe('the way of content_generator into PromptContent of an embedded stack', () => {
  it('is in the state file, and the plans of the generated clients are read there', async () => {
    expect(await quotas(running().urls.contentWriter)).toContainEqual({
      feature: 'generacion_contenido',
      planId: 'PLAN-ENTERPRISE',
      planName: 'Enterprise',
      used: expect.any(Number),
      limit: null,
      resetDate: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/),
    });
  });

  it('is found with its key by a server that a host starts, and by none that has its own', async () => {
    const settings = readSettings(stack.environment);
    const found = withLocated(settings, await locateAddresses(settings, () => {}));
    const { urls, planKey } = running();
    expect(found.urls.contentWriter).toBe(urls.contentWriter);
    expect(Buffer.from(found.planKey ?? []).toString('base64')).toBe(planKey);
    expect(found.planKey).toHaveLength(32);
    expect(await quotas(found.urls.contentWriter)).not.toEqual([]);

    const own = { CONTENT_WRITER_DATABASE_URL: 'postgres://w.example/c', PROMPTSALES_PLAN_KEY: Buffer.alloc(32, 5).toString('base64') };
    const configured = readSettings({ ...stack.environment, ...own });
    expect(withLocated(configured, await locateAddresses(configured, () => {}))).toMatchObject({
      urls: { contentWriter: own.CONTENT_WRITER_DATABASE_URL },
      planKey: Buffer.alloc(32, 5),
    });
  });

  it('reads and writes what generation needs, and nothing else', async () => {
    const document = sampleDocuments().find(({ collection }) => collection === 'logs_campanas')?.document;
    const right = JSON.stringify({ ...document, id_log: 'LOG-rights' });
    const log = `INSERT INTO content.logs_campanas (id, document) VALUES ('LOG-rights', '${right}')`;
    expect(await asWriter(log)).toEqual([]);
    expect(await asWriter(`UPDATE content.campanas SET document = document WHERE id = (SELECT min(id) FROM content.campanas)`)).toEqual([]);
    for (const refused of [
      `DELETE FROM content.logs_campanas WHERE id = 'LOG-rights'`,
      `DELETE FROM content.campanas`,
      `TRUNCATE content.clientes`,
      `UPDATE content.campanas SET id = id`,
      `UPDATE content.imagenes SET document = document`,
      `UPDATE content.logs_campanas SET document = document`,
      `INSERT INTO content.clientes (id, document) VALUES ('CLI-x', '{}')`,
      `SELECT document FROM content.bitacora_solicitudes`,
      `SELECT * FROM content.credenciales_cifradas`,
      `SELECT * FROM content.servicios_terceros`,
      `SELECT * FROM content.mcp_servers`,
      `SELECT * FROM tracking.fill`,
      `ALTER TABLE content.campanas DISABLE TRIGGER ALL`,
      `CREATE TABLE content.own (i int)`,
      `CREATE TEMP TABLE own (i int)`,
      `SET ROLE postgres`,
    ]) {
      await expect(asWriter(refused), refused).rejects.toThrow(/permission denied|must be owner/);
    }
    await asOwner(`DELETE FROM content.logs_campanas WHERE id = 'LOG-rights'`);
  });

  it('leads to no other database of the server', async () => {
    const names = (await asOwner('SELECT datname AS name FROM pg_database WHERE datallowconn ORDER BY 1')).map(({ name }) => String(name));
    expect(names).toContain('promptsales');
    for (const name of names.filter((other) => other !== 'promptcontent')) {
      const url = running().urls.contentWriter.replace(/\/promptcontent$/, `/${name}`);
      await expect(query(url, 'SELECT 1'), name).rejects.toThrow(/permission denied for database/);
    }
  });

  it('is there again after the sources were filled anew', async () => {
    await stack.cli('fill', '--scale', 'small');
    expect(await quotas(running().urls.contentWriter)).not.toEqual([]);
    expect(await asOwner(`SELECT to_regclass('content.logs_campanas_campaign')::text AS index`)).toEqual([
      { index: 'content.logs_campanas_campaign' },
    ]);
  });

  it('is made in a home that was filled before there was one, without filling it again', async () => {
    const fills = 'SELECT xmin::text AS fill FROM tracking.fill';
    const filled = await asOwner(fills);
    await asOwner('DROP INDEX content.logs_campanas_campaign');
    await asOwner('DROP OWNED BY promptsales_content, promptsales_writer; DROP ROLE promptsales_content, promptsales_writer');
    await stack.cli('down');
    const file = join(stack.home, 'credentials.json');
    const { writer, planKey, ...old } = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify(old));

    await stack.cli('up', '--detach');
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject(old);
    expect(running().urls.contentWriter).not.toContain(writer);
    expect(running().planKey).not.toBe(planKey);
    expect(await quotas(running().urls.contentWriter)).not.toEqual([]);
    expect(await asOwner(`SELECT to_regclass('content.logs_campanas_campaign')::text AS index`)).toEqual([
      { index: 'content.logs_campanas_campaign' },
    ]);
    expect(await asOwner(fills)).toEqual(filled);
  });

  it('keeps no program alive that has used it and waits for nothing more', async () => {
    const openContentUrl = new URL('../../mcp-servers/content_generator/repo/open_content.ts', import.meta.url).href;
    const deadlineUrl = new URL('../../shared/domain/deadline.ts', import.meta.url).href;
    const program = `
      import { openContent } from ${JSON.stringify(openContentUrl)};
      import { deadlineIn } from ${JSON.stringify(deadlineUrl)};
      const content = await openContent(process.env.URL)();
      const rows = await content.quotas('${CLIENT}', '${TODAY}', deadlineIn(10_000));
      process.stdout.write(String(rows.length));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, URL: running().urls.contentWriter },
      timeout: 20_000,
    });
    expect(Number(stdout)).toBeGreaterThan(0);
  });
});
