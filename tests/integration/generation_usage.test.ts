import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EtlConnections, openConnections } from '../../etl/connections.ts';
import { runOnce } from '../../etl/run.ts';
import { streams } from '../../etl/streams.ts';
import { type GenerationUsage, openGenerationUsage, type ToolDay } from '../../mcp-servers/content_generator/repo/generation_usage.ts';
import { packageRoot } from '../../shared/config/package_root.ts';
import { openPostgres, type PostgresDatabase } from '../../shared/db/postgres_database.ts';
import { type Deadline, deadlineIn } from '../../shared/domain/deadline.ts';
import { sum } from '../../shared/domain/money.ts';
import { callerInRecords } from '../../shared/sources/content_records.ts';
import type { ContentStore, GenerationLog, OutsideRequest } from '../../shared/sources/content_store.ts';
import { openPostgresContentStore } from '../../shared/sources/postgres_content_store.ts';
import { clientOf, createEtlDatabases, type EtlDatabases, query, startEtlPostgres } from '../support/etl_databases.ts';
import type { ScratchPostgres } from '../support/scratch_postgres.ts';

const TOOLS = ['generateCampaignMessages', 'getContent'] as const;
const TABLES = ['content.generation_logs', 'content.outside_requests'];
const soon = (): Deadline => deadlineIn(20_000);
let server: ScratchPostgres;
let databases: EtlDatabases;
let connections: EtlConnections;
let store: ContentStore;
let hub: PostgresDatabase;
let usage: GenerationUsage;

/**
 * 120 requests over ten days, two clients and two tools, with costs down to a billionth of a dollar: every seventh failed, every eleventh of
 * the others was answered from the cache, every thirteenth has a cost that is known only in part.
 */
const requests: readonly OutsideRequest[] = Array.from({ length: 120 }, (_, index) => {
  const costUsd = `0.00${String(1_234_567 + index * 37).padStart(8, '0')}`;
  const isKept = index % 7 !== 0 && index % 11 === 0;
  const day = `2026-02-${String(1 + (index % 10)).padStart(2, '0')}`;
  return {
    requestId: `REQ-${index}`,
    service: 'openai',
    request: { operation: index % 2 === 0 ? 'chat.completions' : 'embeddings' },
    response: { status: index % 7 === 0 ? 500 : 200 },
    result: index % 7 === 0 ? 'unavailable' : isKept ? 'from_cache' : 'ok',
    ...(isKept ? { saved: { tokens: 1_000 + index, costUsd } } : {}),
    clientId: `CLI-${index % 3 === 0 ? 2 : 1}`,
    tokens: isKept ? 0 : 1_000 + index,
    costUsd: isKept ? '0' : costUsd,
    costKnown: index % 13 !== 0,
    durationMs: 100 + index,
    tool: TOOLS[index % 2 === 0 ? 0 : 1],
    caller: index % 5 === 0 ? 'ana@example.com' : 'claude-desktop',
    at: new Date(`${day}T23:30:00Z`),
    day,
  };
});

const logs: readonly GenerationLog[] = Array.from({ length: 12 }, (_, index) => ({
  logId: `LOG-${index}`,
  campaignId: 'CMP-1',
  clientId: 'CLI-1',
  campaignDescription: 'Zapatillas',
  targetAudience: null,
  populations: [1, 2].map(() => ({
    population: { sexo: 'mujeres' },
    messages: [1, 2, 3].map(() => ({ text: 'Corré más', tone: 'cercano', hashtags: [], images: [], reason: 'corre' })),
  })),
  model: 'gpt-5-mini',
  promptVersion: 'messages.1',
  promptHash: 'b7Q0',
  language: 'es-CR',
  tokens: 10,
  costUsd: '0.000000000001',
  costKnown: true,
  durationMs: 5,
  tool: TOOLS[0],
  caller: 'claude-desktop',
  at: new Date('2026-02-03T12:00:00Z'),
  day: '2026-02-03',
}));

async function load(): Promise<void> {
  const report = await runOnce({
    connections,
    timeZone: 'America/Costa_Rica',
    streams: streams.filter((stream) => TABLES.includes(stream.table)),
    snapshot: false,
  });
  expect(report.runs.filter((run) => run.status !== 'done' || run.rejected > 0)).toEqual([]);
}

