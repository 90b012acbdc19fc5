declare const PROMPTSALES_VERSION: string | undefined;
declare const PROMPTSALES_BUILD: string | undefined;

/** The package's version; the bundles carry it, sources are always 'development'. */
export const version = typeof PROMPTSALES_VERSION === 'string' ? PROMPTSALES_VERSION : '0.0.0-development';

/** Names this build of the code: answers cached by another one are not reused. */
export const build = typeof PROMPTSALES_BUILD === 'string' ? PROMPTSALES_BUILD : `development-${process.pid}-${Date.now()}`;
