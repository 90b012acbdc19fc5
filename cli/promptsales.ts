import { Command, InvalidArgumentError, Option } from 'commander';
import type { CredentialType } from '../shared/access/credentials.ts';
import { readSettings, type Settings, SettingsError } from '../shared/config/settings.ts';
import { version } from '../shared/config/version.ts';
import type { GenerateOptions } from './commands/generate.ts';
import type { NewUser } from './commands/user.ts';
import { GENERATE_HELP } from './generate/generate_help.ts';

/** As credenciales_cifradas knows them. */
const CREDENTIAL_TYPES: readonly CredentialType[] = ['client_id', 'client_secret', 'api_key', 'access_token', 'refresh_token'];

/** Options of `up` and `fill` that stand for settings. */
type DataOptions = { readonly scale?: 'full' | 'small'; readonly seed?: number; readonly referenceDate?: string };

const program = new Command('promptsales')
  .description('Four MCP servers that answer marketing and sales questions from a company’s own data')
  .version(version)
  .showHelpAfterError()
  .configureHelp({ sortSubcommands: false });

/** Runs a command with the settings of the environment; its number is the exit code. Each command's modules are loaded by itself. */
function run(command: (settings: Settings) => Promise<number | undefined>): Promise<void> {
  return command(readSettings()).then((code) => {
    if (code !== undefined) process.exitCode = code;
  });
}

withDataOptions(program.command('up'))
  .description('start everything, fill it with data, and stay until Ctrl-C')
  .option('--detach', 'leave it running in the background')
  .action((options: DataOptions & { detach?: boolean }) =>
    run(async (settings) => {
      const [{ runUp }, { announcement }, { askOverHttp }, { serverNames }] = await Promise.all([
        import('./commands/up.ts'),
        import('./announce.ts'),
        import('./ask_over_http.ts'),
        import('./servers.ts'),
      ]);
      const announce = async ({ http }: { readonly http: string }) => {
        process.stdout.write(`${await announcement(http, serverNames, askOverHttp(http, 'sales_dashboard'))}\n\n`);
      };
      return runUp({ detach: options.detach === true, announce }, withData(settings, options));
    }),
  );

program
  .command('down')
  .description('stop what `up --detach` or a host has started')
  .action(() => run(async (settings) => (await import('./commands/down.ts')).runDown({}, settings)));

program
  .command('status')
  .description('what runs and where')
  .option('--json', 'for machines, with the passwords in the addresses')
  .action((options: { json?: boolean }) => run(async (settings) => (await import('./commands/status.ts')).runStatus(options, settings)));

program
  .command('doctor')
  .description('look at everything a start needs')
  .option('--remove-orphans', 'delete the database folders whose home is gone')
  .action((options: { removeOrphans?: boolean }) =>
    run(async (settings) => (await import('./commands/doctor.ts')).runDoctor(options, settings)),
  );

program
  .command('mcp')
  .description('serve one MCP server over stdin and stdout: what a host starts')
  .argument('<server>')
  .action((server: string) => run(async (settings) => (await import('./commands/mcp.ts')).runMcp(server, settings)));

program
  .command('call')
  .description('ask one question')
  .argument('<server>')
  .argument('<tool>')
  .argument('[arguments]', 'a JSON object', '{}')
  .option('--json', 'print the whole result')
  .action((server: string, tool: string, args: string, options: { json?: boolean }) =>
    run(async (settings) => (await import('./commands/call.ts')).runCall(server, tool, args, { json: options.json === true }, settings)),
  );

program
  .command('etl')
  .description('load what the sources have changed into the hub')
  .addArgument(program.createArgument('<verb>', 'once | watch | status | replay').choices(['once', 'watch', 'status', 'replay']))
  .option('--json', 'for machines')
  .option('--stream <table>', 'replay: only this one, for example ads.campaigns')
  .action((verb: 'once' | 'watch' | 'status' | 'replay', options: { json?: boolean; stream?: string }) =>
    run(async (settings) => {
      const [{ runEtl }, { sourceUrls }] = await Promise.all([import('./commands/etl.ts'), import('./source_urls.ts')]);
      return runEtl(verb, options, settings, await sourceUrls(settings));
    }),
  );

