import { randomBytes } from 'node:crypto';
import { prepareSource } from '../../database/postgresql/prepare_source.ts';
import { type BudgetPlanRepos, handleApplyBudgetPlan } from '../../mcp-servers/ads_optimizer/handlers/apply_budget_plan.ts';
import { openAds } from '../../mcp-servers/ads_optimizer/repo/open_ads.ts';
import { applyBudgetPlan } from '../../mcp-servers/ads_optimizer/tools/apply_budget_plan.ts';
import { planSigner } from '../../shared/access/plan_token.ts';
import { openPostgres } from '../../shared/db/postgres_database.ts';
import { openCampaigns } from '../../shared/hub/campaigns.ts';
import type { Caller } from '../../shared/mcp/contract.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import { serve } from '../../shared/mcp/served_tool.ts';
import { createEtlDatabases, fillSources, loadHub, query, startEtlPostgres } from './etl_databases.ts';
import { plainPipeline } from './plain_pipeline.ts';

/** apply_budget_plan over the small company of etl_databases.ts, where each campaign has planned 250.50 dollars a channel in January 2026. */
export type BudgetPlanWorld = {
  /** Both can be moved. */
  now: Date;
  today: string;
  readonly ask: (args: unknown, caller: Caller) => Promise<ToolResult>;
  /** The same tool where PromptAds has no address, does not answer, or no key is set. */
  readonly askWithout: Readonly<Record<'address' | 'database' | 'key', (args: unknown, caller: Caller) => Promise<ToolResult>>>;
  /** Run SQL as owner. */
  readonly ads: (text: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>;
  readonly hub: (text: string) => Promise<Record<string, unknown>[]>;
  /** Brings what is new in the sources to the hub. */
  readonly load: () => Promise<void>;
  readonly log: string[];
  readonly stop: () => Promise<void>;
};

export async function startBudgetPlanWorld(): Promise<BudgetPlanWorld> {
  const server = await startEtlPostgres();
  const { urls, hubOwner } = await createEtlDatabases(server);
  await fillSources(urls);
  await prepareSource(urls.ads, 'ads/ads_optimizer.sql');
  await query(urls.ads, `CREATE ROLE writer LOGIN PASSWORD 'writer' IN ROLE promptsales_ads`);
  await query(hubOwner, `CREATE ROLE reader LOGIN PASSWORD 'reader' IN ROLE promptsales_read`);
  const load = () => loadHub(urls);
  await load();
  const hub = await openPostgres(server.url(new URL(hubOwner).pathname.slice(1), 'reader'), { applicationName: 'ads_optimizer test' });
  const log: string[] = [];
  const world = { now: new Date('2026-01-10T18:00:00Z'), today: '2026-01-10' };
  const closing: (() => Promise<void>)[] = [() => hub.close()];
  const asker = (adsUrl: string | undefined, key: Uint8Array | undefined) => {
    const ads = openAds(adsUrl);
    if (adsUrl !== undefined) closing.push(async () => (await ads()).close());
    const repos: BudgetPlanRepos = { campaigns: openCampaigns(hub), ads, plans: planSigner(key) };
    const clock = { now: () => world.now, today: () => world.today, timeZone: 'America/Costa_Rica' };
    const pipeline = plainPipeline('ads_optimizer', [serve(applyBudgetPlan, handleApplyBudgetPlan)], repos, clock, log);
    return async (args: unknown, caller: Caller) => (await pipeline.call(applyBudgetPlan.name, args, caller)).result;
  };
  const writerUrl = server.url(new URL(urls.ads).pathname.slice(1), 'writer');
  const key = randomBytes(32);
  return Object.assign(world, {
    ask: asker(writerUrl, key),
    askWithout: {
      address: asker(undefined, key),
      database: asker('postgres://writer:writer@127.0.0.1:1/ads', key),
      key: asker(writerUrl, undefined),
    },
    ads: (text: string, values?: readonly unknown[]) => query(urls.ads, text, values),
    hub: (text: string) => query(hubOwner, text),
    load,
    log,
    stop: async () => {
      await Promise.all(closing.map((close) => close()));
      await server.stop();
    },
  });
}
