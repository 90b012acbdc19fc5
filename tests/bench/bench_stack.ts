import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { packageRoot } from '../../shared/config/package_root.ts';
import { readStack, type StackUrls } from '../../shared/stack/state.ts';

const run = promisify(execFile);

/** A running stack of the full data set, and what its first start cost when this run made it. */
export type BenchStack = {
  readonly home: string;
  readonly urls: StackUrls;
  readonly startedInMs: number | undefined;
  readonly stop: () => Promise<void>;
};

const LOADED_WITHIN_MS = 300_000;

/**
 * The stack that figures are measured on: the bundle's own, at full scale, in a home beside the temporary files, which later
 * runs use again. One that already runs there is left running.
 */
export async function startBenchStack(): Promise<BenchStack> {
  const home = process.env['PROMPTSALES_BENCH_HOME'] ?? join(tmpdir(), 'promptsales-bench');
  await mkdir(home, { recursive: true, mode: 0o755 });
  const environment = { ...process.env, PROMPTSALES_HOME: home, PROMPTSALES_PORT: '0', PROMPTSALES_SCALE: 'full' };
  const cli = (...verb: string[]) => run(process.execPath, [join(packageRoot(), 'dist', 'promptsales.mjs'), ...verb], { env: environment });
  const running = readStack(home)?.phase === 'ready';
  const began = performance.now();
  if (!running) await cli('up', '--detach');
  const startedInMs = running ? undefined : performance.now() - began;
  const urls = readStack(home)?.urls;
  if (urls === undefined) throw new Error(`the stack in ${home} is not up`);
  await untilLoaded(urls.hub);
  return {
    home,
    urls,
    startedInMs,
    stop: async () => {
      if (!running) await cli('down');
    },
  };
}

/** A stack that is ready goes on encrypting who the customers are: what is measured meanwhile is slow because of that. */
async function untilLoaded(hubUrl: string): Promise<void> {
  const end = performance.now() + LOADED_WITHIN_MS;
  const hub = new pg.Client({ connectionString: hubUrl });
  await hub.connect();
  try {
    for (;;) {
      const { rows } = await hub.query(`SELECT FROM etl.watermarks WHERE table_name = 'crm.identities' AND position <> ''`);
      if (rows.length > 0) return;
      if (performance.now() > end) throw new Error(`who the customers are is not in the hub after ${LOADED_WITHIN_MS} ms`);
      await sleep(500);
    }
  } finally {
    await hub.end();
  }
}
