import { type Db, MongoError } from 'mongodb';
import { fillMongoContent, NotEmpty } from '../../database/generator/fill_mongo_content.ts';
import { type CollectionState, collectionStates } from '../../database/mongodb/collection_states.ts';
import { ChangedScript, type Deployment, deployContent, undeployed } from '../../database/mongodb/deploy.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { isMongoAddress } from '../../shared/db/mongo_address.ts';
import { openMongo } from '../../shared/db/mongo_database.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import { StackError } from '../../shared/stack/stack_error.ts';
import { type ProgressDisplay, showProgress } from '../start_progress.ts';

/** Less than that is not worth a `compact`, in bytes. */
const WORTH_COMPACTING = 64 * 1024 * 1024;

/**
 * `promptsales deploy content`: brings PromptContent on MongoDB to what the project says, and with `fill` puts generated documents into an empty one.
 * Both go on where they were cut short. With `check` it changes nothing and tells how the collections stand: 1 when there is something to do. The
 * address is the database's owner's. Returns the exit code.
 */
export async function runDeployContent(
  { fill, check = false }: { readonly fill: boolean; readonly check?: boolean },
  settings: Settings,
  output: NodeJS.WriteStream = process.stdout,
): Promise<number> {
  const url = settings.urls.content;
  if (url === undefined || !isMongoAddress(url)) {
    throw new StackError(
      `CONTENT_DATABASE_URL ${url === undefined ? 'is not set' : 'is no address of MongoDB'}.`,
      'Set it to mongodb://owner:password@host:27017/promptcontent?replicaSet=rs0. The embedded stack deploys its own.',
    );
  }
  const database = openMongo(url, {
    applicationName: 'promptsales deploy',
    called: 'PromptContent',
    setting: 'CONTENT_DATABASE_URL',
    maxConnections: 2,
  });
  const progress = showProgress(output);
  try {
    const { lines, code } = check ? await checked(database.db) : await deployed(database.db, fill, settings, progress);
    progress.end();
    output.write(`${lines.join('\n')}\n`);
    return code;
  } catch (error) {
    if (error instanceof ChangedScript) {
      throw new StackError(error.message, 'Put the script back as it was, and what it lacks into a script of its own.', { cause: error });
    }
    if (!(error instanceof MongoError)) throw error;
    throw new StackError(
      `PromptContent on MongoDB does not do it: ${error.message}`,
      'Look at CONTENT_DATABASE_URL, whose login has to own the database, and run it again: it goes on where it stopped.',
      { cause: error },
    );
  } finally {
    progress.end();
    await database.close();
  }
}

type Told = { readonly lines: readonly string[]; readonly code: 0 | 1 };

async function deployed(db: Db, fill: boolean, settings: Settings, progress: ProgressDisplay): Promise<Told> {
  const deployment = await deployContent(db, (label) => progress.show({ label, done: 0, total: 1 }));
  return { lines: [...told(deployment), ...(fill ? await filled(db, settings, progress) : [])], code: 0 };
}

async function filled(db: Db, { seed, scale, referenceDate, timeZone }: Settings, progress: ProgressDisplay): Promise<string[]> {
  const today = referenceDate ?? systemClock(timeZone).today();
  try {
    const rows = Object.entries(await fillMongoContent(db, { seed, scale, referenceDate: today, onProgress: progress.show }));
    if (rows.length === 0) return ['PromptContent was filled with the same before'];
    return rows.map(([collection, count]) => `  ${collection}: ${count.toLocaleString('en-US')} documents`);
  } catch (error) {
    if (!(error instanceof NotEmpty)) throw error;
    throw new StackError(`PromptContent is not empty: ${error.message}.`, 'Fill a database of its own, or leave --fill out.', {
      cause: error,
    });
  }
}

async function checked(db: Db): Promise<Told> {
  const { applied, validators } = await undeployed(db);
  const states = await collectionStates(db);
  const wanting = applied.length + validators.length > 0 || states.some(({ breaking }) => breaking.length > 0);
  return { lines: [missing(applied, validators), ...states.flatMap(shown)], code: wanting ? 1 : 0 };
}

function missing(scripts: readonly string[], validators: readonly string[]): string {
  if (scripts.length + validators.length === 0) return 'PromptContent is as it was deployed';
  return `PromptContent is behind: scripts to apply: ${named(scripts)}; validators to bring: ${named(validators)}`;
}

const named = (names: readonly string[]) => (names.length === 0 ? 'none' : names.join(', '));
const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

function shown({ collection, documents, size, indexSize, free, indexes, breaking }: CollectionState): string[] {
  return [
    `${collection}: ${documents.toLocaleString('en-US')} documents, ${megabytes(size)}, indexes ${megabytes(indexSize)}`,
    ...indexes.map(
      ({ name, uses, since, ours }) =>
        `  index ${name}: ${uses.toLocaleString('en-US')} uses since ${since.toISOString().slice(0, 10)}${ours ? '' : ', made by somebody else'}`,
    ),
    ...(free > size / 2 && free > WORTH_COMPACTING
      ? [`  ${megabytes(free)} of it are empty: db.runCommand({ compact: '${collection}' }) on each member gives them back`]
      : []),
    ...(breaking.length > 0 ? [`  break its rules: ${breaking.join(', ')}`] : []),
  ];
}

function told({ applied, validators, roles, breaking }: Deployment): string[] {
  return [
    `PromptContent: scripts applied: ${named(applied)}; validators changed: ${named(validators)}; roles ${roles}`,
    ...(roles === 'not allowed' ? ['  This login may not make roles: database/mongodb/README.md tells what the other logins need.'] : []),
    ...Object.entries(breaking).map(
      ([collection, count]) =>
        `  ${count >= 1_000 ? '1,000 or more' : count} documents of ${collection} break its rules: they stay until they are written`,
    ),
  ];
}
