import { selfCommand } from '../config/self_command.ts';
import type { Settings } from '../config/settings.ts';
import { version } from '../config/version.ts';
import type { Located } from './connections.ts';

/**
 * Where the hub and Redis are: as the settings say, else those of the embedded stack, which is started where none runs; then also its ways
 * into the sources that servers write, and its key for plans. In production nothing is embedded, and what is missing is named. Throws StackError.
 */
export async function locateAddresses(settings: Settings, progress: (message: string) => void): Promise<Located> {
  const { hub, redis } = settings.urls;
  if (hub !== undefined && !settings.production) return { addresses: { hub, redis } };
  const { requireEmbeddable } = await import('../stack/embedded_parts.ts');
  requireEmbeddable(settings, ['hub', 'redis']);
  if (hub !== undefined) return { addresses: { hub, redis } };

  const { awaitStack } = await import('../stack/ensure_stack.ts');
  const { state, urls, planKey } = await awaitStack(settings, {
    program: { selfCommand: selfCommand(), version },
    onProgress: ({ label, done, total }) => progress(total === 0 ? label : `${label}: ${Math.floor((100 * done) / total)} %`),
  });
  return {
    addresses: { hub: urls.hub, redis: redis ?? urls.redis },
    referenceDate: state.settings.referenceDate,
    writers: { contentWriter: urls.contentWriter, adsWriter: urls.adsWriter, crmWriter: urls.crmWriter },
    planKey,
  };
}
