import type { Db } from 'mongodb';
import type { MongoDatabase } from '../../shared/db/mongo_database.ts';
import type { Deadline } from '../../shared/domain/deadline.ts';
import { storedDocument } from '../../shared/sources/bson_document.ts';
import { COLLECTION_NAMES } from '../../shared/sources/content_collections.ts';
import { type GeneratedDocument, generatedContent } from './content_collections.ts';
import type { Fill, FillOptions } from './fill_sources.ts';
import { GENERATOR_VERSION } from './scales.ts';

const FILL = 'promptsales_fill';
const DOCUMENTS_A_WRITE = 500;
const DUPLICATE_KEY = 11_000;

/** A database that holds other data than what it is to be filled with: nothing of that is touched. */
export class NotEmpty extends Error {
  override readonly name = 'NotEmpty';
}

type Mark = Fill & { readonly _id: 'content'; readonly done: boolean };
type Stored = { readonly _id: string };

/**
 * Puts the generated documents into a PromptContent on MongoDB that has its collections and no document. Same seed, date and scale, same
 * documents; a fill that was cut short is finished by the next with the same of them. Returns how many documents each collection was filled
 * with, none where that had been done before. Errors: {@link NotEmpty}, RangeError for a reference date that is no day, the server's.
 */
export async function fillMongoContent(
  db: Db,
  { seed, referenceDate, scale, onProgress }: FillOptions,
): Promise<Readonly<Record<string, number>>> {
  const fill: Fill = { seed, referenceDate, scale, generatorVersion: GENERATOR_VERSION };
  const collections = generatedContent(seed, referenceDate, scale);
  if (await wasFilled(db, fill)) return {};
  const rows: Record<string, number> = {};
  for (const [done, { collection, documents }] of collections.entries()) {
    onProgress({ label: collection, done, total: collections.length });
    const made = documents();
    for (let from = 0; from < made.length; from += DOCUMENTS_A_WRITE) {
      await insertMissing(db, collection, made.slice(from, from + DOCUMENTS_A_WRITE));
    }
    rows[collection] = made.length;
  }
  await db.collection<Mark>(FILL).updateOne({ _id: 'content' }, { $set: { done: true } });
  onProgress({ label: 'PromptContent filled', done: collections.length, total: collections.length });
  return rows;
}

/** What a PromptContent on MongoDB was filled with; undefined when it has no complete fill of this version. Errors: MongoDatabase's. */
export async function readContentFill(database: MongoDatabase, deadline: Deadline): Promise<Fill | undefined> {
  const projection = { _id: 0, seed: 1, referenceDate: 1, scale: 1, generatorVersion: 1 };
  const filter = { _id: 'content', done: true, generatorVersion: GENERATOR_VERSION };
  const [fill] = await database.find(FILL, { filter, projection, limit: 1 }, deadline);
  return fill as Fill | undefined;
}

/** Whether this fill is done; else it is marked as begun. */
async function wasFilled(db: Db, fill: Fill): Promise<boolean> {
  const marks = db.collection<Mark>(FILL);
  const mark = await marks.findOne({ _id: 'content' }, { projection: { _id: 0 } });
  if (mark !== null) {
    const { done, ...before } = mark;
    if (Object.entries(fill).every(([name, value]) => before[name as keyof Fill] === value)) return done;
    throw new NotEmpty(`it was filled with seed ${before.seed}, date ${before.referenceDate} and scale ${before.scale}`);
  }
  for (const name of COLLECTION_NAMES) {
    if ((await db.collection(name).findOne({}, { projection: { _id: 1 } })) !== null) throw new NotEmpty(`there are documents in ${name}`);
  }
  await marks.insertOne({ _id: 'content', ...fill, done: false });
  return false;
}

/** Those that a fill before this one has written are the same. */
async function insertMissing(db: Db, collection: string, documents: readonly GeneratedDocument[]): Promise<void> {
  try {
    await db.collection<Stored>(collection).insertMany(
      documents.map(({ id, document }) => storedDocument(id, document)),
      { ordered: false },
    );
  } catch (error) {
    if (!areThereAlready(error)) throw error;
  }
}

function areThereAlready(error: unknown): boolean {
  if (!(error instanceof Error) || !('writeErrors' in error) || !('result' in error)) return false;
  const failures = [error.writeErrors].flat() as readonly { readonly code?: number }[];
  const { getWriteConcernError } = error.result as { readonly getWriteConcernError?: () => unknown };
  const unsure = getWriteConcernError?.call(error.result) !== undefined;
  return failures.length > 0 && !unsure && failures.every(({ code }) => code === DUPLICATE_KEY);
}