beforeAll(async () => {
  server = await startEtlPostgres();
  databases = await createEtlDatabases(server);
  await query(databases.hubOwner, `CREATE ROLE reader LOGIN PASSWORD 'reader' IN ROLE promptsales_read`);
  await query(databases.urls.content, await readFile(join(packageRoot(), 'database/postgresql/content/content_generator.sql'), 'utf8'));
  await query(databases.urls.content, `CREATE ROLE writer LOGIN PASSWORD 'writer' IN ROLE promptsales_content`);
  connections = await openConnections(databases.urls);
  store = await openPostgresContentStore(server.url(new URL(databases.urls.content).pathname.slice(1), 'writer'));
  hub = await openPostgres(server.url(new URL(databases.hubOwner).pathname.slice(1), 'reader'), { applicationName: 'test' });
  usage = openGenerationUsage(hub);
  for (const request of requests) await store.recordRequest(request, soon());
  for (const log of logs) await store.recordGeneration(log, soon());
  await load();
});
afterAll(async () => {
  await Promise.all([store?.close(), hub?.close(), connections?.close()]);
  await server?.stop();
});

/** What the records that were written add up to, by day and tool. */
function expected(chosen: readonly OutsideRequest[], written: readonly GenerationLog[] = []): ToolDay[] {
  const groups = new Set([...chosen, ...written].map(({ day, tool }) => `${day}/${tool}`));
  return [...groups].sort().map((group) => {
    const [day = '', tool = ''] = group.split('/');
    const alike = chosen.filter((request) => request.day === day && request.tool === tool);
    const sent = alike.filter(({ result }) => result !== 'from_cache');
    const kept = alike.filter(({ result }) => result === 'from_cache');
    const logged = written.filter((log) => log.day === day && log.tool === tool);
    return {
      day,
      tool,
      requests: sent.length,
      failedRequests: sent.filter(({ result }) => result !== 'ok').length,
      tokens: sent.reduce((total, { tokens }) => total + tokens, 0),
      costUsd: sum(sent.map(({ costUsd }) => costUsd)).toFixed(),
      unknownCosts: sent.filter(({ costKnown }) => !costKnown).length,
      durationMs: sent.reduce((total, { durationMs }) => total + durationMs, 0),
      fromCache: kept.length,
      savedTokens: kept.reduce((total, { saved }) => total + (saved?.tokens ?? 0), 0),
      savedCostUsd: sum(kept.map(({ saved }) => saved?.costUsd ?? '0')).toFixed(),
      unknownSavings: kept.filter(({ costKnown }) => !costKnown).length,
      generations: logged.length,
      messages: logged.length * 6,
    };
  });
}

it('reconciles the hub with the records to the last token and the last digit of a dollar', async () => {
  const period = { from: '2026-02-01', to: '2026-02-28' };
  const ofClient = (clientId: string) => requests.filter((request) => request.clientId === clientId);
  expect(await usage.byDayAndTool({ clientId: 'CLI-1' }, period, soon())).toEqual(expected(ofClient('CLI-1'), logs));
  expect(await usage.byDayAndTool({ clientId: 'CLI-2' }, period, soon())).toEqual(expected(ofClient('CLI-2')));
  expect(await usage.byDayAndTool({ clientId: 'CLI-3' }, period, soon())).toEqual([]);
});

it('counts both days at the ends of a period, and the business day of a late evening, not the day in UTC', async () => {
  const period = { from: '2026-02-02', to: '2026-02-03' };
  const found = await usage.byDayAndTool({ clientId: 'CLI-1' }, period, soon());
  expect([...new Set(found.map(({ day }) => day))]).toEqual(['2026-02-02', '2026-02-03']);
  await store.recordRequest(
    {
      ...(requests[0] as OutsideRequest),
      requestId: 'REQ-LATE',
      clientId: 'CLI-9',
      at: new Date('2026-02-21T05:00:00Z'),
      day: '2026-02-20',
    },
    soon(),
  );
  await load();
  expect(await usage.byDayAndTool({ clientId: 'CLI-9' }, { from: '2026-02-01', to: '2026-02-28' }, soon())).toMatchObject([
    { day: '2026-02-20' },
  ]);
});

