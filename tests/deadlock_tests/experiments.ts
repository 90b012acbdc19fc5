import { cascadingDeadlock } from './cascading_deadlock.ts';
import { dirtyRead } from './dirty_read.ts';
import type { LabResult } from './experiment.ts';
import { incorrectSummary } from './incorrect_summary.ts';
import type { LabWorld } from './lab_world.ts';
import { lostUpdate } from './lost_update.ts';
import { separateClients } from './separate_clients.ts';

/** Every experiment, in the order of the report. */
export const EXPERIMENTS: readonly ((world: LabWorld) => Promise<LabResult>)[] = [
  cascadingDeadlock,
  dirtyRead,
  lostUpdate,
  incorrectSummary,
  separateClients,
];
