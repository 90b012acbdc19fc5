import type { Db, Document } from 'mongodb';
import { idOf } from '../../shared/sources/bson_document.ts';
import { COLLECTION_NAMES, CONTENT_COLLECTIONS, type CollectionName } from '../../shared/sources/content_collections.ts';
import { deployScripts } from './deploy_scripts.ts';
import { validatorOf } from './validator.ts';

const MOST_TOLD = 20;
const LIMIT_MS = 60_000;
/** Stages about a collection's storage take no other; each node tells of itself, here the primary. */
const OF_THE_NODE = { readConcern: { level: 'local' }, maxTimeMS: LIMIT_MS } as const;

/** How a collection stands. Sizes are in bytes, on the disk of the primary. */
export type CollectionState = {
  readonly collection: CollectionName;
  readonly documents: number;
  readonly size: number;
  readonly indexSize: number;
  /** Of `size`, what deleted and moved documents have left empty. */
  readonly free: number;
  readonly indexes: readonly IndexState[];
  /** Ids of documents that break the collection's rules, at most 20. */
  readonly breaking: readonly string[];
};

export type IndexState = {
  readonly name: string;
  /** Since `since`, when the server started or the index was made. */
  readonly uses: number;
  readonly since: Date;
  /** Whether it is one of database/mongodb/scripts. */
  readonly ours: boolean;
};

/** How each collection of PromptContent on MongoDB stands. Changes nothing. The connection is the database's owner's. Errors: the server's. */
export async function collectionStates(db: Db): Promise<readonly CollectionState[]> {
  const ours = await indexesOfScripts();
  const states: CollectionState[] = [];
  for (const name of COLLECTION_NAMES) states.push(await collectionState(db, name, ours));
  return states;
}

async function collectionState(db: Db, name: CollectionName, ours: ReadonlySet<string>): Promise<CollectionState> {
  const collection = db.collection(name);
  const sizes = { count: 1, storageSize: 1, totalIndexSize: 1, freeStorageSize: 1 };
  const [storage] = await collection
    .aggregate<{ storageStats: StorageStats }>([{ $collStats: { storageStats: {} } }, { $project: { storageStats: sizes } }], OF_THE_NODE)
    .toArray();
  const uses = await collection
    .aggregate<IndexUse>([{ $indexStats: {} }, { $project: { name: 1, accesses: 1 } }, { $sort: { name: 1 } }], OF_THE_NODE)
    .toArray();
  const breaking = await collection
    .find({ $nor: [validatorOf(CONTENT_COLLECTIONS[name])] }, { projection: { _id: 1 }, limit: MOST_TOLD, maxTimeMS: LIMIT_MS })
    .toArray();
  const { count = 0, storageSize = 0, totalIndexSize = 0, freeStorageSize = 0 } = storage?.storageStats ?? {};
  return {
    collection: name,
    documents: count,
    size: storageSize,
    indexSize: totalIndexSize,
    free: freeStorageSize,
    indexes: uses.map(({ name: index, accesses }) => ({
      name: index,
      uses: Number(accesses.ops),
      since: accesses.since,
      ours: index === '_id_' || ours.has(`${name}.${index}`),
    })),
    breaking: breaking.map(({ _id }) => idOf(_id)),
  };
}

type StorageStats = Readonly<Partial<Record<'count' | 'storageSize' | 'totalIndexSize' | 'freeStorageSize', number>>>;
type IndexUse = { readonly name: string; readonly accesses: { readonly ops: number | bigint; readonly since: Date } };

/** 'collection.index' of every index that the scripts make. */
async function indexesOfScripts(): Promise<ReadonlySet<string>> {
  const commands = (await deployScripts()).flatMap((script) => script.commands);
  return new Set(
    commands.flatMap(({ createIndexes, indexes = [] }) => (indexes as Document[]).map((index) => `${createIndexes}.${index.name}`)),
  );
}
