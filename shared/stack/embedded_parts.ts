import type { Settings } from '../config/settings.ts';
import { PLAN_KEY_VARIABLE, type ProvidedName, URL_VARIABLES, type UrlName } from './program.ts';
import { SOURCE_WRITERS } from './source_writers.ts';
import { StackError } from './stack_error.ts';

type Configured = Pick<Settings, 'urls' | 'planKey'>;

/** What is read in one place and written in another when only some of its addresses are configured. */
const CONFIGURED_TOGETHER: readonly { readonly subject: string; readonly names: readonly UrlName[] }[] = [
  { subject: 'The hub', names: ['hub', 'hubEtl', 'hubAdmin'] },
  ...SOURCE_WRITERS.map(({ subject, source, name }) => ({ subject, names: [source, name] })),
];

/** Which of these nobody configured, so that the embedded stack has to provide them. */
export function missingSettings<Name extends ProvidedName>(settings: Configured, needed: readonly Name[]): Name[] {
  return needed.filter((name) => (name === 'planKey' ? settings.planKey : settings.urls[name as UrlName]) === undefined);
}

/**
 * Throws {@link StackError} when the embedded stack must not provide what is missing: in production it provides nothing, and a database
 * that is half configured would be read in one place and written in another.
 */
export function requireEmbeddable(settings: Configured & Pick<Settings, 'production'>, needed: readonly ProvidedName[]): void {
  const missing = missingSettings(settings, needed).map(variableOf);
  if (settings.production && missing.length > 0) {
    throw new StackError(
      `With PROMPTSALES_ENV=production nothing runs embedded, and ${list(missing)} ${missing.length === 1 ? 'is' : 'are'} not set.`,
      `Set ${list(missing)}, or leave out PROMPTSALES_ENV to try the embedded stack.`,
    );
  }
  for (const { subject, names } of CONFIGURED_TOGETHER) {
    const together = names.filter((name) => needed.includes(name));
    const missingHere = missingSettings(settings, together).map(variableOf);
    if (missingHere.length === 0 || missingHere.length === together.length) continue;
    throw new StackError(
      `${subject} is configured in part: ${list(missingHere)} ${missingHere.length === 1 ? 'is' : 'are'} not set.`,
      `Set ${list(names.map(variableOf))} together, or none of them.`,
    );
  }
}

function variableOf(name: ProvidedName): string {
  return name === 'planKey' ? PLAN_KEY_VARIABLE : URL_VARIABLES[name];
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
