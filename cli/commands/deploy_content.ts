import { fillMongoContent, NotEmpty } from '../../database/generator/fill_mongo_content.ts';
import { type Deployment, deployContent } from '../../database/mongodb/deploy.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { openMongo } from '../../shared/db/mongo_database.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import { StackError } from '../../shared/stack/stack_error.ts';
import { showProgress } from '../start_progress.ts';

/**
 * `promptsales deploy content`: brings PromptContent on MongoDB to what the project says, and with `fill` puts generated documents into an empty one.
 * Both go on where they were cut short. The address is the database's owner's. Returns the exit code.
 */
export async function runDeployContent(
  { fill }: { readonly fill: boolean },
  settings: Settings,
  output: NodeJS.WriteStream = process.stdout,
): Promise<number> {
  const url = settings.urls.content;
  if (url === undefined || !/^mongodb(\+srv)?:\/\//i.test(url)) {
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
  const lines: string[] = [];
  try {
    const deployment = await deployContent(database.db, (label) => progress.show({ label, done: 0, total: 1 }));
    lines.push(...told(deployment));
    if (fill) {
      const referenceDate = settings.referenceDate ?? systemClock(settings.timeZone).today();
      const { seed, scale } = settings;
      const rows = await fillMongoContent(database.db, { seed, scale, referenceDate, onProgress: progress.show });
      if (Object.keys(rows).length === 0) lines.push('PromptContent was filled with the same before');
      for (const [collection, count] of Object.entries(rows)) lines.push(`  ${collection}: ${count.toLocaleString('en-US')} documents`);
    }
  } catch (error) {
    if (!(error instanceof NotEmpty)) throw error;
    throw new StackError(`PromptContent is not empty: ${error.message}.`, 'Fill a database of its own, or leave --fill out.', {
      cause: error,
    });
  } finally {
    progress.end();
    await database.close();
  }
  output.write(`${lines.join('\n')}\n`);
  return 0;
}

function told({ applied, validators, roles, breaking }: Deployment): string[] {
  const named = (names: readonly string[]) => (names.length === 0 ? 'none' : names.join(', '));
  return [
    `PromptContent: scripts applied: ${named(applied)}; validators changed: ${named(validators)}; roles ${roles}`,
    ...(roles === 'not allowed'
      ? ['  This login may not make roles: database/mongodb/design/README.md tells what the other logins need.']
      : []),
    ...Object.entries(breaking).map(
      ([collection, count]) =>
        `  ${count >= 1_000 ? '1,000 or more' : count} documents of ${collection} break its rules: they stay until they are written`,
    ),
  ];
}
