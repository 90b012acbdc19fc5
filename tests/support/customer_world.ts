import { randomBytes } from 'node:crypto';
import { fillSources } from '../../database/generator/fill_sources.ts';
import { openConnections } from '../../etl/connections.ts';
import { runOnce } from '../../etl/run.ts';
import { handleFindNearbyCustomers } from '../../mcp-servers/crm_analyzer/handlers/find_nearby_customers.ts';
import { handleGetCustomerProfile } from '../../mcp-servers/crm_analyzer/handlers/get_customer_profile.ts';
import { openCustomerProfiles } from '../../mcp-servers/crm_analyzer/repo/customer_profile.ts';
import { openNearbyCustomers } from '../../mcp-servers/crm_analyzer/repo/nearby_customers.ts';
import { openPlaces } from '../../mcp-servers/crm_analyzer/repo/places.ts';
import { findNearbyCustomers } from '../../mcp-servers/crm_analyzer/tools/find_nearby_customers.ts';
import { getCustomerProfile } from '../../mcp-servers/crm_analyzer/tools/get_customer_profile.ts';
import { auditIn } from '../../shared/access/audit.ts';
import { contactHash } from '../../shared/access/contact_hash.ts';
import { ClientLimits } from '../../shared/cache/client_limits.ts';
import { ResultCache } from '../../shared/cache/result_cache.ts';
import { UsageAccounts } from '../../shared/cache/usage_accounts.ts';
import { openPostgres } from '../../shared/db/postgres_database.ts';
import type { SqlDatabase, Statement } from '../../shared/db/sql_database.ts';
import { CONTACT_KINDS, normalisedContact } from '../../shared/domain/contact.ts';
import { openClients } from '../../shared/hub/clients.ts';
import type { Caller } from '../../shared/mcp/contract.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import { createPipeline } from '../../shared/mcp/pipeline.ts';
import { serve } from '../../shared/mcp/served_tool.ts';
import { CallMetrics } from '../../shared/telemetry/call_metrics.ts';
import { createEtlDatabases, query } from './etl_databases.ts';
import { startScratchPostgres } from './scratch_postgres.ts';

const TODAY = '2026-11-21';
export const TIME_ZONE = 'America/Costa_Rica';

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
  /** Puts every customer's contacts into crm.contact_hashes, as a load does. */
  readonly indexContacts: () => Promise<void>;
  readonly log: readonly string[];
  readonly stop: () => Promise<void>;
};

export async function startCustomerWorld(): Promise<CustomerWorld> {
  const server = await startScratchPostgres();
  const { urls, hubOwner } = await createEtlDatabases(server);
  await fillSources(urls, { seed: 7, referenceDate: TODAY, scale: 'small', onProgress: () => {} });
  const connections = await openConnections(urls);
  try {
    const round = await runOnce({ connections, timeZone: TIME_ZONE });
    if (round.failed > 0) throw new Error(round.runs.map(({ table, error }) => `${table}: ${error ?? 'done'}`).join('\n'));
  } finally {
    await connections.close();
  }
  await query(hubOwner, `CREATE ROLE reader LOGIN PASSWORD 'reader' IN ROLE promptsales_read`);
  await query(hubOwner, 'VACUUM ANALYZE crm.customers');
  await query(hubOwner, 'ANALYZE');
  const database = await openPostgres(server.url(new URL(hubOwner).pathname.slice(1), 'reader'), { applicationName: 'crm_analyzer test' });
  let ran: { readonly statement: Statement; readonly values: readonly unknown[] }[] = [];
  const reader: SqlDatabase = {
    rows: (statement, values, map, deadline) => {
      ran.push({ statement, values });
      return database.rows(statement, values, map, deadline);
    },
  };
  const contactKey = randomBytes(32);
  const log: string[] = [];
  const note = (details: object, message: string) => void log.push(`${message} ${JSON.stringify(details)}`);
  const clock = { now: () => new Date(), today: () => TODAY, timeZone: TIME_ZONE };
  const pipeline = createPipeline({
    serverName: 'crm_analyzer',
    version: 'test',
    tools: [serve(findNearbyCustomers, handleFindNearbyCustomers), serve(getCustomerProfile, handleGetCustomerProfile)],
    repos: {
      places: openPlaces(reader),
      clients: openClients(reader),
      nearbyCustomers: openNearbyCustomers(reader),
      customerProfiles: openCustomerProfiles(reader, contactKey),
      audit: auditIn(reader),
    },
    clock,
    cache: new ResultCache({ redis: undefined, memoryBytes: 1_000_000 }),
    redis: undefined,
    clients: new ClientLimits({ redis: undefined, source: async () => undefined }),
    accounts: new UsageAccounts(undefined, clock.now),
    withoutRedis: 'local',
    freshness: { read: async () => undefined, known: () => undefined },
    etlIntervalMinutes: 11,
    metrics: new CallMetrics(),
    logger: { error: note, warn: note },
    deadlineMs: 20_000,
  });
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
    indexContacts: async () => {
      const people = await query(urls.crm, 'SELECT customer_id, email, phone, document FROM crm.customers');
      const hashes = people.flatMap((person) =>
        CONTACT_KINDS.flatMap((kind) => {
          const normalised = normalisedContact(kind, String(person[kind]));
          return normalised === undefined
            ? []
            : [{ kind, hash: contactHash(kind, normalised, contactKey), id: String(person.customer_id) }];
        }),
      );
      await query(hubOwner, 'INSERT INTO crm.contact_hashes SELECT * FROM unnest($1::text[], $2::bytea[], $3::bigint[])', [
        hashes.map(({ kind }) => kind),
        hashes.map(({ hash }) => hash),
        hashes.map(({ id }) => id),
      ]);
    },
    log,
    stop: async () => {
      await database.close();
      await server.stop();
    },
  };
}