withDataOptions(program.command('fill'))
  .description('fill the embedded sources anew with generated data, and load it')
  .action((options: DataOptions) => run(async (settings) => (await import('./commands/fill.ts')).runFill(withData(settings, options))));

withDataOptions(program.command('deploy'))
  .description('bring PromptAds or PromptCRM on SQL Server, or PromptContent on MongoDB, to what its project says')
  .addArgument(program.createArgument('<database>', 'ads | crm | content').choices(['ads', 'crm', 'content']))
  .option('--fill', 'put generated data into it, if it is empty')
  .addOption(
    new Option(
      '--check',
      'content: change nothing; tell what is missing, sizes, uses of indexes, and documents that break the rules',
    ).conflicts('fill'),
  )
  .action(
    (database: 'ads' | 'crm' | 'content', { fill = false, check = false, ...data }: DataOptions & { fill?: boolean; check?: boolean }) =>
      run(async (settings) => {
        const asked = withData(settings, data);
        if (database === 'content') return (await import('./commands/deploy_content.ts')).runDeployContent({ fill, check }, asked);
        return (await import('./commands/deploy_sql_server.ts')).runDeploySqlServer(database, { fill, check }, asked);
      }),
  );

program
  .command('inspect')
  .description('open the MCP Inspector on a server; what follows -- goes to the Inspector')
  .argument('<server>')
  .argument('[inspector...]')
  .action((server: string, inspector: string[]) => run(async () => (await import('./commands/inspect.ts')).runInspect(server, inspector)));

program
  .command('session')
  .description('sign users in and out of the servers over HTTP')
  .addArgument(program.createArgument('<verb>', 'open | list | close').choices(['open', 'list', 'close']))
  .argument('[email]')
  .option('--json', 'for machines')
  .action((verb: 'open' | 'list' | 'close', email: string | undefined, options: { json?: boolean }) =>
    run(async (settings) => (await import('./commands/session.ts')).runSession(verb, email, options, settings)),
  );

program
  .command('user')
  .description('the people who may sign in')
  .addArgument(program.createArgument('<verb>', 'add').choices(['add']))
  .argument('<email>')
  .requiredOption('--name <name>', 'full name')
  .addOption(new Option('--role <role>').choices(['marketing', 'sales', 'users', 'admin']).makeOptionMandatory())
  .option('--client <id>', 'the client whose limits and accounts the calls run under; without it the person is one')
  .action((_verb: 'add', email: string, options: NewUser) =>
    run(async (settings) => (await import('./commands/user.ts')).runUserAdd(email, options, settings)),
  );

program
  .command('keys')
  .description('the keys that personal data is encrypted with')
  .addArgument(program.createArgument('<verb>', 'generate | rotate | status').choices(['generate', 'rotate', 'status']))
  .option('--certificate', 'rotate: make a new certificate and wrap the data keys under it')
  .option('--resume', 'rotate: no new keys, only the rest of a rotation that was interrupted')
  .option('--json', 'status: for machines')
  .action((verb: 'generate' | 'rotate' | 'status', options: { certificate?: boolean; resume?: boolean; json?: boolean }) =>
    run(async (settings) => (await import('./commands/keys.ts')).runKeys(verb, options, settings)),
  );

program
  .command('credentials')
  .description('what outside services want to see, encrypted in PromptContent')
  .addArgument(program.createArgument('<verb>', 'set | list | rotate').choices(['set', 'list', 'rotate']))
  .argument('[service]', 'set: the name of the service, such as openai')
  .addArgument(program.createArgument('[type]', 'set: what it is; the value is read from standard input').choices(CREDENTIAL_TYPES))
  .option('--json', 'list: for machines')
  .action((verb: 'set' | 'list' | 'rotate', service: string | undefined, type: CredentialType | undefined, options: { json?: boolean }) =>
    run(async (settings) =>
      (await import('./commands/credentials.ts')).runCredentials(verb, { service, type, json: options.json === true }, settings),
    ),
  );

program
  .command('index')
  .description('the vectors by which images are found by meaning')
  .addArgument(program.createArgument('<verb>', 'status | run').choices(['status', 'run']))
  .option('--json', 'for machines')
  .action((verb: 'status' | 'run', options: { json?: boolean }) =>
    run(async (settings) => {
      const [{ neededUrls }, { runImageIndex }] = await Promise.all([import('./needed_urls.ts'), import('./commands/image_index.ts')]);
      return runImageIndex(verb, options, settings, await neededUrls(settings, ['hub', 'redis']));
    }),
  );

