import { Client as Client2026, StreamableHTTPClientTransport as Http2026 } from '@modelcontextprotocol/client';
import { Client as Client2025 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Http2025 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openConnections as openEtlConnections } from '../../etl/connections.ts';
import { runOnce } from '../../etl/run.ts';
import { campaignBrief } from '../../mcp-servers/content_generator/prompts/campaign_brief.ts';
import { imageBrief } from '../../mcp-servers/content_generator/prompts/image_brief.ts';
import { writeMessages } from '../../mcp-servers/content_generator/prompts/write_messages.ts';
import { identification } from '../../shared/access/identify.ts';
import { sessionsIn } from '../../shared/access/sessions.ts';
import { readSettings } from '../../shared/config/settings.ts';
import { openConnections } from '../../shared/mcp/connections.ts';
import { startHttp } from '../../shared/mcp/http.ts';
import { defineServer } from '../../shared/mcp/server_definition.ts';
import { serverOffers, serverPipeline } from '../../shared/mcp/server_pipeline.ts';
import { CallMetrics } from '../../shared/telemetry/call_metrics.ts';
import { createEtlDatabases, fillSources, query, startEtlPostgres } from '../support/etl_databases.ts';
import { REVISIONS } from '../support/hosts.ts';
import type { ScratchPostgres } from '../support/scratch_postgres.ts';

const base = { title: 'Prompts', instructions: 'Prompts only.', tools: [], openRepos: () => ({}) };
const withPrompts = defineServer({ ...base, name: 'content_generator', prompts: [campaignBrief, writeMessages, imageBrief] });
const without = defineServer({ ...base, name: 'plain' });

let server: ScratchPostgres;
let stop: () => Promise<void>;
let url: string;
const clients: (Client2025 | Client2026)[] = [];

beforeAll(async () => {
  server = await startEtlPostgres();
  const databases = await createEtlDatabases(server);
  await fillSources(databases.urls);
  await query(databases.urls.ads, `UPDATE ads.campaigns SET name = 'Navidad Ñandú' WHERE campaign_id = 'CMP-3'`);
  const etl = await openEtlConnections(databases.urls);
  await runOnce({ connections: etl, timeZone: 'America/Costa_Rica', today: () => '2026-01-30' });
  await etl.close();
  await query(
    databases.hubOwner,
    `DO $$ BEGIN CREATE ROLE prompt_reader LOGIN PASSWORD 'prompt_reader'; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
     GRANT promptsales_read TO prompt_reader;`,
  );
  const reader = server.url(new URL(databases.hubOwner).pathname.slice(1), 'prompt_reader');
  const settings = readSettings({ HUB_DATABASE_URL: reader, PROMPTSALES_ROLE: 'marketing' });
  const logger = { error: () => {}, warn: () => {} };
  const connections = await openConnections(
    { hub: reader, redis: undefined },
    { name: 'prompts test', deadlineMs: 5_000, maxConnections: 2, onRedisFailure: () => {}, onIdleError: () => {} },
  );
  const http = await startHttp({
    servers: [withPrompts, without].map((definition) => ({
      face: definition,
      pipeline: serverPipeline(definition, connections, { settings, version: 'test', metrics: new CallMetrics(), logger }),
      ...serverOffers(definition, connections, { settings, logger }),
    })),
    version: 'test',
    host: '127.0.0.1',
    port: 0,
    identification: identification(settings, sessionsIn(undefined)),
    health: async () => ({ status: 'ok' }) as never,
    onError: () => {},
  });
  url = http.url;
  stop = async () => {
    await http.close();
    await connections.close();
  };
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

afterAll(async () => {
  await stop?.();
  await server?.stop();
});

async function connect(revision: (typeof REVISIONS)[number], name: string): Promise<Client2025 | Client2026> {
  const me = { name: 'test host', version: '1' };
  const address = new URL(`${url}/${name}/mcp`);
  if (revision === '2026-07-28') {
    const client = new Client2026(me, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    await client.connect(new Http2026(address));
    clients.push(client);
    return client;
  }
  const client = new Client2025(me);
  await client.connect(new Http2025(address) as never);
  clients.push(client);
  return client;
}

describe.each(REVISIONS)('prompts for a host of %s', (revision) => {
  it('are declared, listed with their arguments, and filled in', async () => {
    const client = await connect(revision, 'content_generator');
    expect(client.getServerCapabilities()).toMatchObject({ prompts: {}, completions: {} });
    expect(client.getServerCapabilities()).not.toHaveProperty('resources');
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual(['campaign_brief', 'write_messages', 'image_brief']);
    expect(prompts[0]?.arguments).toEqual([
      { name: 'campaignName', description: 'Name or id of the campaign', required: true },
      expect.objectContaining({ name: 'goal', required: false }),
      expect.objectContaining({ name: 'audience', required: false }),
      expect.objectContaining({ name: 'language', required: false }),
    ]);
    const filled = await client.getPrompt({ name: 'campaign_brief', arguments: { campaignName: 'Navidad Ñandú', language: 'en' } });
    expect(filled.messages).toEqual([
      { role: 'user', content: { type: 'text', text: expect.stringContaining('Prepare the brief of the campaign "Navidad Ñandú"') } },
    ]);
  });

  it('have their arguments completed: campaigns from the hub, channels by themselves', async () => {
    const client = await connect(revision, 'content_generator');
    const complete = async (argument: string, value: string) =>
      (await client.complete({ ref: { type: 'ref/prompt', name: 'write_messages' }, argument: { name: argument, value } })).completion
        .values;
    expect(await complete('campaignName', 'nandu')).toEqual(['Navidad Ñandú']);
    expect(await complete('campaignName', 'cmp-3')).toEqual(['Navidad Ñandú']);
    expect((await complete('campaignName', 'camp')).length).toBe(11);
    expect(await complete('campaignName', "x'; DROP TABLE ads.campaigns; --")).toEqual([]);
    expect(await complete('channel', 'what')).toEqual(['whatsapp']);
    expect(await complete('tone', 'a')).toEqual([]);
  });

  it('are refused with what would be right', async () => {
    const client = await connect(revision, 'content_generator');
    await expect(client.getPrompt({ name: 'nothing' })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining('Prompts are: campaign_brief, write_messages, image_brief'),
    });
    await expect(client.getPrompt({ name: 'write_messages', arguments: { campaignName: 'x' } })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining("needs 'population'"),
    });
    const unknown = { ref: { type: 'ref/prompt' as const, name: 'nothing' }, argument: { name: 'x', value: '' } };
    await expect(client.complete(unknown)).rejects.toMatchObject({ code: -32602 });
    // What went wrong leaves the connection whole.
    expect((await client.listPrompts()).prompts).toHaveLength(3);
  });

  it('are not declared by a server that has none', async () => {
    const client = await connect(revision, 'plain');
    expect(client.getServerCapabilities()).not.toHaveProperty('prompts');
    expect(client.getServerCapabilities()).not.toHaveProperty('completions');
  });
});
