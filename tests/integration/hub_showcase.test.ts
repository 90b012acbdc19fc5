import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../shared/config/package_root.ts';
import { query } from '../support/etl_databases.ts';
import { type GeneratedHub, startGeneratedHub } from '../support/generated_hub.ts';

const FOLDER = join(packageRoot(), 'database', 'postgresql', 'hub', 'showcase');
const FILES = ['role_changes', 'extra_budget', 'campaign_health', 'spend_beside_sales', 'report_readers'];

describe('SQL that answers questions of the business in the hub (D11)', () => {
  let hub: GeneratedHub;
  const asOwner = (text: string, values?: readonly unknown[]) => query(hub.owner, text, values);
  /** As a role sees it. The connection ends within its transaction: what was done is undone. */
  const as = (role: string, text: string) => asOwner(`BEGIN; SET LOCAL ROLE ${role}; ${text}`);
  const install = async () => {
    for (const file of FILES) await asOwner(await readFile(join(FOLDER, `${file}.sql`), 'utf8'));
  };

  beforeAll(async () => {
    hub = await startGeneratedHub();
    await install();
  });
  afterAll(() => hub?.stop());

  it('may be installed again', install);

  describe('who gave whom which role (triggers)', () => {
    it('is a line a person, of one statement that changes several, and of nothing else', async () => {
      await asOwner(
        `INSERT INTO access.users (email, full_name, role) VALUES ('a@example.com', 'A', 'users'), ('b@example.com', 'B', 'sales'), ('c@example.com', 'C', 'users')`,
      );
      await asOwner(`UPDATE access.users SET role = 'sales' WHERE email IN ('a@example.com', 'b@example.com', 'c@example.com')`);
      await asOwner(`UPDATE access.users SET full_name = 'AA' WHERE email = 'a@example.com'`);
      await asOwner(`UPDATE access.users SET active = false WHERE email = 'b@example.com'`);
      expect(await asOwner(`SELECT subject, details FROM access.audit WHERE action = 'user_changed' ORDER BY audit_id, subject`)).toEqual([
        { subject: 'a@example.com', details: { role: ['users', 'sales'], active: [true, true] } },
        { subject: 'c@example.com', details: { role: ['users', 'sales'], active: [true, true] } },
        { subject: 'b@example.com', details: { role: ['sales', 'sales'], active: [true, false] } },
      ]);
    });

    it('is undone with the change it tells of', async () => {
      const lines = async () => (await asOwner(`SELECT count(*)::integer AS lines FROM access.audit`))[0]?.lines;
      const before = await lines();
      await asOwner(`BEGIN; UPDATE access.users SET role = 'admin'; ROLLBACK`);
      expect(await lines()).toBe(before);
    });
  });

  describe('who gets the extra money (cursor)', () => {
    const YEAR = `'2025-11-21', '2026-11-20'`;
    const returns = `
      SELECT c.campaign_id, c.budget, round(o.revenue / a.spend, 4) AS roas
        FROM ads.campaigns c, LATERAL (SELECT sum(spend) AS spend FROM sales.ad_day WHERE campaign_id = c.campaign_id AND day BETWEEN ${YEAR.replace(', ', ' AND ')}) a,
             LATERAL (SELECT sum(revenue) AS revenue FROM sales.order_day WHERE campaign_id = c.campaign_id AND day BETWEEN ${YEAR.replace(', ', ' AND ')}) o
       WHERE c.status = 'active' AND a.spend > 0 AND o.revenue IS NOT NULL ORDER BY o.revenue / a.spend DESC, 1`;

    it('best return first, each up to its share, until the money is used up to the cent', async () => {
      const candidates = await asOwner(returns);
      expect(candidates.length).toBeGreaterThan(3);
      const shares = candidates.map(({ budget }) => Math.floor(Number(budget) * 10 + 1e-6) / 100);
      // Enough for two of them in full and a part of the third.
      const [first = 0, second = 0, third = 0] = shares;
      const extra = (first + second + third / 2).toFixed(2);
      const given = await asOwner(`SELECT * FROM reports.extra_budget(${extra}, 0.1, ${YEAR})`);
      expect(given.map(({ campaign_id }) => campaign_id)).toEqual(candidates.slice(0, 3).map(({ campaign_id }) => campaign_id));
      expect(given.map(({ return_on_spend }) => return_on_spend)).toEqual(candidates.slice(0, 3).map(({ roas }) => roas));
      expect(given.slice(0, 2).map((row) => Number(row.given))).toEqual([first, second]);
      const [{ total } = {}] = await asOwner(`SELECT sum(given)::numeric(14,2) AS total FROM reports.extra_budget(${extra}, 0.1, ${YEAR})`);
      expect(total).toBe(extra);
    });

    it('leaves over what nobody may take, and gives nothing of nothing', async () => {
      const [{ total, largest } = {}] = await asOwner(`
        SELECT sum(given)::text AS total, (SELECT sum(floor(budget * 10) / 100)::text FROM (${returns}) r) AS largest FROM reports.extra_budget(1e9, 0.1, ${YEAR})`);
      expect(Number(total)).toBe(Number(largest));
      expect(await asOwner(`SELECT * FROM reports.extra_budget(0, 0.1, ${YEAR})`)).toEqual([]);
      await expect(asOwner(`SELECT * FROM reports.extra_budget(-1, 0.1, ${YEAR})`)).rejects.toThrow('extra is not below zero');
    });
  });

  describe('how a campaign is doing (LEFT JOIN, COALESCE, CASE)', () => {
    it('tells of every campaign once, with the sums of its days', async () => {
      const [sums] = await asOwner(`
        SELECT count(*) = (SELECT count(*) FROM ads.campaigns) AS every, count(*) = count(DISTINCT campaign_id) AS once,
               sum(spend) = (SELECT sum(spend) FROM sales.ad_day) AS spend, sum(revenue) = (SELECT sum(revenue) FROM sales.order_day) AS revenue,
               sum(leads) = (SELECT sum(leads) FROM sales.lead_day) AS leads, count(*) = count(company) AS companies
          FROM reports.campaign_health`);
      expect(sums).toEqual({ every: true, once: true, spend: true, revenue: true, leads: true, companies: true });
    });

    it('puts a campaign without any day in a class of its own, with zeros and no return', async () => {
      const [row] = await asOwner(`
        BEGIN;
        CREATE TEMP TABLE copy ON COMMIT DROP AS SELECT * FROM ads.campaigns LIMIT 1;
        UPDATE copy SET campaign_id = 'CMP-NONE';
        INSERT INTO ads.campaigns SELECT * FROM copy;
        SELECT spend::float, orders::integer, revenue::float, leads::integer, return_on_spend, health FROM reports.campaign_health WHERE campaign_id = 'CMP-NONE'`);
      expect(row).toEqual({ spend: 0, orders: 0, revenue: 0, leads: 0, return_on_spend: null, health: 'not started' });
    });

    it('has classes that follow from the figures', async () => {
      const wrong = await asOwner(`
        SELECT * FROM reports.campaign_health
         WHERE health = 'loses money' AND revenue >= spend OR health = 'earns' AND (revenue < spend OR spend > budget)
            OR health = 'not started' AND spend > 0 OR health = 'no result' AND (orders > 0 OR leads > 0)`);
      expect(wrong).toEqual([]);
      const classes = await asOwner('SELECT DISTINCT health FROM reports.campaign_health');
      expect(classes.length).toBeGreaterThanOrEqual(2);
    });
  });

  it('keeps days of cost alone and of sales alone beside days of both (FULL JOIN)', async () => {
    const [sums] = await asOwner(`
      SELECT count(*) FILTER (WHERE kind = 'cost alone') > 0 AS costs, count(*) FILTER (WHERE kind = 'both') > 0 AS both,
             count(*) FILTER (WHERE kind = 'sales alone') = (
               SELECT count(*) FROM sales.order_day o LEFT JOIN sales.ad_day a USING (campaign_id, channel_id, day)
                WHERE coalesce(a.spend, 0) = 0 AND o.orders > 0) AS sales,
             sum(spend) = (SELECT sum(spend) FROM sales.ad_day) AS spend, sum(revenue) = (SELECT sum(revenue) FROM sales.order_day) AS revenue
        FROM reports.spend_beside_sales`);
    expect(sums).toEqual({ costs: true, both: true, sales: true, spend: true, revenue: true });
  });

  describe('who may read it (GRANT, REVOKE)', () => {
    const EXTRA = `SELECT * FROM reports.extra_budget(1, 0.1, '2026-01-01', '2026-02-01')`;
    it.each([
      ['marketing', 'SELECT count(*) FROM reports.campaign_health'],
      ['marketing', 'SELECT count(*) FROM reports.spend_beside_sales'],
      ['marketing', EXTRA],
      ['sales', 'SELECT count(*) FROM reports.campaign_health'],
    ])('%s may: %s', async (role, text) => {
      expect(await as(role, text)).toHaveLength(1);
    });

    it.each([
      ['sales', 'SELECT count(*) FROM reports.spend_beside_sales'],
      ['sales', EXTRA],
      ['users', 'SELECT count(*) FROM reports.campaign_health'],
      ['users', EXTRA],
      ['marketing', 'CREATE VIEW reports.own AS SELECT 1 AS one'],
      ['promptsales_read', 'SELECT count(*) FROM reports.campaign_health'],
    ])('%s may not: %s', async (role, text) => {
      await expect(as(role, text)).rejects.toThrow(/permission denied/);
    });

    it('loses what is granted no longer when it is installed again', async () => {
      await asOwner('GRANT USAGE ON SCHEMA reports TO users; GRANT SELECT ON reports.campaign_health TO users');
      expect(await as('users', 'SELECT campaign_id FROM reports.campaign_health LIMIT 1')).toHaveLength(1);
      await install();
      await expect(as('users', 'SELECT campaign_id FROM reports.campaign_health LIMIT 1')).rejects.toThrow(/permission denied/);
    });
  });
});
