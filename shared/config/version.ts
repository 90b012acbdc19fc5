import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package_root.ts';

declare const PROMPTSALES_VERSION: string | undefined;
declare const PROMPTSALES_BUILD: string | undefined;

/** Whether this code runs from dist/ and not from the sources. */
export const isBundled = typeof PROMPTSALES_BUILD === 'string';

/** The package's version; a bundle carries it and need not look. */
export const version: string = typeof PROMPTSALES_VERSION === 'string' ? PROMPTSALES_VERSION : versionInPackage();

/** Names this build of the code: answers cached by another one are not reused. */
export const build: string = typeof PROMPTSALES_BUILD === 'string' ? PROMPTSALES_BUILD : `sources-${process.pid}-${Date.now()}`;

function versionInPackage(): string {
  const { version: found } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  return found;
}
