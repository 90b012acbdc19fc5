import { fillSources } from '../../database/generator/fill_sources.ts';
import { DOCUMENT_CHECKS, prepareSource } from '../../database/postgresql/prepare_source.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import { SOURCE_WRITERS } from '../../shared/stack/source_writers.ts';
import { StackError } from '../../shared/stack/stack_error.ts';
import { sourceUrls } from '../source_urls.ts';
import { showProgress } from '../start_progress.ts';
import { runEtl } from './etl.ts';

/**
 * `promptsales fill`: replaces what the embedded sources hold by generated data of the settings' scale, seed and reference date, then loads
 * the hub. Refuses configured sources: their data is somebody's. Returns the exit code.
 */
export async function runFill(settings: Settings): Promise<number> {
  const { ads, crm, content } = settings.urls;
  if (ads !== undefined || crm !== undefined || content !== undefined) {
    throw new StackError(
      'Only the embedded sources may be filled.',
      'Leave out ADS_DATABASE_URL, CRM_DATABASE_URL and CONTENT_DATABASE_URL.',
    );
  }
  const urls = await sourceUrls(settings);
  const progress = showProgress(process.stdout);
  try {
    const referenceDate = settings.referenceDate ?? systemClock(settings.timeZone).today();
    await fillSources(urls, { seed: settings.seed, referenceDate, scale: settings.scale, onProgress: progress.show });
    for (const { source, rights } of SOURCE_WRITERS) await prepareSource(urls[source], rights);
    await prepareSource(urls.content, DOCUMENT_CHECKS);
  } finally {
    progress.end();
  }
  return runEtl('once', {}, settings, urls);
}
