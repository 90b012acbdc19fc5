import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cascadingDeadlock } from './cascading_deadlock.ts';
import { dirtyRead } from './dirty_read.ts';
import type { LabResult, LabRun } from './experiment.ts';
import { EXPERIMENTS } from './experiments.ts';
import { incorrectSummary } from './incorrect_summary.ts';
import { type LabWorld, openLabWorld } from './lab_world.ts';
import { lostUpdate } from './lost_update.ts';
import { labReport } from './report.ts';
import { type SeparateRun, separateClients } from './separate_clients.ts';

let world: LabWorld;
const results = new Map<(world: LabWorld) => Promise<LabResult>, LabResult>();

beforeAll(async () => {
  world = await openLabWorld();
});

afterAll(async () => {
  await world?.stop();
});

/** Does the experiment, once; its runs by what their titles begin with. */
async function done(experiment: (world: LabWorld) => Promise<LabResult>): Promise<(begins: string) => LabRun> {
  const { runs } = await resultOf(experiment);
  return (begins) => {
    const run = runs.find(({ title }) => title.startsWith(begins));
    if (run === undefined) throw new Error(`no run begins with ${begins}`);
    return run;
  };
}

async function resultOf(experiment: (world: LabWorld) => Promise<LabResult>): Promise<LabResult> {
  const result = results.get(experiment) ?? (await experiment(world));
  results.set(experiment, result);
  return result;
}

async function allResults(): Promise<readonly LabResult[]> {
  const all: LabResult[] = [];
  for (const experiment of EXPERIMENTS) all.push(await resultOf(experiment));
  return all;
}

const wrongSums = ({ sums }: LabRun): readonly string[] =>
  sums.filter(({ after, right }) => after !== right).map(({ of, after, right }) => `${of}: ${after}, not ${right}`);
const victimsOf = ({ victims }: LabRun): readonly string[] => victims.map(({ session, reason }) => `${session} ${reason}`);

describe('the concurrency laboratory (Q1)', () => {
  it('has three transactions deadlock one after another, does the victims again, and ends with the right sums', async () => {
    const run = await done(cascadingDeadlock);
    const provoked = run('Provoked');
    expect(victimsOf(provoked)).toEqual(['T3 40P01 deadlock detected', 'T2 40P01 deadlock detected']);
    expect(wrongSums(provoked)).toEqual([]);
    const fixed = run('Fixed');
    expect(victimsOf(fixed)).toEqual([]);
    expect(wrongSums(fixed)).toEqual([]);
  });

  it('has the product’s own plans meet without a deadlock: who comes too late is told of the conflict', async () => {
    const run = await done(cascadingDeadlock);
    const product = run('The product');
    expect(victimsOf(product)).toEqual(['a plan conflict', 'a plan conflict']);
    expect(wrongSums(product)).toEqual([]);
  });

  it('shows no dirty read, asked for or not: PostgreSQL has none', async () => {
    const run = await done(dirtyRead);
    expect(wrongSums(run('Tried'))).toEqual([]);
    expect(wrongSums(run('The level'))).toEqual([]);
  });

  it('loses an update under READ COMMITTED, and in none of three ways of doing it right', async () => {
    const run = await done(lostUpdate);
    expect(wrongSums(run('Provoked'))).toEqual(['planned on facebook: 325.00, not 375.00', 'planned in all: 1025.00, not 1075.00']);
    expect(victimsOf(run('Provoked'))).toEqual([]);
    expect(victimsOf(run('Detected'))).toEqual(['T2 40001 could not serialize access due to concurrent update']);
    expect(victimsOf(run('Fixed'))).toEqual([]);
    expect(victimsOf(run('The product'))).toEqual(['T2 conflict']);
    for (const way of ['Detected', 'Fixed', 'The product']) expect(wrongSums(run(way))).toEqual([]);
  });

  it('adds a moved lead up twice statement by statement, and once in one snapshot', async () => {
    const run = await done(incorrectSummary);
    expect(wrongSums(run('Provoked'))).toEqual(['pipeline as reported: 1000.00, not 750.00']);
    expect(wrongSums(run('Fixed'))).toEqual([]);
  });

  it('has two processes deadlock; the victim finishes its work by itself, and in the order of the keys there is none', async () => {
    const run = await done(separateClients);
    const provoked = run('Provoked') as SeparateRun;
    expect(new Set([...provoked.processIds, process.pid]).size).toBe(3);
    expect(victimsOf(provoked)).toEqual(['client 2 40P01 deadlock detected']);
    expect(wrongSums(provoked)).toEqual([]);
    expect(victimsOf(run('Fixed'))).toEqual([]);
    expect(wrongSums(run('Fixed'))).toEqual([]);
  });

  it('tells everything in one report', async () => {
    await expect(labReport(await allResults())).toMatchFileSnapshot('__snapshots__/report.md');
  });
});

describe('the T-SQL scripts of the laboratory', () => {
  const folder = join(import.meta.dirname, 'sqlserver');

  it('number their steps as the live run that provokes the anomaly does, window for session', async () => {
    for (const { name, runs } of await allResults()) {
      const live = (runs[0]?.events ?? []).flatMap(({ step, session }) =>
        step === null ? [] : [`${step} in ${session.replace(/\D+/, 'window ')}`],
      );
      expect([name, await stepsOf(join(folder, name))]).toEqual([name, live]);
    }
  });

  it('have the fix beside what it mends', async () => {
    for (const { name } of await allResults()) expect(await readdir(join(folder, name))).toContain('fixed.sql');
  });
});

/** The numbered steps of the windows in a folder, in their order. */
async function stepsOf(folder: string): Promise<readonly string[]> {
  const windows = (await readdir(folder)).filter((file) => /^window_\d\.sql$/.test(file));
  const steps = await Promise.all(
    windows.map(async (file) => {
      const text = await readFile(join(folder, file), 'utf8');
      return [...text.matchAll(/^-- Step (\d+):/gm)].map(([, step]) => ({
        step: Number(step),
        window: `window ${file.replace(/\D+/g, '')}`,
      }));
    }),
  );
  return steps
    .flat()
    .sort((one, other) => one.step - other.step)
    .map(({ step, window }) => `${step} in ${window}`);
}
