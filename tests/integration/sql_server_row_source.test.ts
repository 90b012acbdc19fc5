import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EtlConnections, openConnections } from '../../etl/connections.ts';
import { runOnce } from '../../etl/run.ts';
import type { ChangeSet } from '../../shared/sources/change_source.ts';
import { sqlServerRowSource } from '../../shared/sources/sql_server_row_source.ts';
import { createEtlDatabases, type EtlDatabases, fillSources, query, startEtlPostgres } from '../support/etl_databases.ts';
import { differencesFromFacts, differencesFromSources } from '../support/hub_checks.ts';
import type { ScratchPostgres } from '../support/scratch_postgres.ts';
import { type SqlServerSource, startSqlServerSource } from '../support/sql_server_source.ts';
import { startTdsEndpoint, type TdsReply } from '../support/tds_endpoint.ts';
import type { TdsResult } from '../support/tds_endpoint_tokens.ts';

describe('the ETL with PromptAds and PromptCRM on SQL Server (its answers scripted, everything else real)', () => {
  let server: ScratchPostgres;
  let databases: EtlDatabases;
  let ads: SqlServerSource;
  let crm: SqlServerSource;
  let connections: EtlConnections;

  const round = async () => {
    const report = await runOnce({ connections, timeZone: 'America/Costa_Rica' });
    expect(report.runs.filter(({ error }) => error !== undefined && error !== null)).toEqual([]);
    return report;
  };
  const modeOf = (report: Awaited<ReturnType<typeof round>>, table: string) => report.runs.find((run) => run.table === table)?.mode;

  beforeAll(async () => {
    server = await startEtlPostgres();
    databases = await createEtlDatabases(server);
    await fillSources(databases.urls);
    [ads, crm] = await Promise.all([startSqlServerSource(databases.urls.ads), startSqlServerSource(databases.urls.crm)]);
    connections = await openConnections({ ...databases.urls, ads: ads.address, crm: crm.address });
  });
  afterAll(async () => {
    await ads?.endpoint.stop();
    await crm?.endpoint.stop();
    await connections?.close();
    await server?.stop();
  });

  it('brings every table over, value for value, and its roll-ups add up', async () => {
    await round();
    expect(await differencesFromSources(databases)).toEqual([]);
    expect(await differencesFromFacts(databases.hubOwner)).toEqual([]);
  });

  it('then reads what changed and what is gone since the version it was given', async () => {
    await query(
      databases.urls.ads,
      `UPDATE ads.campaigns SET name = 'Ñandú 😀' WHERE campaign_id = 'CMP-3'; DELETE FROM ads.touches WHERE touch_id IN (5, 6)`,
    );
    ads.state.version = 8n;
    ads.state.changes.set('ads.campaigns', { changed: `campaign_id = 'CMP-3'`, gone: [] });
    ads.state.changes.set('ads.touches', { changed: 'false', gone: [[5n], [6n]] });
    const report = await round();
    expect([modeOf(report, 'ads.campaigns'), modeOf(report, 'ads.touches')]).toEqual(['delta', 'delta']);
    expect(await differencesFromSources(databases)).toEqual([]);
    const asked = ads.endpoint.requests.findLast(
      (request) => request.kind === 'procedure' && request.procedure === 'etl.read_changes_touches',
    );
    expect(asked).toMatchObject({ parameters: [{ name: 'last_version', value: 5n }] });
  });

  it('reads everything again when its version is too old, or of before a restore', async () => {
    ads.state.changes.clear();
    await query(databases.urls.ads, `DELETE FROM ads.touches WHERE touch_id = 7`);
    ads.state.version = 30n;
    ads.state.firstKnown = 20n;
    expect(modeOf(await round(), 'ads.touches')).toBe('snapshot');
    expect(await differencesFromSources(databases)).toEqual([]);
    await query(databases.urls.ads, `DELETE FROM ads.touches WHERE touch_id = 8`);
    ads.state.version = 31n;
    ads.state.incarnation = 'A1.C3';
    expect(modeOf(await round(), 'ads.touches')).toBe('snapshot');
    expect(await differencesFromSources(databases)).toEqual([]);
  });
});

