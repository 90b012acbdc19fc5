import { openOwnerSession } from '../../database/sqlserver/owner_session.ts';
import { openSqlServerAdsStore } from '../../shared/sources/sql_server_ads_store.ts';
import type { AdsStoreWorld } from './ads_store_world.ts';
import { whileHeldOnSqlServer } from './while_held_on_sql_server.ts';

const RESET = `
  DELETE FROM ads.campaign_budgets; DELETE FROM ads.campaign_channels; DELETE FROM ads.campaigns; DELETE FROM ads.channels;
  DELETE FROM ads.applied_budget_rows; DELETE FROM ads.applied_budget_plans; DELETE FROM ads.budget_rules; DELETE FROM ads.change_log;
  INSERT INTO ads.change_log (change_id, campaign_id, entity, entity_id, field, old_value, new_value, changed_by, changed_at)
  SELECT g.id, 'CMP-1', 'budget', 'CMP-1', 'daily_limit', N'1', N'2', N'eva', '2026-01-01' FROM (VALUES (1), (2), (3), (4), (5)) AS g (id);
  INSERT INTO ads.channels (channel_id, name, kind)
  VALUES ('facebook', N'Facebook', 'social'), ('instagram', N'Instagram', 'social'), ('tiktok', N'Tiktok', 'social'), ('email', N'Email', 'social');
  INSERT INTO ads.campaigns (campaign_id, client_id, name, objective, status, start_date, end_date, budget, currency, audience, created_at, updated_at)
  VALUES ('CMP-1', 'CLI-1', N'Verano', 'sales', 'active', '2026-01-15', '2026-03-20', 3000, 'USD', N'jóvenes', '2025-12-01', '2025-12-01'),
         ('CMP-2', 'CLI-1', N'Otoño', 'sales', 'active', '2026-01-15', '2026-03-20', 3000, 'USD', N'jóvenes', '2025-12-01', '2025-12-01');
  INSERT INTO ads.campaign_countries (campaign_id, country, position) VALUES ('CMP-1', 'CR', 1), ('CMP-1', 'MX', 2), ('CMP-2', 'CR', 1);
  INSERT INTO ads.campaign_channels (campaign_id, channel_id, budget_share, reach)
  SELECT c.campaign_id, k.channel_id, 0.3333, 0 FROM ads.campaigns AS c CROSS JOIN ads.channels AS k WHERE k.channel_id <> 'email';
  INSERT INTO ads.campaign_budgets (campaign_id, channel_id, month, planned)
  SELECT k.campaign_id, k.channel_id, m.month, CASE WHEN m.month = '2026-03-01' THEN 500 WHEN k.channel_id = 'instagram' THEN 400 ELSE 300 END
    FROM ads.campaign_channels AS k CROSS JOIN (VALUES (CONVERT(date, '2026-02-01')), (CONVERT(date, '2026-03-01'))) AS m (month);`;

