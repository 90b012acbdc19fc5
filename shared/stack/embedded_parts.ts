import type { Settings } from '../config/settings.ts';
import { URL_VARIABLES, type UrlName } from './program.ts';
import { StackError } from './stack_error.ts';

/** Which addresses nobody configured, so that the embedded stack has to provide them. */
export function missingUrls(settings: Pick<Settings, 'urls'>, needed: readonly UrlName[]): UrlName[] {
  return needed.filter((name) => settings.urls[name] === undefined);
}

/**
 * Throws {@link StackError} when the embedded stack must not provide what is missing: in production it provides nothing, and a hub
 * that is half configured would be read in one place and written in another.
 */
export function requireEmbeddable(settings: Pick<Settings, 'urls' | 'production'>, needed: readonly UrlName[]): void {
  const missing = missingUrls(settings, needed).map((name) => URL_VARIABLES[name]);
  if (settings.production && missing.length > 0) {
    throw new StackError(
      `With PROMPTSALES_ENV=production nothing runs embedded, and ${list(missing)} ${missing.length === 1 ? 'is' : 'are'} not set.`,
      `Set ${list(missing)}, or leave out PROMPTSALES_ENV to try the embedded stack.`,
    );
  }
  const hub = (['hub', 'hubEtl', 'hubAdmin'] as const).filter((name) => needed.includes(name));
  const missingHub = hub.filter((name) => settings.urls[name] === undefined).map((name) => URL_VARIABLES[name]);
  if (missingHub.length > 0 && missingHub.length < hub.length) {
    throw new StackError(
      `The hub is configured in part: ${list(missingHub)} ${missingHub.length === 1 ? 'is' : 'are'} not set.`,
      'Set HUB_DATABASE_URL, HUB_ETL_DATABASE_URL and HUB_ADMIN_DATABASE_URL together, or none of them.',
    );
  }
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
