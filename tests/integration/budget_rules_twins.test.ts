import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresAdsStoreWorld } from '../support/ads_store_world.ts';
import { tsqlAsPostgres } from '../support/tsql_as_postgres.ts';

const FUNCTION = new URL('../../database/sqlserver_ads/functions/ads.budget_plan_findings.sql', import.meta.url);
const PLANS = 120;

const channel = fc.constantFrom('facebook', 'instagram', 'tiktok');
const maybe = (...values: readonly string[]) => fc.constantFrom(null, ...values);
const rule = fc.record({
  country: maybe('CR', 'MX', 'PA'),
  client: maybe('CLI-1', 'CLI-2'),
  month: maybe('100', '350', '420', '1000.5'),
  change: maybe('1', '10', '12.5', '33.33', '100'),
  fewest: maybe('0', '0.1', '0.25', '0.3', '0.3333'),
  most: maybe('0.35', '0.4', '0.5', '0.9'),
  exceed: maybe('true', 'false'),
});
type AskedRow = { readonly campaign: string; readonly channel: string; readonly month: string; readonly planned: string };
const askedRows: fc.Arbitrary<AskedRow[]> = fc.uniqueArray(
  fc.record({
    campaign: fc.constantFrom('CMP-1', 'CMP-1', 'CMP-2', 'CMP-9'),
    channel: fc.oneof(channel, fc.constant('email')),
    month: fc.constantFrom('2026-02-01', '2026-02-01', '2026-03-01', '2026-04-01', '2026-01-01'),
    planned: fc.constantFrom('0', '100', '250', '300', '333.33', '333.34', '400', '450', '0.01', '350', '700', '999999999999.99'),
  }),
  { minLength: 1, maxLength: 5, selector: (row) => `${row.campaign} ${row.channel} ${row.month}` },
);

/** What the campaign CMP-1 is, what February has, and what is asked for; values that lie on limits come often. */
const situation = fc.record({
  rules: fc.array(rule, { maxLength: 3 }),
  status: fc.constantFrom('active', 'active', 'active', 'paused', 'draft', 'completed'),
  currency: fc.constantFrom('USD', 'USD', 'USD', 'CRC'),
  budget: fc.constantFrom('3000', '1000', '2199.99', '2200', '2500'),
  start: fc.constantFrom('2026-01-15', '2026-01-02', '2026-01-31'),
  end: fc.constantFrom('2026-03-20', '2026-02-28', '2026-03-01', '2026-01-31'),
  today: fc.constantFrom('2026-02-10', '2026-02-28', '2026-03-01', '2026-01-31'),
  planned: fc.oneof(
    { weight: 3, arbitrary: fc.dictionary(channel, fc.constantFrom('gone', '0', '100', '333.33', '350', '0.01', '420'), { maxKeys: 3 }) },
    { weight: 2, arbitrary: fc.constant({}) },
    // A month whose plan is 0: no share of it is a part of anything.
    { weight: 1, arbitrary: fc.constant({ facebook: '0', instagram: '0', tiktok: 'gone' }) },
  ),
  asked: fc.oneof(
    { weight: 3, arbitrary: askedRows },
    // Half of the month exactly, which a limit of 0.5 allows.
    { weight: 1, arbitrary: fc.constant<AskedRow[]>([{ campaign: 'CMP-1', channel: 'tiktok', month: '2026-02-01', planned: '700' }]) },
  ),
});

describe('the rules of a budget plan, in T-SQL and in PostgreSQL (D9)', () => {
  let world: Awaited<ReturnType<typeof postgresAdsStoreWorld>>;
  let owner: pg.Client;
  /** The row that the last of the statements tells; none of them leaves anything. */
  const inTransaction = async (text: string): Promise<Record<string, unknown> | undefined> => {
    await owner.query('BEGIN');
    try {
      const results = (await owner.query(text)) as unknown as pg.QueryResult[];
      return results.at(-1)?.rows[0];
    } finally {
      await owner.query('ROLLBACK');
    }
  };
  beforeAll(async () => {
    world = await postgresAdsStoreWorld();
    owner = new pg.Client({ connectionString: world.ownerUrl });
    await owner.connect();
    const query = tsqlAsPostgres(await readFile(FUNCTION, 'utf8'), {
      changes: 'unnest(changes)',
      currency: 'asked_currency',
      today: 'today',
    });
    await world.asOwner(`
      CREATE VIEW ads.campaign_countries AS SELECT c.campaign_id, unnest(c.countries) AS country FROM ads.campaigns c;
      CREATE FUNCTION ads.tsql_findings(changes ads.budget_change[], asked_currency text, today date)
      RETURNS TABLE (rule text, campaign_id text, month date, channel_id text, ok boolean, found text, fewest text, most text)
      LANGUAGE sql STABLE AS $query$ ${query} $query$`);
  });
  afterAll(async () => {
    await owner?.end();
    await world?.stop();
  });

  it(`find the same of ${PLANS} plans in ${PLANS} situations, to the cent`, async () => {
    const text = (value: string | null) => (value === null ? 'NULL' : `'${value}'`);
    const broken = new Set<unknown>();
    await world.reset();
    for (const { rules, asked, planned, ...campaign } of fc.sample(situation, { seed: 8, numRuns: PLANS })) {
      const rows = asked.map((row) => `ROW('${row.campaign}', '${row.channel}', '${row.month}', NULL, ${row.planned})::ads.budget_change`);
      const findings = (name: string) =>
        `SELECT coalesce(jsonb_agg(f ORDER BY f.campaign_id, f.rule, f.month, f.channel_id), '[]')
           FROM ads.${name}(ARRAY[${rows.join(', ')}], 'USD', '${campaign.today}') f`;
      const found = await inTransaction(`
        ${rules
          .map(
            (each, index) =>
              `INSERT INTO ads.budget_rules VALUES ('${index}', ${[each.country, each.client, each.month, each.change].map(text).join(', ')},
                 ${[each.fewest, each.fewest !== null && each.most !== null && each.most < each.fewest ? null : each.most, each.exceed].map(text).join(', ')});`,
          )
          .join('\n')}
        UPDATE ads.campaigns SET status = '${campaign.status}', currency = '${campaign.currency}', budget = ${campaign.budget},
               start_date = '${campaign.start}', end_date = '${campaign.end}' WHERE campaign_id = 'CMP-1';
        ${Object.entries(planned)
          .map(([id, amount]) =>
            amount === 'gone'
              ? `DELETE FROM ads.campaign_budgets WHERE campaign_id = 'CMP-1' AND channel_id = '${id}' AND month = '2026-02-01';`
              : `UPDATE ads.campaign_budgets SET planned = ${amount} WHERE campaign_id = 'CMP-1' AND channel_id = '${id}' AND month = '2026-02-01';`,
          )
          .join('\n')}
        SELECT (${findings('check_budget_plan')}) AS postgres, (${findings('tsql_findings')}) AS tsql`);
      expect(found?.tsql, rows.join('\n')).toEqual(found?.postgres);
      const told = (found?.postgres ?? []) as { rule: string; ok: boolean }[];
      for (const finding of told) if (!finding.ok) broken.add(finding.rule);
    }
    // Else nothing would have been compared.
    expect([...broken].sort()).toEqual([
      'campaign_budget',
      'channel',
      'currency',
      'month_over',
      'most_change',
      'most_per_month',
      'running_dates',
      'share',
      'status',
    ]);
  });
});
