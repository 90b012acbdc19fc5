import { randomBytes } from 'node:crypto';
import { prepareSource } from '../../database/postgresql/prepare_source.ts';
import { handleUpdateLeadStage, type LeadStageRepos } from '../../mcp-servers/crm_analyzer/handlers/update_lead_stage.ts';
import { openCrm } from '../../mcp-servers/crm_analyzer/repo/open_crm.ts';
import { updateLeadStage } from '../../mcp-servers/crm_analyzer/tools/update_lead_stage.ts';
import { planSigner } from '../../shared/access/plan_token.ts';
import type { Caller } from '../../shared/mcp/contract.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import { serve } from '../../shared/mcp/served_tool.ts';
import { createEtlDatabases, type EtlDatabases, fillSources, loadHub, query, startEtlPostgres } from './etl_databases.ts';
import { plainPipeline } from './plain_pipeline.ts';

/** update_lead_stage over the small company of etl_databases.ts, with its 300 leads: new, qualified and won. */
export type LeadStageWorld = {
  /** Both can be moved. */
  now: Date;
  today: string;
  readonly ask: (args: unknown, caller: Caller) => Promise<ToolResult>;
  /** The same tool where PromptCRM has no address, does not answer, or no key is set. */
  readonly askWithout: Readonly<Record<'address' | 'database' | 'key', (args: unknown, caller: Caller) => Promise<ToolResult>>>;
  readonly databases: EtlDatabases;
  /** Run SQL as owner. */
  readonly crm: (text: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>;
  readonly hub: (text: string) => Promise<Record<string, unknown>[]>;
  /** Brings what is new in the sources to the hub. */
  readonly load: () => Promise<void>;
  readonly log: string[];
  readonly stop: () => Promise<void>;
};

export async function startLeadStageWorld(): Promise<LeadStageWorld> {
  const server = await startEtlPostgres();
  const databases = await createEtlDatabases(server);
  const { urls, hubOwner } = databases;
  await fillSources(urls);
  await prepareSource(urls.crm, 'crm/crm_analyzer.sql');
  await query(urls.crm, `CREATE ROLE writer LOGIN PASSWORD 'writer' IN ROLE promptsales_crm`);
  await loadHub(urls);
  const log: string[] = [];
  const world = { now: new Date('2026-02-10T18:00:00Z'), today: '2026-02-10' };
  const closing: (() => Promise<void>)[] = [];
  const asker = (crmUrl: string | undefined, key: Uint8Array | undefined) => {
    const crm = openCrm(crmUrl);
    if (crmUrl !== undefined) closing.push(async () => (await crm()).close());
    const repos: LeadStageRepos = { crm, plans: planSigner(key) };
    const clock = { now: () => world.now, today: () => world.today, timeZone: 'America/Costa_Rica' };
    const pipeline = plainPipeline('crm_analyzer', [serve(updateLeadStage, handleUpdateLeadStage)], repos, clock, log);
    return async (args: unknown, caller: Caller) => (await pipeline.call(updateLeadStage.name, args, caller)).result;
  };
  const writerUrl = server.url(new URL(urls.crm).pathname.slice(1), 'writer');
  const key = randomBytes(32);
  return Object.assign(world, {
    ask: asker(writerUrl, key),
    askWithout: {
      address: asker(undefined, key),
      database: asker('postgres://writer:writer@127.0.0.1:1/crm', key),
      key: asker(writerUrl, undefined),
    },
    databases,
    crm: (text: string, values?: readonly unknown[]) => query(urls.crm, text, values),
    hub: (text: string) => query(hubOwner, text),
    load: () => loadHub(urls),
    log,
    stop: async () => {
      await Promise.all(closing.map((close) => close()));
      await server.stop();
    },
  });
}
