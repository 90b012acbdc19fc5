import type { EtlUrls } from '../etl/connections.ts';
import { selfCommand } from '../shared/config/self_command.ts';
import type { Settings } from '../shared/config/settings.ts';
import { version } from '../shared/config/version.ts';
import { ensureStack } from '../shared/stack/ensure_stack.ts';
import { showProgress } from './start_progress.ts';

/** The addresses the ETL works with: as configured, else of the embedded stack, started where none runs. */
export async function sourceUrls(settings: Settings): Promise<EtlUrls> {
  const progress = showProgress(process.stderr);
  try {
    return await ensureStack(settings, {
      program: { selfCommand: selfCommand(), version },
      needs: ['ads', 'crm', 'content', 'hubEtl', 'redis'],
      onProgress: progress.show,
    });
  } finally {
    progress.end();
  }
}
