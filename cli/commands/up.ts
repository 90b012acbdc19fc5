import { selfCommand } from '../../shared/config/self_command.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { version } from '../../shared/config/version.ts';
import { awaitStack, joinStack, type ReadyStack } from '../../shared/stack/ensure_stack.ts';
import { openHome } from '../../shared/stack/home.ts';
import type { Program } from '../../shared/stack/program.ts';
import { describeError, StackError } from '../../shared/stack/stack_error.ts';
import type { StackUrls } from '../../shared/stack/state.ts';
import { supervise } from '../../shared/stack/supervisor.ts';
import { showProgress } from '../start_progress.ts';

export type UpOptions = {
  /** Leave the stack running in the background and return. */
  readonly detach?: boolean;
  /** Called when everything is up, to greet: how to connect a host, what can be asked. */
  readonly announce?: (urls: StackUrls) => Promise<void>;
  /** How the stack starts its own processes; this program by default. */
  readonly program?: Program;
};

/**
 * `promptsales up`: starts the stack and stays with it until it is stopped, or with `detach` until it is up. Where one runs already, it
 * says so and greets all the same. The last line of standard output begins with `ready`. Returns the exit code.
 */
export async function runUp(options: UpOptions, settings: Settings): Promise<number> {
  const program = options.program ?? { selfCommand: selfCommand(), version };
  const announce = options.announce ?? (async () => {});
  const progress = showProgress(process.stdout);
  // The terminal may be closed under us: the stack is then stopped by SIGHUP, and this line is no reason to fail.
  process.stdout.on('error', () => {});
  const greet = async (urls: StackUrls, home: string, howToStop: string): Promise<void> => {
    progress.end();
    await announce(urls).catch((error: unknown) => process.stderr.write(`${describeError(error)}\n`));
    process.stdout.write(`ready: ${urls.http} · data in ${home} · ${howToStop}\n`);
  };
  try {
    const home = await openHome(settings);
    if (options.detach === true) {
      const { urls } = await awaitStack(settings, { program, onProgress: progress.show, keepPort: true });
      await greet(urls, home, 'promptsales down stops it');
      return 0;
    }
    for (;;) {
      const outcome = await supervise({
        program,
        settings,
        onProgress: progress.show,
        onEvent: (text) => process.stderr.write(`${text}\n`),
        onReady: (urls) => greet(urls, home, 'Ctrl-C stops it'),
      });
      if (outcome === 'stopped') return 0;
      const running = await joinStack(home, { program, onProgress: progress.show });
      if (running !== undefined) {
        progress.end();
        process.stdout.write(`${alreadyRunning(running, settings)}\n`);
        await greet(running.urls, home, 'promptsales down stops it');
        return 0;
      }
      // It ended before it was up, or has not yet written that it is there.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } catch (error) {
    progress.end();
    if (!(error instanceof StackError)) throw error;
    process.stderr.write(`${describeError(error)}\n`);
    return 1;
  }
}

function alreadyRunning({ state }: ReadyStack, settings: Settings): string {
  const { scale, seed, referenceDate } = state.settings;
  const asked = { scale: settings.scale, seed: settings.seed, referenceDate: settings.referenceDate ?? referenceDate };
  const differs = scale !== asked.scale || seed !== asked.seed || referenceDate !== asked.referenceDate;
  const made = `scale ${scale}, seed ${seed}${referenceDate === undefined ? '' : `, reference date ${referenceDate}`}`;
  const running = `A stack is already running here (process ${state.supervisor.pid}, since ${state.startedAt}).`;
  return differs ? `${running} It was started with ${made}: stop it first (promptsales down) for other settings.` : running;
}
