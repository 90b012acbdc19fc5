import { selfCommand } from '../../shared/config/self_command.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { version } from '../../shared/config/version.ts';
import { EMBEDDED_VARIABLE } from '../../shared/stack/program.ts';
import { describeError, StackError } from '../../shared/stack/stack_error.ts';

/**
 * `promptsales internal <part>`: the processes the supervisor starts. Returns the exit code; each part is loaded alone, since they all
 * start together when the stack does.
 */
export async function runInternal(part: string, settings: Settings): Promise<number> {
  switch (part) {
    case 'supervisor': {
      const { runSupervisor } = await import('../../shared/stack/supervisor.ts');
      return runSupervisor({ selfCommand: selfCommand(), version }, settings);
    }
    case 'valkey': {
      const { runValkeyChild } = await import('../../shared/stack/valkey_child.ts');
      await runValkeyChild();
      return 0;
    }
    case 'serve': {
      const { runServe } = await import('./serve.ts');
      await runServe(settings);
      return 0;
    }
    case 'prepare':
      return prepare(settings);
    case 'etl':
      return watchEtl(settings);
    default:
      process.stderr.write(`There is no part '${part}'.\n`);
      return 2;
  }
}

/** Prepares the data, a line of JSON on standard output for each step; so too the reason when it fails. */
async function prepare(settings: Settings): Promise<number> {
  const print = (line: object) => void process.stdout.write(`${JSON.stringify(line)}\n`);
  try {
    const { runPrepare } = await import('./prepare.ts');
    const embedded = new Set((process.env[EMBEDDED_VARIABLE] ?? '').split(' '));
    const owned = (['ads', 'crm', 'content'] as const).filter((source) => embedded.has(source));
    return await runPrepare(settings, print, { owned, ownsHub: embedded.has('hubAdmin') });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    const remedy = error instanceof StackError ? error.remedy : 'Start again: it goes on where it stopped.';
    print({ failure: { message: error instanceof StackError ? error.message : describeError(error), remedy } });
    return 1;
  }
}

async function watchEtl(settings: Settings): Promise<number> {
  const { followSupervisor } = await import('../../shared/stack/lifeline.ts');
  const { runEtl } = await import('./etl.ts');
  const { ads, crm, content, hubEtl, redis } = settings.urls;
  if (ads === undefined || crm === undefined || content === undefined || hubEtl === undefined) {
    throw new StackError('The schedule needs the addresses of the hub and of all three sources.', 'Let `promptsales up` start it.');
  }
  // The schedule ends on SIGTERM, letting the round under way finish.
  followSupervisor(() => process.kill(process.pid, 'SIGTERM'));
  return runEtl('watch', {}, settings, { ads, crm, content, hubEtl, redis });
}
