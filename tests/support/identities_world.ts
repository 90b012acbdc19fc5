import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { expect } from 'vitest';
import { openConnections } from '../../etl/connections.ts';
import type { RunReport } from '../../etl/report.ts';
import { runOnce } from '../../etl/run.ts';
import { type CustomerProfiles, openCustomerProfiles } from '../../mcp-servers/crm_analyzer/repo/customer_profile.ts';
import { readCertificates } from '../../shared/access/certificates.ts';
import { type DataKeys, dataKeysIn, KEY_PURPOSES } from '../../shared/access/data_keys.ts';
import { rotateDataKey } from '../../shared/access/data_keys_rotation.ts';
import type { PersonalData } from '../../shared/access/personal_data.ts';
import { openPostgres, type PostgresDatabase } from '../../shared/db/postgres_database.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { createEtlDatabases, type EtlDatabases, etlDatabasesOf, fillSources, query } from './etl_databases.ts';
import { type ScratchPostgres, startFilledPostgres } from './scratch_postgres.ts';

export const TIME_ZONE = 'America/Costa_Rica';
export const soon = () => deadlineIn(20_000);

export type Customer = PersonalData & { readonly id: number };

/** Three sources and a hub, which {@link IdentitiesWorld.round} loads; the emails, phones and names of their 400 customers can be told from all else. */
export type IdentitiesWorld = {
  readonly urls: EtlDatabases['urls'];
  readonly hubOwner: string;
  /** The hub as its owner has it open. */
  readonly owner: PostgresDatabase;
  /** The hub as servers read it: through a login that may only read. */
  readonly reader: PostgresDatabase;
  readonly crm: (text: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>;
  readonly hub: (text: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>;
  /** Customers as a server reads them that has just started. */
  readonly profiles: (keysFolder?: string) => CustomerProfiles;
  /** The data keys as a program opens them that has just started. */
  readonly freshKeys: () => DataKeys;
  /** One round of the ETL, in which everything else goes well: what it says of the identities. */
  readonly round: (options?: { readonly snapshot?: boolean; readonly keysFolder?: string }) => Promise<RunReport>;
  readonly inSource: () => Promise<readonly Customer[]>;
  /** Fails unless the hub says of everybody what the source says. */
  readonly expectInStep: () => Promise<void>;
  /** Where in the hub, in any table and any column, a text of the customers can be read. */
  readonly readable: (customers?: readonly Customer[]) => Promise<readonly string[]>;
  /** The data keys that values in the hub are under. */
  readonly keysInUse: () => Promise<readonly string[]>;
  readonly activeKeys: () => Promise<readonly string[]>;
  /** A new data key for every purpose. */
  readonly rotate: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Shorter texts of the customers are found by chance. */
const SHORTEST_SECRET = 9;

const FILLED = 'filled';
const DATABASES = ['ads', 'crm', 'content', 'hub'] as const;

/** The server for such worlds. */
export function startIdentitiesServer(): Promise<ScratchPostgres> {
  return startFilledPostgres('identities', async (databases) => {
    const { urls, hubOwner } = await createEtlDatabases(databases, { suffix: FILLED });
    await fillSources(urls);
    await query(
      urls.crm,
      `UPDATE crm.customers SET first_name = 'Nombre' || customer_id || 'ñ', last_name = CASE WHEN customer_id % 9 > 0 THEN 'Apellido' || customer_id || 'é' END,
               email = 'Correo.' || customer_id || '@Persona.example.com', phone = CASE WHEN customer_id % 7 = 0 THEN 'ninguno' ELSE '+506 87' || 100000 + customer_id END,
               document = '9-0' || 10000 + customer_id || '-0' || 700 + customer_id, birth_date = CASE WHEN customer_id % 5 > 0 THEN date '1951-02-03' + customer_id::integer * 17 END`,
    );
    await query(hubOwner, `CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT promptsales_read TO reader`);
  });
}

/** Databases of their own on that server. */
export async function openIdentitiesWorld(server: ScratchPostgres): Promise<IdentitiesWorld> {
  const suffix = randomUUID().slice(0, 8);
  for (const name of DATABASES) await query(server.url('postgres'), `CREATE DATABASE ${name}_${suffix} TEMPLATE ${name}_${FILLED}`);
  const { urls, hubOwner } = await etlDatabasesOf(server, suffix);
  const crm = (text: string, values?: readonly unknown[]) => query(urls.crm, text, values);
  const hub = (text: string, values?: readonly unknown[]) => query(hubOwner, text, values);
  const reader = await openPostgres(server.url(new URL(hubOwner).pathname.slice(1), 'reader'), { applicationName: 'identities test' });
  const owner = await openPostgres(hubOwner, { applicationName: 'identities test' });
  const profiles = (keysFolder = urls.keysFolder): CustomerProfiles =>
    openCustomerProfiles(
      reader,
      dataKeysIn(reader, () => readCertificates(keysFolder)),
    );
  const freshKeys = () => dataKeysIn(owner, () => readCertificates(urls.keysFolder));

  async function round(options: { readonly snapshot?: boolean; readonly keysFolder?: string } = {}): Promise<RunReport> {
    const connections = await openConnections({
      ...urls,
      ...(options.keysFolder === undefined ? {} : { keysFolder: options.keysFolder }),
    });
    try {
      const { runs } = await runOnce({ connections, timeZone: TIME_ZONE, snapshot: options.snapshot ?? false });
      expect(runs.filter(({ table, status }) => table !== 'crm.identities' && status !== 'done')).toEqual([]);
      const run = runs.find(({ table }) => table === 'crm.identities');
      if (run === undefined) throw new Error('there is no stream of identities');
      return run;
    } finally {
      await connections.close();
    }
  }

  async function inSource(): Promise<readonly Customer[]> {
    const rows = await crm(
      `SELECT customer_id::integer AS id, first_name AS "firstName", last_name AS "lastName", email, phone, document, birth_date::text AS "birthDate"
         FROM crm.customers ORDER BY customer_id`,
    );
    return rows as unknown as readonly Customer[];
  }

  /** Everybody as a server reads them, 50 at a time. */
  async function inHub(): Promise<readonly Customer[]> {
    const ids = (await hub('SELECT customer_id::integer AS id FROM crm.identities ORDER BY 1')).map(({ id }) => Number(id));
    const people: Customer[] = [];
    const repo = profiles();
    for (let at = 0; at < ids.length; at += 50) {
      const found = await repo.people(ids.slice(at, at + 50), soon());
      for (const [id, person] of found) people.push({ id, ...person });
    }
    return people.sort((one, other) => one.id - other.id);
  }

  async function expectInStep(): Promise<void> {
    const source = await inSource();
    expect(source.length).toBeGreaterThan(100);
    expect(await inHub()).toEqual(source);
    const years = source.map(({ id, birthDate }) => ({ id, birth_year: birthDate === null ? null : Number(birthDate.slice(0, 4)) }));
    expect(await hub('SELECT customer_id::integer AS id, birth_year FROM crm.customers ORDER BY 1')).toEqual(years);
  }

  async function readable(customers?: readonly Customer[]): Promise<readonly string[]> {
    const secrets = (customers ?? (await inSource())).flatMap(({ firstName, lastName, email, phone, document, birthDate }) =>
      [
        firstName,
        lastName,
        email,
        email.toLowerCase(),
        phone,
        phone.replace(/\D/g, ''),
        document,
        document.replaceAll('-', ''),
        birthDate,
      ].filter((text): text is string => (text?.length ?? 0) >= SHORTEST_SECRET),
    );
    const tables = await hub(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`,
    );
    const rows = await hub(
      tables
        .map(({ name }) => `SELECT '${name}' AS name, coalesce(string_agg(t::text, E'\\n'), '') AS text FROM ${name} t`)
        .join(' UNION ALL '),
    );
    // Thousands of texts to look for: what they begin with is looked up at each place, instead of each text in everything.
    const bySecretStart = Map.groupBy(secrets, (secret) => secret.slice(0, SHORTEST_SECRET));
    const firstIn = (text: string): string | undefined => {
      for (let at = 0; at < text.length; at++) {
        const seen = bySecretStart.get(text.slice(at, at + SHORTEST_SECRET))?.find((secret) => text.startsWith(secret, at));
        if (seen !== undefined) return seen;
      }
      return undefined;
    };
    return rows.flatMap(({ name, text }) => {
      const seen = firstIn(String(text));
      return seen === undefined ? [] : [`${name}: ${seen}`];
    });
  }

  async function keysInUse(): Promise<readonly string[]> {
    const rows = await hub('SELECT substr(sealed, 4, 16) AS key FROM crm.identities UNION SELECT hash_key FROM crm.identities');
    return rows.map(({ key }) => String(key)).sort();
  }

  async function activeKeys(): Promise<readonly string[]> {
    const rows = await hub('SELECT key_id FROM access.data_keys WHERE retired_at IS NULL');
    return rows.map((row) => String(row.key_id)).sort();
  }

  async function rotate(): Promise<void> {
    const client = new pg.Client({ connectionString: hubOwner });
    await client.connect();
    try {
      const [certificate] = await readCertificates(urls.keysFolder);
      if (certificate === undefined) throw new Error('there is no certificate');
      for (const purpose of KEY_PURPOSES) await rotateDataKey(client, purpose, certificate);
    } finally {
      await client.end();
    }
  }

  const close = async () => void (await Promise.all([reader.close(), owner.close()]));
  return {
    urls,
    hubOwner,
    owner,
    reader,
    crm,
    hub,
    profiles,
    freshKeys,
    round,
    inSource,
    expectInStep,
    readable,
    keysInUse,
    activeKeys,
    rotate,
    close,
  };
}
