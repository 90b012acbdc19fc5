import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../../shared/config/settings.ts';
import { followSupervisor } from '../../shared/stack/lifeline.ts';
import type { Program } from '../../shared/stack/program.ts';
import { programFile } from './programs.ts';

/** A small program with the verbs the stack needs, so that the stack is tested without the data and the servers of the real one. */
export function stackProgram(version = '1.0.0'): Program {
  return { selfCommand: [process.execPath, programFile('stack_program'), version], version };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [version = '', ...words] = process.argv.slice(2);
  process.exit(await run(stackProgram(version), words.join(' ')));
}

// Each verb loads what it needs and no more: the tests start hundreds of these.
async function run(program: Program, verb: string): Promise<number> {
  switch (verb) {
    case 'up':
    case 'up detach': {
      const { runUp } = await import('../../cli/commands/up.ts');
      const announce = async ({ http }: { http: string }): Promise<void> => void process.stdout.write(`hello ${http}\n`);
      return runUp({ program, announce, detach: verb === 'up detach' }, await settings());
    }
    case 'down': {
      const { runDown } = await import('../../cli/commands/down.ts');
      return runDown({}, await settings());
    }
    case 'internal supervisor': {
      const { runSupervisor } = await import('../../shared/stack/supervisor.ts');
      return runSupervisor(program, await settings());
    }
    case 'internal valkey': {
      const { runValkeyChild } = await import('../../shared/stack/valkey_child.ts');
      await runValkeyChild();
      return 0;
    }
    case 'internal prepare':
      return prepare();
    case 'internal serve':
      return serve(process.env.PROMPTSALES_HOST, Number(process.env.PROMPTSALES_PORT));
    case 'internal etl':
      return asked();
    default:
      throw new Error(`no such verb: ${verb}`);
  }
}

async function settings(): Promise<Settings> {
  const { readSettings } = await import('../../shared/config/settings.ts');
  return readSettings();
}

/** Ten rows, each committed on its own; a run that was killed is finished by the next. */
async function prepare(): Promise<number> {
  followSupervisor(() => process.exit(3));
  if (process.env.TEST_PREPARE_FAILS !== undefined) {
    process.stdout.write(`${JSON.stringify({ failure: { message: 'The moon is not full.', remedy: 'Wait.' } })}\n`);
    return 1;
  }
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: process.env.ADS_DATABASE_URL });
  await client.connect();
  await client.query('CREATE TABLE IF NOT EXISTS steps (step integer PRIMARY KEY, run uuid NOT NULL)');
  const run = crypto.randomUUID();
  for (let step = 1; step <= 10; step++) {
    await client.query('INSERT INTO steps VALUES ($1, $2) ON CONFLICT DO NOTHING', [step, run]);
    process.stdout.write(`${JSON.stringify({ label: 'steps', done: step, total: 10 })}\n`);
    await new Promise((resolve) => setTimeout(resolve, Number(process.env.TEST_STEP_MS ?? 0)));
  }
  await client.end();
  return 0;
}

async function serve(host: string | undefined, port: number): Promise<number> {
  const server = createServer((_, response) => {
    const { HUB_DATABASE_URL: hub, PROMPTSALES_PLAN_KEY: planKey } = process.env;
    const {
      CONTENT_WRITER_DATABASE_URL: contentWriter,
      ADS_WRITER_DATABASE_URL: adsWriter,
      CRM_WRITER_DATABASE_URL: crmWriter,
    } = process.env;
    response.end(JSON.stringify({ hub, contentWriter, adsWriter, crmWriter, planKey }));
  });
  server.listen(port, host);
  const code = await asked();
  server.closeAllConnections();
  server.close();
  return code;
}

function asked(): Promise<number> {
  // Something must keep the process alive, as a real part's work does.
  const work = setInterval(() => {}, 60_000);
  return new Promise((resolve) => {
    const end = (): void => {
      clearInterval(work);
      resolve(0);
    };
    process.once('SIGTERM', end);
    followSupervisor(end);
  });
}
