import { fillSqlServer } from '../../database/generator/fill_sql_server.ts';
import { deploy } from '../../database/sqlserver/deploy.ts';
import { openOwnerSession } from '../../database/sqlserver/owner_session.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { isSqlServerAddress } from '../../shared/db/sql_server_address.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import { StackError } from '../../shared/stack/stack_error.ts';
import { showProgress } from '../start_progress.ts';

export type DeployedDatabase = 'ads' | 'crm';

const DATABASES = {
  ads: {
    subject: 'PromptAds',
    setting: 'ADS_DATABASE_URL',
    folder: 'sqlserver_ads',
    before: ['server/database_options.sql'],
    after: ['first_rules.sql'],
  },
  crm: {
    subject: 'PromptCRM',
    setting: 'CRM_DATABASE_URL',
    folder: 'sqlserver_crm',
    before: ['server/database_options.sql', 'server/master_key.sql'],
    after: [],
  },
} as const;

/**
 * `promptsales deploy ads|crm`: brings PromptAds or PromptCRM on SQL Server to what the project says, and with `fill` puts generated data into an empty one.
 * Both go on where they were cut short. The address is the database's owner's. Returns the exit code.
 */
export async function runDeploySqlServer(
  database: DeployedDatabase,
  { fill, check = false }: { readonly fill: boolean; readonly check?: boolean },
  settings: Settings,
  environment: NodeJS.ProcessEnv = process.env,
  output: NodeJS.WriteStream = process.stdout,
): Promise<number> {
  const { subject, setting, folder, before, after } = DATABASES[database];
  if (check) {
    throw new StackError(
      `--check looks at PromptContent only, not at ${subject}.`,
      'Leave it out: what is deployed already stays as it is.',
    );
  }
  const url = settings.urls[database];
  if (url === undefined || !isSqlServerAddress(url)) {
    throw new StackError(
      `${setting} ${url === undefined ? 'is not set' : 'is no address of SQL Server'}.`,
      `Set it to mssql://owner:password@host:1433/${subject}, of a database that is there.`,
    );
  }
  const session = await openOwnerSession(url).catch((error: unknown) => {
    // The driver's message names the host; the address itself, with its password, stays out.
    throw new StackError(
      `${subject} cannot be reached: ${error instanceof Error ? error.message : 'no reason is told'}`,
      `Check ${setting}.`,
      {
        cause: error,
      },
    );
  });
  const progress = showProgress(output);
  const lines: string[] = [];
  try {
    const { deployed, replaced, unchanged } = await deploy(session, {
      folder,
      before,
      after,
      variables: { MASTER_KEY_PASSWORD: environment.PROMPTSALES_MASTER_KEY_PASSWORD },
      onScript: progress.show,
    });
    lines.push(`${subject}: ${deployed.length} scripts deployed, ${replaced.length} replaced, ${unchanged} as they were`);
    if (fill) {
      const referenceDate = settings.referenceDate ?? systemClock(settings.timeZone).today();
      const { seed, scale } = settings;
      const { rows } = await fillSqlServer(session, { database, seed, scale, referenceDate, onProgress: progress.show });
      for (const [table, count] of Object.entries(rows)) lines.push(`  ${table}: ${count.toLocaleString('en-US')} rows`);
    }
  } finally {
    progress.end();
    await session.close();
  }
  output.write(`${lines.join('\n')}\n`);
  return 0;
}