describe('changes from SQL Server', () => {
  const columns = [
    { name: 'id', type: 'bigint' },
    { name: 'amount', type: 'numeric(14,2)' },
    { name: 'note', type: 'text' },
  ];
  const request = { table: 'ads.things', columns, key: ['id'] };
  const head: TdsResult = {
    columns: {
      mode: 'varchar(10)',
      current_version: 'bigint',
      min_valid_version: 'bigint',
      incarnation: 'varchar(80)',
      as_of: 'varchar(27)',
    },
    rows: [['snapshot', 9_007_199_254_740_993n, 0n, 'A.B', '2026-02-10 18:00:00.1234567']],
  };
  const gone: TdsResult = { columns: { id: 'bigint' }, rows: [] };
  const things = (rows: TdsResult['rows']): TdsResult => ({
    columns: { id: 'bigint', amount: 'varchar(40)', note: 'nvarchar(max)' },
    rows,
  });
  const many = Array.from({ length: 30_000 }, (_, index) => [BigInt(index), `${index}.25`, `note ${index} ñ`] as const);

  async function reading(reply: TdsReply, work: (set: ChangeSet<Uint8Array>) => Promise<void>, maxOpen = 0): Promise<void> {
    const endpoint = await startTdsEndpoint({ answer: () => reply });
    const source = sqlServerRowSource(`mssql://etl:x@127.0.0.1:${endpoint.port}/Source?encrypt=false`);
    try {
      const set = await source.readChanges(request, null);
      await work(set);
      await set.close();
      expect(endpoint.cancelled()).toBeLessThanOrEqual(maxOpen);
    } finally {
      await endpoint.stop();
      await source.close();
    }
  }
  const bytesOf = async (set: ChangeSet<Uint8Array>): Promise<number> => {
    let bytes = 0;
    for await (const chunk of set.content) bytes += chunk.length;
    return bytes;
  };

  it('carry the position exactly, and the moment', () =>
    reading({ results: [head, gone, things([])] }, async (set) => {
      expect(set).toMatchObject({
        mode: 'snapshot',
        position: 'A.B:9007199254740993',
        asOf: new Date('2026-02-10T18:00:00.123Z'),
        deletedKeys: [],
      });
      expect(await bytesOf(set)).toBe(21);
    }));

  it('wait for a slow reader, and come whole', () =>
    reading({ results: [head, gone, things(many)] }, async (set) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(await bytesOf(set)).toBeGreaterThan(900_000);
    }));

  it('can be left in the middle: the call is cancelled and the connection is free', () =>
    reading(
      { results: [head, gone, things(many)] },
      async (set) => {
        for await (const _chunk of set.content) break;
      },
      1,
    ));

  it('leave out a row that the hub cannot hold, and say which and why', () =>
    reading(
      {
        results: [
          head,
          gone,
          things([
            [1n, '1.50', 'good'],
            [2n, 'x', 'bad'],
            [3n, '2', 'a\0b'],
            [4n, null, null],
          ]),
        ],
      },
      async (set) => {
        await bytesOf(set);
        expect(set.rejected).toEqual([
          { key: '2', reason: '"x" is not a decimal as text', data: { id: '2', amount: 'x', note: 'bad' } },
          { key: '3', reason: 'PostgreSQL keeps no text with a NUL character', data: { id: '3', amount: '2', note: 'a\0b' } },
        ]);
      },
    ));

  it('end with an error when the connection breaks in the middle, or the procedure is of another shape', async () => {
    const broken = { results: [head], breaksAfterRows: 1 };
    await expect(reading(broken, async () => undefined)).rejects.toThrow();
    await expect(reading({ results: [head, gone, gone] }, async () => undefined)).rejects.toThrow(
      /etl\.read_changes_things returned the columns id/,
    );
    await expect(reading({ results: [head] }, async () => undefined)).rejects.toThrow(/fewer than three/);
    await expect(
      reading({ notices: [{ number: 229, message: 'EXECUTE permission was denied' }] }, async () => undefined),
    ).rejects.toMatchObject({ number: 229 });
  });
});