/** The world in the database of SQL Server at that address, as its owner: everything in it goes. `promptsales deploy ads` has been there. */
export async function sqlServerAdsWorld(address: string): Promise<AdsStoreWorld> {
  const owner = await openOwnerSession(address);
  const stores = await Promise.all(Array.from({ length: 3 }, () => openSqlServerAdsStore(address)));
  const run = async (text: string, parameters: Readonly<Record<string, string | number>> = {}) =>
    void (await owner.query(text, parameters));
  /** NULL has no parameter: an absent value is one of the text. */
  const given = (name: string, value: string | undefined) => (value === undefined ? 'NULL' : `@${name}`);
  return {
    stores,
    nowhere: () => openSqlServerAdsStore('mssql://user:secret@127.0.0.1:1/ads'),
    async reset() {
      await owner.batch('DROP TRIGGER IF EXISTS ads.broken');
      await owner.batch(RESET);
    },
    async setRules(...rules) {
      await run('DELETE FROM ads.budget_rules');
      for (const [index, rule] of rules.entries()) {
        const { country, clientId, mostPerMonth, mostChangePercent, fewestShare, mostShare, mayExceedBudget } = rule;
        const texts = { country, clientId, mostPerMonth, mostChangePercent, fewestShare, mostShare };
        const values = Object.entries(texts).map(([name, value]) => given(name, value));
        const parameters = Object.fromEntries(Object.entries(texts).filter((entry): entry is [string, string] => entry[1] !== undefined));
        const mayExceed = mayExceedBudget === undefined ? 'NULL' : Number(mayExceedBudget);
        await run(
          `INSERT INTO ads.budget_rules (rule_id, country, client_id, most_per_month, most_change_percent, fewest_share, most_share, may_exceed_budget)
           VALUES (@rule_id, ${values.join(', ')}, ${mayExceed})`,
          { rule_id: `rule ${index}`, ...parameters },
        );
      }
    },
    setPlanned: (campaign, channel, month, planned) =>
      run(
        `UPDATE ads.campaign_budgets SET planned = @planned WHERE campaign_id = @campaign AND channel_id = @channel AND month = @month;
         IF @@ROWCOUNT = 0
           INSERT INTO ads.campaign_budgets (campaign_id, channel_id, month, planned) VALUES (@campaign, @channel, @month, @planned)`,
        { campaign, channel, month: `${month}-01`, planned },
      ),
    dropPlanned: (campaign, channel, month) =>
      run('DELETE FROM ads.campaign_budgets WHERE campaign_id = @campaign AND channel_id = @channel AND month = @month', {
        campaign,
        channel,
        month: `${month}-01`,
      }),
    setCampaign: (campaign, column, value) =>
      run(`UPDATE ads.campaigns SET ${column} = @value WHERE campaign_id = @campaign`, { campaign, value }),
    async keepOnlyChannel(channel) {
      await run('DELETE FROM ads.campaign_budgets WHERE channel_id <> @channel', { channel });
      await run('DELETE FROM ads.campaign_channels WHERE channel_id <> @channel', { channel });
    },
    async planned(campaign, month) {
      const rows = await owner.query(
        `SELECT b.channel_id, CONVERT(varchar(20), b.planned) AS planned
           FROM ads.campaign_budgets AS b WHERE b.campaign_id = @campaign AND b.month = @month ORDER BY b.channel_id`,
        { campaign, month: `${month}-01` },
      );
      return Object.fromEntries(rows.map((row) => [String(row.channel_id), String(row.planned)]));
    },
    log: () =>
      owner.batch(
        `SELECT CONVERT(int, g.change_id) AS change_id, g.campaign_id, g.entity, g.entity_id, g.field, g.old_value, g.new_value, g.changed_by, g.changed_at
           FROM ads.change_log AS g WHERE g.change_id > 5 ORDER BY g.change_id`,
      ),
    logAgain: (line, as) =>
      run(
        `INSERT INTO ads.change_log (change_id, campaign_id, entity, entity_id, field, changed_by, changed_at)
         SELECT @as, g.campaign_id, g.entity, g.entity_id, g.field, g.changed_by, g.changed_at FROM ads.change_log AS g WHERE g.change_id = @line`,
        { line, as },
      ),
    async plans() {
      const plans = await owner.batch(
        'SELECT p.plan_id, p.changed_by, p.reason, p.applied_at FROM ads.applied_budget_plans AS p ORDER BY p.applied_at, p.plan_id',
      );
      const rows = await owner.batch(
        `SELECT r.plan_id, r.campaign_id AS campaignId, r.channel_id AS channelId, CONVERT(char(10), r.month, 23) AS month,
                CONVERT(varchar(20), r.old_planned) AS old, CONVERT(varchar(20), r.new_planned) AS new, CONVERT(int, r.change_id) AS changeId
           FROM ads.applied_budget_rows AS r ORDER BY r.plan_id, r.campaign_id, r.channel_id, r.month`,
      );
      return plans.map((plan) => ({
        ...plan,
        rows: rows.filter(({ plan_id }) => plan_id === plan.plan_id).map(({ plan_id: _, ...row }) => row),
      }));
    },
    whileHeld: (campaign, waiting, start) =>
      whileHeldOnSqlServer(
        address,
        `SELECT c.campaign_id FROM ads.campaigns AS c WITH (UPDLOCK, ROWLOCK) WHERE c.campaign_id = '${campaign}'`,
        waiting,
        start,
      ),
    breakWritesOf: async (channel) =>
      void (await owner.batch(
        `CREATE TRIGGER ads.broken ON ads.campaign_budgets AFTER INSERT, UPDATE AS
         IF EXISTS (SELECT 1 FROM inserted AS i WHERE i.channel_id = '${channel}') THROW 50099, N'the disk is full', 1;`,
      )),
    async stop() {
      await Promise.all(stores.map((store) => store.close()));
      await owner.close();
    },
  };
}
