import { handleFindNearbyCustomers } from '../../mcp-servers/crm_analyzer/handlers/find_nearby_customers.ts';
import { handleGetCustomerProfile } from '../../mcp-servers/crm_analyzer/handlers/get_customer_profile.ts';
import { openCustomerProfiles } from '../../mcp-servers/crm_analyzer/repo/customer_profile.ts';
import { openNearbyCustomers } from '../../mcp-servers/crm_analyzer/repo/nearby_customers.ts';
import { openPlaces } from '../../mcp-servers/crm_analyzer/repo/places.ts';
import { findNearbyCustomers } from '../../mcp-servers/crm_analyzer/tools/find_nearby_customers.ts';
import { getCustomerProfile } from '../../mcp-servers/crm_analyzer/tools/get_customer_profile.ts';
import { auditIn } from '../../shared/access/audit.ts';
import type { SqlDatabase, Statement } from '../../shared/db/sql_database.ts';
import { openClients } from '../../shared/hub/clients.ts';
import type { Caller } from '../../shared/mcp/contract.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import { serve } from '../../shared/mcp/served_tool.ts';
import { query } from './etl_databases.ts';
import { startGeneratedHub, TIME_ZONE, TODAY } from './generated_hub.ts';
import { plainPipeline } from './plain_pipeline.ts';

/** The tools about single customers over a hub that the ETL filled from generated sources. */
export type CustomerWorld = {
  readonly ask: (tool: string, args: unknown, caller: Caller) => Promise<ToolResult>;
  /** SQL on PromptCRM, PromptAds and the hub, as their owner. */
  readonly crm: (text: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>;
  readonly ads: (text: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>;
  readonly hub: (text: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>;
  /** The servers' reading login. */
  readonly reader: SqlDatabase;
  /** Every statement the tools ran since the last look, with its values. */
  readonly statements: () => readonly { readonly statement: Statement; readonly values: readonly unknown[] }[];
  readonly log: readonly string[];
  readonly stop: () => Promise<void>;
};

export async function startCustomerWorld(): Promise<CustomerWorld> {
  const generated = await startGeneratedHub();
  const { sources: urls, owner: hubOwner, reader: database } = generated;
  await query(hubOwner, 'VACUUM ANALYZE crm.customers');
  let ran: { readonly statement: Statement; readonly values: readonly unknown[] }[] = [];
  const reader: SqlDatabase = {
    rows: (statement, values, map, deadline) => {
      ran.push({ statement, values });
      return database.rows(statement, values, map, deadline);
    },
  };
  const log: string[] = [];
  const clock = { now: () => new Date(), today: () => TODAY, timeZone: TIME_ZONE };
  const tools = [serve(findNearbyCustomers, handleFindNearbyCustomers), serve(getCustomerProfile, handleGetCustomerProfile)];
  const repos = {
    places: openPlaces(reader),
    clients: openClients(reader),
    nearbyCustomers: openNearbyCustomers(reader),
    customerProfiles: openCustomerProfiles(reader, generated.dataKeys),
    audit: auditIn(reader),
  };
  const pipeline = plainPipeline('crm_analyzer', tools, repos, clock, log);
  return {
    ask: async (tool, args, caller) => (await pipeline.call(tool, args, caller)).result,
    crm: (text, values) => query(urls.crm, text, values),
    ads: (text, values) => query(urls.ads, text, values),
    hub: (text, values) => query(hubOwner, text, values),
    reader: database,
    statements: () => {
      const since = ran;
      ran = [];
      return since;
    },
    log,
    stop: generated.stop,
  };
}
