import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Document, MongoClient } from 'mongodb';
import pg from 'pg';
import { expect, vi } from 'vitest';
import { deployContent } from '../../database/mongodb/deploy.ts';
import { DOCUMENT_CHECKS, prepareSource } from '../../database/postgresql/prepare_source.ts';
import { packageRoot } from '../../shared/config/package_root.ts';
import { plainDocument, storedDocument } from '../../shared/sources/bson_document.ts';
import type { ContentStoreOptions } from '../../shared/sources/content_reader.ts';
import type { ContentStore } from '../../shared/sources/content_store.ts';
import { openMongoContentStore } from '../../shared/sources/mongo_content_store.ts';
import { openPostgresContentStore } from '../../shared/sources/postgres_content_store.ts';
import { createEtlDatabases, loadHub, query, startEtlPostgres } from './etl_databases.ts';

/** A PromptContent of a test's own, deployed as the project says, with a way to look at and change its documents beside the store. */
export type ContentWorld = {
  /** Where the store's login finds it. */
  readonly url: string;
  readonly openStore: (options?: ContentStoreOptions) => Promise<ContentStore>;
  /** A store at an address where nothing answers. */
  readonly openNowhere: () => Promise<ContentStore>;
  /** Writes a document as its owner's programs do: rejects when the collection does not take it. */
  readonly put: (collection: string, id: string, document: object) => Promise<void>;
  /** Puts one there that the collection would not take, as one from before there were rules. */
  readonly putBroken: (collection: string, id: string, document: object) => Promise<void>;
  readonly remove: (collection: string, id: string) => Promise<void>;
  readonly removeAll: (collection: string) => Promise<void>;
  /** The document as JSON, undefined when there is none. */
  readonly get: (collection: string, id: string) => Promise<Record<string, unknown> | undefined>;
  /** Ends the connections that stores have. */
  readonly cutConnections: () => Promise<void>;
  /**
   * Does all of these writes of a document at the same moment. Where documents can be held, all wait for the document until as many wait as have
   * a connection.
   */
  readonly atOnce: <T>(collection: string, id: string, connections: number, writes: readonly (() => Promise<T>)[]) => Promise<T[]>;
  /** One round of the ETL. */
  readonly loadHub: () => Promise<void>;
  /** Asks the hub that it loads. */
  readonly hub: (text: string) => Promise<Record<string, unknown>[]>;
  readonly stop: () => Promise<void>;
};

/** One on a real PostgreSQL of its own. */
export async function postgresContentWorld(): Promise<ContentWorld> {
  const server = await startEtlPostgres();
  const { urls, hubOwner } = await createEtlDatabases(server);
  const content = (text: string, values?: readonly unknown[]) => query(urls.content, text, values);
  const put = async (collection: string, id: string, document: object): Promise<void> => {
    await content(
      `INSERT INTO content.${collection} (id, document) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET document = excluded.document`,
      [id, JSON.stringify(document)],
    );
  };
  await prepareSource(urls.content, DOCUMENT_CHECKS);
  const rights = await readFile(join(packageRoot(), 'database/postgresql/content/content_generator.sql'), 'utf8');
  await content(rights);
  await content(rights);
  await content(`CREATE ROLE writer LOGIN PASSWORD 'writer' IN ROLE promptsales_content`);
  const url = server.url(new URL(urls.content).pathname.slice(1), 'writer');
  return {
    url,
    openStore: (options) => openPostgresContentStore(url, options),
    openNowhere: () => openPostgresContentStore('postgres://writer:writer@127.0.0.1:1/content'),
    put,
    putBroken: async (collection, id, document) => {
      await content(`ALTER TABLE content.${collection} DROP CONSTRAINT ${collection}_document`);
      await put(collection, id, document);
      await prepareSource(urls.content, DOCUMENT_CHECKS);
    },
    remove: async (collection, id) => {
      await content(`DELETE FROM content.${collection} WHERE id = $1`, [id]);
    },
    removeAll: async (collection) => {
      await content(`DELETE FROM content.${collection}`);
    },
    get: async (collection, id) => {
      const [row] = await content(`SELECT document FROM content.${collection} WHERE id = $1`, [id]);
      return row?.document as Record<string, unknown> | undefined;
    },
    cutConnections: async () => {
      await content(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'writer'`);
    },
    atOnce: async (collection, id, connections, writes) => {
      const holder = new pg.Client({ connectionString: urls.content });
      await holder.connect();
      try {
        await holder.query('BEGIN');
        await holder.query(`SELECT FROM content.${collection} WHERE id = $1 FOR UPDATE`, [id]);
        const underWay = writes.map((write) => write());
        const waiting = `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE usename = 'writer' AND wait_event_type = 'Lock'`;
        await vi.waitFor(async () => expect((await content(waiting))[0]?.waiting).toBe(Math.min(writes.length, connections)), 10_000);
        await holder.query('COMMIT');
        return await Promise.all(underWay);
      } finally {
        await holder.end();
      }
    },
    loadHub: () => loadHub(urls),
    hub: (text) => query(hubOwner, text),
    stop: server.stop,
  };
}

/** One in a database of its own on the MongoDB at that address, with a hub beside it; its login may create and drop databases and roles. */
export async function mongoContentWorld(address: string): Promise<ContentWorld> {
  const url = inDatabase(address, `promptcontent_test_${randomUUID().slice(0, 8)}`);
  const client = await new MongoClient(url, { serverSelectionTimeoutMS: 10_000, writeConcern: { w: 'majority' } }).connect();
  const collectionOf = (name: string) => client.db().collection<{ _id: string } & Document>(name);
  const replace = async (collection: string, id: string, document: object, bypassDocumentValidation: boolean): Promise<void> => {
    await collectionOf(collection).replaceOne({ _id: id }, storedDocument(id, { ...document }), { upsert: true, bypassDocumentValidation });
  };
  const { roles } = await deployContent(client.db());
  const server = await startEtlPostgres();
  const databases = await createEtlDatabases(server);
  return {
    url,
    openStore: (options) => openMongoContentStore(url, options),
    openNowhere: () => openMongoContentStore('mongodb://127.0.0.1:1/promptcontent'),
    put: (collection, id, document) => replace(collection, id, document, false),
    putBroken: (collection, id, document) => replace(collection, id, document, true),
    remove: async (collection, id) => {
      await collectionOf(collection).deleteOne({ _id: id });
    },
    removeAll: async (collection) => {
      await collectionOf(collection).deleteMany({});
    },
    get: async (collection, id) => {
      const found = await collectionOf(collection).findOne({ _id: id });
      return found === null ? undefined : plainDocument(found);
    },
    // A server ends no client's connections on request; what the adapter makes of one that is cut, the scripted endpoint shows.
    cutConnections: async () => {},
    atOnce: async (_collection, _id, _connections, writes) => await Promise.all(writes.map((write) => write())),
    loadHub: () => loadHub({ ...databases.urls, content: url }),
    hub: (text) => query(databases.hubOwner, text),
    stop: async () => {
      await client.db().dropDatabase();
      if (roles === 'brought up to date') await client.db().command({ dropAllRolesFromDatabase: 1 });
      await client.close();
      await server.stop();
    },
  };
}

/** The address with that database in place of the one it names; a login stays where it was. */
function inDatabase(address: string, database: string): string {
  const [, server = '', named = '', options = ''] = /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(address) ?? [];
  const asked = new URLSearchParams(options);
  if (server.includes('@') && !asked.has('authSource')) asked.set('authSource', named === '' ? 'admin' : named);
  return `${server}/${database}?${asked}`;
}