program
  .command('generate')
  .description('write messages for many populations, from a CSV file')
  .requiredOption('--file <segments.csv>', 'a line a population')
  .option('--out <results.csv>', 'where the messages go; left out: segments.results.csv, beside the file')
  .option('--concurrency <number>', 'populations at a time, 1 to 32', workers, 2)
  .addOption(new Option('--priority <priority>', 'in which of the lists they wait').choices(['high', 'normal', 'low']).default('normal'))
  .option('--yes', 'agree to the cost without being asked')
  .addOption(new Option('--max-cost <usd>', 'queue nothing that might bring this run above it').argParser(dollars))
  .option('--skip-bad', 'go on with the other lines when some are wrong')
  .option('--retry-failed', 'try again what failed before')
  .option('--json', 'print a summary for machines')
  .addHelpText('after', () => GENERATE_HELP)
  .action((options: GenerateOptions) => run(async (settings) => (await import('./commands/generate.ts')).runGenerate(options, settings)));

const cache = program.command('cache').description('what Redis holds');

cache
  .command('status')
  .description('how Redis is, and how many keys of each family it holds')
  .option('--json', 'for machines')
  .action((options: { json?: boolean }) =>
    run(async (settings) => (await import('./commands/cache.ts')).runCacheStatus(options, settings)),
  );

cache
  .command('inspect')
  .description('what lies at a key, or which keys a family or pattern has')
  .argument('<key>', "a key, a family such as mcp:tool, or a pattern such as 'mcp:tool:sales_dashboard:*'")
  .option('--limit <number>', 'how many keys at most', wholeNumber, 20)
  .option('--json', 'for machines')
  .action((key: string, options: { json?: boolean; limit: number }) =>
    run(async (settings) => (await import('./commands/cache.ts')).runCacheInspect(key, options, settings)),
  );

cache
  .command('flush')
  .description('delete what can be computed again')
  .argument('<family>', "a family such as mcp:tool, a pattern within one such as 'mcp:tool:sales_dashboard:*', or a key")
  .option('--even <family...>', 'also of these, though they cannot be computed again')
  .option('--dry-run', 'only say how many')
  .option('--yes', 'do not ask')
  .option('--json', 'for machines')
  .action((family: string, options: { even?: string[]; dryRun?: boolean; yes?: boolean; json?: boolean }) =>
    run(async (settings) => (await import('./commands/cache.ts')).runCacheFlush(family, options, settings)),
  );

program
  .command('internal', { hidden: true })
  .argument('<part>')
  .action((part: string) => run(async (settings) => (await import('./commands/internal.ts')).runInternal(part, settings)));

function withDataOptions(command: Command): Command {
  return command
    .addOption(new Option('--scale <scale>', 'how much data').choices(['full', 'small']))
    .addOption(new Option('--seed <number>', 'the same number gives the same data').argParser(wholeNumber))
    .addOption(new Option('--reference-date <date>', 'what counts as today, YYYY-MM-DD').argParser(day));
}

function withData(settings: Settings, { scale, seed, referenceDate }: DataOptions): Settings {
  return {
    ...settings,
    scale: scale ?? settings.scale,
    seed: seed ?? settings.seed,
    referenceDate: referenceDate ?? settings.referenceDate,
  };
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function workers(text: string): number {
  const number = wholeNumber(text);
  if (number < 1 || number > 32) throw new InvalidArgumentError('It must be 1 to 32.');
  return number;
}

function dollars(text: string): string {
  if (!/^\d{1,9}(\.\d{1,12})?$/.test(text)) throw new InvalidArgumentError('It must be an amount such as 5.00.');
  return text;
}

function day(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError('It must be a day such as 2026-11-21.');
  return text;
}

try {
  await program.parseAsync();
} catch (error) {
  // What the user can mend is a sentence; anything else is ours and shows where.
  const isTheirs = error instanceof SettingsError || (error instanceof Error && 'remedy' in error);
  const text = !(error instanceof Error)
    ? String(error)
    : !isTheirs
      ? error.stack
      : 'remedy' in error
        ? `${error.message}\n  ${error.remedy}`
        : error.message;
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