it('finds a caller under its name, or under the pseudonym that stands for its e-mail address', async () => {
  const period = { from: '2026-02-01', to: '2026-02-10' };
  const ofAna = requests.filter(({ caller }) => caller === 'ana@example.com');
  expect(await usage.byDayAndTool({ caller: callerInRecords('ana@example.com') }, period, soon())).toEqual(expected(ofAna));
  expect(await usage.byDayAndTool({ caller: 'ana@example.com' }, period, soon())).toEqual([]);
});

it('counts a record once, however often it is written and loaded', async () => {
  const period = { from: '2026-02-01', to: '2026-02-10' };
  const before = await usage.byDayAndTool({ clientId: 'CLI-1' }, period, soon());
  for (const request of requests.slice(0, 20)) expect(await store.recordRequest(request, soon())).toBe(false);
  await load();
  expect(await usage.byDayAndTool({ clientId: 'CLI-1' }, period, soon())).toEqual(before);
});

it('counts a record from before answers of the cache were recorded as sent, with a known cost and nothing saved', async () => {
  await query(
    databases.urls.content,
    `INSERT INTO content.bitacora_solicitudes (id, document)
     SELECT 'REQ-OLD', document - '{tokens_ahorrados,costo_ahorrado_usd,costo_conocido}'::text[] || '{"id_solicitud": "REQ-OLD", "id_cliente": "CLI-8"}'
       FROM content.bitacora_solicitudes WHERE id = 'REQ-1'`,
  );
  await load();
  expect(await usage.byDayAndTool({ clientId: 'CLI-8' }, { from: '2026-02-01', to: '2026-02-28' }, soon())).toMatchObject([
    { requests: 1, failedRequests: 0, tokens: 1_001, unknownCosts: 0, fromCache: 0, savedTokens: 0, savedCostUsd: '0' },
  ]);
});

it('puts a record that cannot be counted aside, and says why (E3)', async () => {
  await query(
    databases.urls.content,
    `INSERT INTO content.bitacora_solicitudes (id, document) VALUES ('BAD', '{"id_solicitud": "BAD", "tokens_consumidos": -1}')`,
  );
  await runOnce({
    connections,
    timeZone: 'America/Costa_Rica',
    streams: streams.filter((stream) => TABLES.includes(stream.table)),
    snapshot: false,
  });
  expect(await query(databases.hubOwner, 'SELECT table_name, row_key, reason FROM etl.dead_letters')).toEqual([
    { table_name: 'content.outside_requests', row_key: 'BAD', reason: expect.stringContaining('tokens_consumidos') },
  ]);
});

it('brings what is left of a plan to the hub, without the reservations behind it', async () => {
  await query(databases.urls.content, `INSERT INTO content.clientes (id, document) VALUES ('CLI-1', $1)`, [
    JSON.stringify(clientOf(1, ['PLAN-GROWTH'])),
  ]);
  const asked = { reservationId: 'R-1', clientId: 'CLI-1', feature: 'generacion_contenido', amount: 4, today: '2026-01-20' } as const;
  expect(await store.reserve(asked, soon())).toMatchObject({ outcome: 'reserved', used: 7 });
  await runOnce({
    connections,
    timeZone: 'America/Costa_Rica',
    streams: streams.filter((stream) => stream.table === 'business.subscriptions'),
    snapshot: false,
  });
  expect(await query(databases.hubOwner, 'SELECT usage_tracking FROM business.subscriptions')).toEqual([
    { usage_tracking: { generacion_contenido: { used: 7, limit: null, resetDate: '2026-02-01' } } },
  ]);
});

it('reads a client and its days through an index', async () => {
  await query(
    databases.hubOwner,
    `INSERT INTO content.outside_requests SELECT 'BULK-' || g, 'openai', 'CLI-' || 100 + g % 50, NULL, date '2026-01-01' + g % 90, now(), 'getContent', 'c', 'ok', 1, 0.1, 1
       FROM generate_series(1, 20000) g; ANALYZE content.outside_requests`,
  );
  const plan = await query(
    databases.hubOwner,
    `EXPLAIN SELECT sum(tokens) FROM content.outside_requests WHERE client_id = 'CLI-117' AND day BETWEEN '2026-02-01' AND '2026-02-05'`,
  );
  expect(JSON.stringify(plan)).toContain('outside_requests_client');
});
