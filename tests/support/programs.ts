import { join } from 'node:path';
import { packageRoot } from '../../shared/config/package_root.ts';

/** Programs that tests start again and again, by name, and the module each begins with. */
export const PROGRAMS = {
  promptsales: 'cli/promptsales.ts',
  sample_stdio: 'tests/support/sample_stdio.ts',
  stack_program: 'tests/support/stack_program.ts',
} as const;

/** The folder of the programs as this run of the tests has built them. */
export const BUILT_PROGRAMS = 'TEST_PROGRAMS';

/** The file to start: as the run has built it from the sources (see prepare_run.ts), outside a run the source itself. */
export function programFile(name: keyof typeof PROGRAMS): string {
  const built = process.env[BUILT_PROGRAMS];
  return built === undefined ? join(packageRoot(), PROGRAMS[name]) : join(built, `${name}.mjs`);
}
