import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runPrepare } from '../../cli/commands/prepare.ts';
import { generatedContent } from '../../database/generator/content_collections.ts';
import { GENERATOR_VERSION } from '../../database/generator/scales.ts';
import { readSettings } from '../../shared/config/settings.ts';
import { createEtlDatabases, type EtlDatabases, query, startEtlPostgres } from '../support/etl_databases.ts';
import { firstBatch, type MongoEndpoint, startMongoEndpoint } from '../support/mongo_endpoint.ts';
import { mongoHistory } from '../support/mongo_history.ts';
import type { ScratchPostgres } from '../support/scratch_postgres.ts';

const FILL = { seed: 7, referenceDate: '2026-11-21', scale: 'small' } as const;
let server: ScratchPostgres;
let endpoint: MongoEndpoint;
let databases: EtlDatabases;
let home: string;

beforeAll(async () => {
  server = await startEtlPostgres();
  endpoint = await startMongoEndpoint();
  databases = await createEtlDatabases(server);
  home = await mkdtemp(join(tmpdir(), 'promptsales-home-'));
});
afterAll(async () => {
  await endpoint?.stop();
  await server?.stop();
  await rm(home, { recursive: true, force: true });
});

/** A start with PromptContent at the endpoint, which was filled or not. */
function prepare(filled: boolean): Promise<number> {
  const history = mongoHistory(endpoint);
  for (const { collection, documents } of generatedContent(FILL.seed, FILL.referenceDate, FILL.scale)) {
    for (const { id, document } of documents()) history.write(collection, id, document);
  }
  endpoint.answer((command, name) => {
    if (command.find === 'promptsales_fill') {
      expect(command.filter).toMatchObject({ _id: 'content', done: true });
      return firstBatch('promptsales_fill', filled ? [{ ...FILL, generatorVersion: GENERATOR_VERSION }] : []);
    }
    return history.script(command, name);
  });
  const settings = readSettings({ PROMPTSALES_SCALE: 'full', PROMPTSALES_SEED: '99', PROMPTSALES_HOME: home });
  const { ads, crm, hubEtl } = databases.urls;
  const urls = { ...settings.urls, ads, crm, content: endpoint.url, hubEtl, hubAdmin: databases.hubOwner };
  return runPrepare({ ...settings, urls }, () => {}, { owned: ['ads', 'crm'] });
}

it('fills nothing beside a PromptContent on MongoDB that holds no generated data, and says what to do', async () => {
  await expect(prepare(false)).rejects.toMatchObject({ remedy: expect.stringContaining('promptsales deploy content --fill') });
  expect(await query(databases.urls.ads, 'SELECT count(*)::int AS count FROM ads.campaigns')).toEqual([{ count: 0 }]);
});

it('fills the ads and customers that belong to a filled PromptContent on MongoDB, and loads all of it (D7)', async () => {
  expect(await prepare(true)).toBe(0);
  const [counts] = await query(
    databases.hubOwner,
    `SELECT (SELECT count(*)::int FROM content.images) AS images, (SELECT count(*) > 0 FROM ads.campaigns) AS campaigns,
       (SELECT count(*) > 0 FROM crm.customers) AS customers`,
  );
  expect(counts).toEqual({ images: 120, campaigns: true, customers: true });
  const strangers = await query(
    databases.hubOwner,
    `SELECT campaign_id AS id FROM ads.campaigns a FULL JOIN content.campaigns c USING (campaign_id) WHERE a.campaign_id IS NULL OR c.campaign_id IS NULL
     UNION ALL SELECT client_id FROM ads.campaigns WHERE client_id NOT IN (SELECT client_id FROM business.clients)
     UNION ALL SELECT content_id FROM ads.ads WHERE content_id NOT IN (SELECT content_id FROM content.images)`,
  );
  expect(strangers).toEqual([]);
});

it('leaves all as it is when it is done again', async () => {
  const filledAt = () => query(databases.urls.ads, 'SELECT filled_at FROM tracking.fill');
  const before = await filledAt();
  expect(await prepare(true)).toBe(0);
  expect(await filledAt()).toEqual(before);
  expect(before).toHaveLength(1);
});
