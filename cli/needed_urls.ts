import { selfCommand } from '../shared/config/self_command.ts';
import type { Settings } from '../shared/config/settings.ts';
import { version } from '../shared/config/version.ts';
import { ensureStack } from '../shared/stack/ensure_stack.ts';
import type { UrlName } from '../shared/stack/program.ts';
import { showProgress } from './start_progress.ts';

/** The addresses that a command needs: as configured, else of the embedded stack, started where none runs. */
export async function neededUrls<Needed extends UrlName>(
  settings: Settings,
  needs: readonly Needed[],
): Promise<Readonly<Record<Needed, string>>> {
  const progress = showProgress(process.stderr);
  try {
    return await ensureStack(settings, { program: { selfCommand: selfCommand(), version }, needs, onProgress: progress.show });
  } finally {
    progress.end();
  }
}
