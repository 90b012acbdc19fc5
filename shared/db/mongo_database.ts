import {
  type Db,
  type Document,
  type Filter,
  MongoClient,
  MongoNetworkError,
  MongoServerError,
  MongoSystemError,
  type Sort,
  type UpdateFilter,
} from 'mongodb';
import type { Deadline } from '../domain/deadline.ts';
import { openedOnce } from '../domain/opened_once.ts';
import { orAborted } from '../domain/or_aborted.ts';
import { ToolError } from '../domain/tool_error.ts';

/** A document as a collection keeps it: known by an id that its writer gave it. */
export type StoredDocument = { readonly _id: string } & Document;

/** A question with an end: what to give of each document, and of how many at most. */
export type BoundedFind = {
  readonly filter: Filter<StoredDocument>;
  readonly projection: Document;
  readonly sort?: Sort | undefined;
  readonly limit: number;
};

/** What to do to the first document that a filter finds: operators, or the stages of a pipeline. */
export type Update = UpdateFilter<StoredDocument> | Document[];

/**
 * A MongoDB database behind one client. Writes are acknowledged by a majority and tried once more when a connection or a primary is lost
 * under them, counted once; reads see what a majority has.
 *
 * Errors: ToolError 'timeout' when the deadline passes (the server stops the command by then too), 'unavailable' when the database cannot be
 * reached or has no primary, 'internal' when a document breaks the rules of its collection; every other error as it came.
 */
export interface MongoDatabase {
  /** The driver's own, for what is read as a stream; whoever uses them connects first. */
  readonly client: MongoClient;
  readonly db: Db;
  /** Connects where nobody has. A server that was away is looked for again by the next who asks. */
  connect(): Promise<void>;
  find(collection: string, asked: BoundedFind, deadline: Deadline): Promise<Document[]>;
  /** False when a document with one of its unique keys is there already. */
  insertNew(collection: string, document: StoredDocument, deadline: Deadline): Promise<boolean>;
  /** Whether the filter found a document to update. */
  update(collection: string, filter: Filter<StoredDocument>, update: Update, deadline: Deadline): Promise<boolean>;
  /** The same, giving what the projection shows of the document as it is afterwards. */
  updated(
    collection: string,
    filter: Filter<StoredDocument>,
    update: Update,
    projection: Document,
    deadline: Deadline,
  ): Promise<Document | undefined>;
  close(): Promise<void>;
}

export type MongoOptions = {
  /** Shown in currentOp and in the server's log. */
  readonly applicationName: string;
  /** What callers know it by: 'PromptContent'. */
  readonly called: string;
  /** The variable its address is read from. */
  readonly setting: string;
  readonly maxConnections: number;
};

// The driver declares timeoutMS, which bounded an operation as a whole, deprecated and without effect. Each stage has a limit of its own instead;
// the deadline of a call ends the waiting.
const SELECTION_MS = 5_000;
const WAIT_FOR_CONNECTION_MS = 5_000;
const SILENCE_MS = 60_000;
const MAJORITY_MS = 10_000;

const DUPLICATE_KEY = 11_000;

/** Opens a client. Connects nowhere yet: the first command does. Errors: ToolError 'unavailable' for an address that says nothing. */
export function openMongo(url: string, options: MongoOptions): MongoDatabase {
  const client = newClient(url, options);
  const db = client.db(databaseOf(url));
  // The driver connects by itself, too, but a client that found no server that way never looks again (seen with 7.9).
  const connect = openedOnce(async () => void (await client.connect()));
  const collectionOf = (name: string) => db.collection<StoredDocument>(name);

  const within = async <T>(deadline: Deadline, work: (limits: { readonly maxTimeMS: number }) => Promise<T>): Promise<T> => {
    if (deadline.signal.aborted) throw timedOut();
    try {
      await orAborted(connect(), deadline.signal);
      // 0 would be no limit.
      return await orAborted(work({ maxTimeMS: Math.max(1, Math.ceil(deadline.remainingMs())) }), deadline.signal);
    } catch (error) {
      throw deadline.signal.aborted ? timedOut(error) : asToolError(error, options.called);
    }
  };

  return {
    client,
    db,
    connect,
    find: (collection, { filter, projection, sort, limit }, deadline) =>
      within(deadline, (limits) =>
        collectionOf(collection)
          // One batch: so small a question leaves no cursor behind.
          .find(filter, { ...limits, projection, limit, batchSize: limit + 1, ...(sort === undefined ? {} : { sort }) })
          .toArray(),
      ),
    insertNew: (collection, document, deadline) =>
      within(deadline, async (limits) => {
        try {
          await collectionOf(collection).insertOne(document, limits);
          return true;
        } catch (error) {
          if (codeOf(error) === DUPLICATE_KEY) return false;
          throw error;
        }
      }),
    update: (collection, filter, update, deadline) =>
      within(deadline, async (limits) => (await collectionOf(collection).updateOne(filter, update, limits)).matchedCount > 0),
    updated: (collection, filter, update, projection, deadline) =>
      within(
        deadline,
        async (limits) =>
          (await collectionOf(collection).findOneAndUpdate(filter, update, { ...limits, projection, returnDocument: 'after' })) ??
          undefined,
      ),
    close: () => client.close(),
  };
}

