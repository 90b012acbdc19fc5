import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEtlDatabases, query } from '../support/etl_databases.ts';
import { type ScratchPostgres, startScratchPostgres } from '../support/scratch_postgres.ts';
import { type ComparedQuestion, compareAll } from './compare_all.ts';
import { MEDIUM_CRM, MEDIUM_HUB } from './medium_data.ts';
import { QUESTIONS } from './questions.ts';

let server: ScratchPostgres;
let compared: readonly ComparedQuestion[];

beforeAll(async () => {
  server = await startScratchPostgres({ jit: 'off', random_page_cost: '1.1', autovacuum: 'off' });
  const { urls, hubOwner } = await createEtlDatabases(server);
  await query(hubOwner, MEDIUM_HUB);
  await query(hubOwner, 'VACUUM (ANALYZE)');
  await query(urls.crm, MEDIUM_CRM);
  await query(urls.crm, 'VACUUM (ANALYZE)');
  compared = await compareAll({ hub: hubOwner, crm: urls.crm, changed: 50 });
}, 180_000);

afterAll(async () => {
  await server?.stop();
});

describe('the indexes of the important questions (Q2)', () => {
  it.each([...QUESTIONS.map(({ name }) => name), 'etl_delta'])('%s: reads by its index, and several times the pages without', (name) => {
    const question = compared.find((one) => one.name === name);
    if (question === undefined) throw new Error(`${name} was not compared`);
    const { before, after, indexes, without, saves } = question;
    const bare = indexes.map((index) => index.slice(index.indexOf('.') + 1));
    const usedOf = (scans: readonly string[]) => scans.filter((scan) => bare.some((index) => scan.endsWith(` ${index}`)));
    expect(usedOf(after.scans)).not.toEqual([]);
    expect(usedOf(before.scans)).toEqual([]);
    const isWithout = (scan: string): boolean => scan.endsWith(without);
    expect(before.scans.filter(isWithout)).not.toEqual([]);
    expect(after.scans.filter(isWithout)).toEqual([]);
    expect(before.buffers).toBeGreaterThanOrEqual(saves * after.buffers);
  });

  it('have each a script that captures the same on SQL Server', async () => {
    const scripts = await readdir(join(import.meta.dirname, 'sqlserver'));
    expect(scripts.toSorted()).toEqual(compared.map(({ name }) => `${name}.sql`).toSorted());
  });
});
