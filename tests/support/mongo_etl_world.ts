import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { openConnections } from '../../etl/connections.ts';
import type { BatchReport } from '../../etl/report.ts';
import { runOnce } from '../../etl/run.ts';
import { clientOf, createEtlDatabases, imageOf, query, startEtlPostgres } from './etl_databases.ts';
import { type MongoEndpoint, startMongoEndpoint } from './mongo_endpoint.ts';
import { type MongoHistory, mongoHistory } from './mongo_history.ts';

/** A hub whose PromptContent is at an address of MongoDB, where a scripted history answers. */
export type MongoEtlWorld = {
  readonly endpoint: MongoEndpoint;
  readonly history: MongoHistory;
  readonly hub: (text: string) => Promise<Record<string, unknown>[]>;
  /** One round of all streams in this process. */
  readonly round: () => Promise<BatchReport>;
  /** One round in a process of its own, which tells when it begins. */
  readonly begin: () => ChildProcess;
  /** What the hub holds beside or in place of what the history tells. None is right. */
  readonly differences: () => Promise<string[]>;
  readonly stop: () => Promise<void>;
};

export const IMAGES = 90;

/** The document of an image as it was described last. */
export const imageSaying = (number: number, descripcion: string): Record<string, unknown> => ({ ...imageOf(number), descripcion });

/** Starts one with 90 images and 12 clients of two subscriptions each; nothing is loaded yet. */
export async function startMongoEtlWorld(kind: 'replica set' | 'single server' = 'replica set'): Promise<MongoEtlWorld> {
  const server = await startEtlPostgres();
  const endpoint = await startMongoEndpoint(kind);
  const databases = await createEtlDatabases(server);
  const history = mongoHistory(endpoint);
  endpoint.answer(history.script);
  for (let number = 1; number <= IMAGES; number++) history.write('imagenes', `IMG-${number}`, imageSaying(number, 'al principio'));
  for (let number = 1; number <= 12; number++) history.write('clientes', `CLI-${number}`, clientOf(number, ['PLAN-A', 'PLAN-B']));
  const urls = { ...databases.urls, content: endpoint.url };
  const connections = await openConnections(urls);
  const hub = (text: string) => query(databases.hubOwner, text);
  return {
    endpoint,
    history,
    hub,
    round: () => runOnce({ connections, timeZone: 'America/Costa_Rica' }),
    begin: () =>
      fork(fileURLToPath(new URL('./etl_child.ts', import.meta.url)), {
        env: { ...process.env, ETL_URLS: JSON.stringify(urls) },
        execArgv: [],
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      }),
    differences: async () => {
      const told = [
        ...[...history.now('imagenes')].map(([id, image]) => `${id} ${image.descripcion}`),
        ...[...history.now('clientes')].flatMap(([id, client]) =>
          client.subscriptions.map(({ planId }: { planId: string }) => `${id} ${planId}`),
        ),
      ];
      const held = await hub(`SELECT content_id || ' ' || description AS row FROM content.images
        UNION ALL SELECT client_id || ' ' || plan_id FROM business.subscriptions`);
      const rows = held.map(({ row }) => String(row));
      return [
        ...told.filter((row) => !rows.includes(row)).map((row) => `lacks ${row}`),
        ...rows.filter((row) => !told.includes(row)).map((row) => `has ${row}`),
        ...rows.filter((row, index) => rows.indexOf(row) !== index).map((row) => `has twice ${row}`),
      ];
    },
    stop: async () => {
      await connections.close();
      await endpoint.stop();
      await server.stop();
    },
  };
}
