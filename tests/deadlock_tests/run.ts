// npm run lab: does every experiment on a PostgreSQL of its own and prints what happened.

import type { LabResult } from './experiment.ts';
import { EXPERIMENTS } from './experiments.ts';
import { openLabWorld } from './lab_world.ts';
import { labReport } from './report.ts';

const world = await openLabWorld();
try {
  const results: LabResult[] = [];
  for (const experiment of EXPERIMENTS) results.push(await experiment(world));
  console.log(labReport(results));
} finally {
  await world.stop();
}
