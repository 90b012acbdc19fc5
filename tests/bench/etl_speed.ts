import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { migrateHub } from '../../database/postgresql/hub/migrate.ts';
import { type EtlConnections, openConnections } from '../../etl/connections.ts';
import { runOnce } from '../../etl/run.ts';
import type { Stream } from '../../etl/stream.ts';
import { streams } from '../../etl/streams.ts';
import { selectedColumn } from '../../shared/sources/postgres_change_source.ts';
import type { BenchStack } from './bench_stack.ts';
import type { Figure } from './figure.ts';

const HUB = 'promptsales_bench';
const DELTA_ROWS = 5_000;
const ROUNDS = 5;
const TIME_ZONE = 'America/Costa_Rica';

/** The ETL's way for 500,000 customers, into a hub of its own, beside a COPY of the same rows with nothing around it. */
export async function measureEtl({ urls }: BenchStack): Promise<Figure[]> {
  const admin = new pg.Client({ connectionString: urls.hubAdmin });
  await admin.connect();
  await admin.query(`DROP DATABASE IF EXISTS ${HUB} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${HUB}`);
  const hubUrl = new URL(urls.hubAdmin);
  hubUrl.pathname = `/${HUB}`;
  const customers = streams.filter((stream) => stream.table === 'crm.customers');
  const connections = await openConnections({ ...urls, hubEtl: hubUrl.href, redis: undefined, keysFolder: '' });
  const source = new pg.Client({ connectionString: urls.crm });
  await source.connect();
  try {
    await migrateHub(hubUrl.href);
    const bare = await bareCopy(source, connections.hub, customers[0]);
    const first = await timed(() => round(connections, customers));
    const deltas: number[] = [];
    const empties: number[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      await source.query(
        `UPDATE crm.customers SET segment = CASE segment WHEN 'loyal' THEN 'vip' ELSE 'loyal' END, updated_at = now()
          WHERE customer_id IN (SELECT customer_id FROM crm.customers ORDER BY hashint8(customer_id + $1) LIMIT ${DELTA_ROWS})`,
        [i],
      );
      deltas.push((await timed(() => round(connections, customers))).ms);
      empties.push((await timed(() => round(connections, customers))).ms);
    }
    const rows = first.value;
    return [
      {
        what: `first load of ${rows} customers ÷ bare COPY`,
        value: bare / first.ms,
        unit: 'ratio',
        goal: 0.8,
        least: true,
        note: `${(first.ms / 1000).toFixed(2)} s with keys and indexes, ${(bare / 1000).toFixed(2)} s for the COPY alone`,
      },
      { what: `delta of ${DELTA_ROWS} customers, median`, value: median(deltas), unit: 'ms', goal: 200, note: `of ${ROUNDS}, end to end` },
      { what: 'empty delta, median', value: median(empties), unit: 'ms', goal: 10, note: `of ${ROUNDS}` },
    ];
  } finally {
    await source.end();
    await connections.close();
    await admin.query(`DROP DATABASE IF EXISTS ${HUB} WITH (FORCE)`);
    await admin.end();
  }
}

async function round(connections: EtlConnections, only: readonly Stream[]): Promise<number> {
  const report = await runOnce({ connections, timeZone: TIME_ZONE, streams: only });
  const [run] = report.runs;
  if (run?.status !== 'done') throw new Error(`the load failed: ${run?.error ?? run?.status}`);
  return run.read;
}

/** Milliseconds of a binary COPY from source to hub into a table without keys or indexes, the bytes passed through. */
async function bareCopy(source: pg.Client, hub: pg.Pool, stream: Stream | undefined): Promise<number> {
  if (stream === undefined) throw new Error('there is no stream of customers');
  const columns = stream.columns.map((column) => column.name).join(', ');
  const client = await hub.connect();
  try {
    await client.query(`CREATE TABLE public.bare AS SELECT ${columns} FROM ${stream.table} WITH NO DATA`);
    const { ms } = await timed(() =>
      pipeline(
        source.query(
          copyTo(`COPY (SELECT ${stream.columns.map(selectedColumn).join(', ')} FROM ${stream.source}) TO STDOUT (FORMAT binary)`),
        ),
        client.query(copyFrom(`COPY public.bare (${columns}) FROM STDIN (FORMAT binary)`)),
      ),
    );
    await client.query('DROP TABLE public.bare');
    return ms;
  } finally {
    client.release();
  }
}

async function timed<T>(act: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const began = performance.now();
  const value = await act();
  return { ms: performance.now() - began, value };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