function newClient(url: string, options: MongoOptions): MongoClient {
  try {
    return new MongoClient(url, {
      appName: options.applicationName,
      maxPoolSize: options.maxConnections,
      readConcern: { level: 'majority' },
      writeConcern: { w: 'majority', wtimeoutMS: MAJORITY_MS },
      readPreference: 'primary',
      retryReads: true,
      retryWrites: true,
      ignoreUndefined: true,
      serverSelectionTimeoutMS: SELECTION_MS,
      connectTimeoutMS: SELECTION_MS,
      waitQueueTimeoutMS: WAIT_FOR_CONNECTION_MS,
      socketTimeoutMS: SILENCE_MS,
    });
  } catch (error) {
    // What the parser complains about quotes the address.
    throw new ToolError('unavailable', `The address of ${options.called} is not one that MongoDB's driver understands.`, {
      remedy: `An administrator corrects ${options.setting}: mongodb://login:password@host:27017/promptcontent?replicaSet=rs0.`,
      cause: error instanceof Error ? error.name : undefined,
    });
  }
}

/** The database that the address names; 'promptcontent' where it names none, since the driver's own choice is 'test'. */
function databaseOf(url: string): string {
  const named = /^mongodb(?:\+srv)?:\/\/[^/?]+\/([^?]+)/i.exec(url)?.[1];
  return named === undefined ? 'promptcontent' : decodeURIComponent(named);
}

function timedOut(cause?: unknown): ToolError {
  return new ToolError('timeout', 'The question took longer than a call may take and was stopped.', {
    remedy: 'Ask for a shorter period or fewer rows, or ask again later.',
    cause,
  });
}

/** MaxTimeMSExpired. */
const TOO_LONG = new Set([50]);

/** DocumentValidationFailure. */
const REFUSED = new Set([121]);

/**
 * What a server says when it goes down, comes up, is no primary (any more), does not know who asks, or gets no majority for a write: 6, 7, 89 and
 * 9001 the network's, 11 and 18 a login's, 64 and 100 the majority's.
 */
const NOT_NOW = new Set([6, 7, 11, 18, 64, 89, 91, 100, 133, 189, 262, 8_000, 9_001, 10_058, 10_107, 11_600, 11_602, 13_435, 13_436]);

function asToolError(error: unknown, called: string): unknown {
  if (error instanceof ToolError) return error;
  const code = codeOf(error);
  if (code !== undefined && TOO_LONG.has(code)) return timedOut(error);
  if (code !== undefined && REFUSED.has(code)) {
    // Without the cause: the server tells which values it did not take.
    return new ToolError('internal', `${called} does not take the document: it breaks the rules of its collection.`);
  }
  if (isConnectionFailure(error)) {
    return new ToolError('unavailable', `${called} cannot be reached just now.`, {
      remedy: 'Try again in a few seconds; `promptsales status` shows which part is down.',
      retryAfterSeconds: 5,
      cause: error,
    });
  }
  return error;
}

/** What the driver throws while it has no connection to give; it exports no class for the first three. */
const NO_CONNECTION = new Set([
  'MongoPoolClosedError',
  'MongoWaitQueueTimeoutError',
  'MongoPoolClearedError',
  'MongoServerClosedError',
  'MongoTopologyClosedError',
  'MongoNotConnectedError',
]);

function isConnectionFailure(error: unknown): boolean {
  if (error instanceof MongoNetworkError || error instanceof MongoSystemError) return true;
  const code = codeOf(error);
  return error instanceof Error && (NO_CONNECTION.has(error.name) || (code !== undefined && NOT_NOW.has(code)));
}

/** The server's number for an error, undefined when it is none of a server's. */
export function codeOf(error: unknown): number | undefined {
  return error instanceof MongoServerError && typeof error.code === 'number' ? error.code : undefined;
}
