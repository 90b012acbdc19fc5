import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../scripts/build.ts';
import { packageRoot } from '../../shared/config/package_root.ts';
import { BUILT_PROGRAMS, PROGRAMS } from './programs.ts';
import { TEMPLATES } from './template.ts';

/**
 * Before the first test file: builds the programs that tests start hundreds of times (0.15 s of a core for each start instead of
 * 0.5 s) and makes the folder for templates. Returns what removes both after the last file.
 */
export default async function prepareRun(): Promise<() => Promise<void>> {
  // Among the builds, from where a program finds its package and its dependencies.
  const programs = join(packageRoot(), 'dist', `tests.${process.pid}`);
  const templates = await mkdtemp(join(tmpdir(), 'promptsales-templates-'));
  await chmod(templates, 0o755); // as root, PostgreSQL runs as another user, who has to pass through
  await bundle(PROGRAMS, programs);
  Object.assign(process.env, {
    [BUILT_PROGRAMS]: programs,
    [TEMPLATES]: templates,
  });
  return async () => {
    for (const folder of [programs, templates]) await rm(folder, { recursive: true, force: true });
  };
}
