import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { orphanClusters, possibleDataDirectories } from '../../shared/stack/cluster_place.ts';
import { ensureStack } from '../../shared/stack/ensure_stack.ts';
import { commandLineOf, isRunning, processesIn } from '../../shared/stack/process_identity.ts';
import { readStack } from '../../shared/stack/state.ts';
import {
  down,
  emptyHome,
  everyProcess,
  foreground,
  homeIn,
  one,
  part,
  removeAllHomes,
  removeHomes,
  settingsFor,
  start,
  until,
  usedHome,
} from '../support/stack_homes.ts';
import { stackProgram } from '../support/stack_program.ts';

const run = promisify(execFile);
const AS_ROOT = process.getuid?.() === 0;

afterEach(removeHomes);
afterAll(removeAllHomes);

describe('kill -9', () => {
  it('of supervisor and database together leaves backends whose shared memory the next start survives', async () => {
    const home = await usedHome();
    const killed = await start(home);
    const busy = new pg.Client({ connectionString: killed.urls?.ads });
    busy.on('error', () => {});
    await busy.connect();
    const query = busy.query('SELECT pg_sleep(30)').catch(() => {});
    process.kill(killed.supervisor.pid, 'SIGKILL');
    process.kill(part(killed, 'postgres').process.pid, 'SIGKILL');
    const next = await start(home);
    expect(next.phase).toBe('ready');
    await query;
  });

  it('of the supervisor during the preparation: the next start finishes it', async () => {
    const home = await emptyHome();
    const { child } = foreground(home, { TEST_STEP_MS: '150' });
    const state = await until('some steps', () => {
      const now = readStack(home);
      return now?.progress?.label === 'steps' && now.progress.done >= 3 && now;
    });
    process.kill(state.supervisor.pid, 'SIGKILL');
    await once(child, 'exit');
    const next = await start(home);
    expect(await one(next.urls?.ads ?? '', 'SELECT count(*)::int AS steps, count(DISTINCT run)::int AS runs FROM steps')).toEqual({
      steps: 10,
      runs: 2,
    });
  });

  it('of the database during the preparation: it is prepared to the end all the same', async () => {
    const home = await emptyHome();
    const { output } = foreground(home, { TEST_STEP_MS: '150' });
    const state = await until('some steps', () => {
      const now = readStack(home);
      return now?.progress?.label === 'steps' && now.progress.done >= 3 && now;
    });
    process.kill(part(state, 'postgres').process.pid, 'SIGKILL');
    await until('ready', () => /^ready/m.test(output()));
    const count = 'SELECT count(*)::int AS steps, count(DISTINCT run)::int AS runs FROM steps';
    expect(await one(state.urls?.ads ?? '', count)).toEqual({ steps: 10, runs: 2 });
  });
});

describe('start and stop', () => {
  it('is stopped by SIGTERM in the middle of its start, too', async () => {
    const home = await emptyHome();
    const { child } = foreground(home, { TEST_STEP_MS: '300' });
    const state = await until('preparing', () => {
      const now = readStack(home);
      return now?.phase === 'preparing' && now.progress?.label === 'steps' && now;
    });
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    expect(everyProcess(state).filter(isRunning)).toEqual([]);
  });

  it('makes one stack out of five simultaneous starts', async () => {
    const home = await emptyHome();
    const settings = settingsFor(home);
    const five = await Promise.all(Array.from({ length: 5 }, () => ensureStack(settings, { program: stackProgram() })));
    expect(new Set(five.map((urls) => urls.hub)).size).toBe(1);
    if (process.platform !== 'linux') return;
    const servers = possibleDataDirectories(home).flatMap(processesIn);
    expect(servers.filter(({ pid }) => commandLineOf(pid)?.includes(' -D '))).toHaveLength(1);
    await until('the losers to end', async () => (await supervisorsOf(home)).length === 1);
    expect(await supervisorsOf(home)).toEqual([readStack(home)?.supervisor.pid]);
  });
});

describe.runIf(AS_ROOT)('as root', () => {
  it('serves a home of mode 0700, which the server’s user cannot enter, from /var/lib/promptsales', async () => {
    const outer = await emptyHome();
    await chmod(outer, 0o700);
    const home = await homeIn(outer);
    const state = await start(home);
    expect(await one(state.urls?.ads ?? '', 'SELECT count(*)::int AS steps FROM steps')).toEqual({ steps: 10 });
    const { stdout } = await run('ps', ['-o', 'user=', '-p', String(part(state, 'postgres').process.pid)]);
    expect(stdout.trim()).toBe('postgres');
    expect(await orphanClusters().then((all) => all.filter((orphan) => orphan.home === home))).toEqual([]);

    await down(home);
    await rm(home, { recursive: true });
    const [orphan] = (await orphanClusters()).filter((candidate) => candidate.home === home);
    expect(orphan?.bytes).toBeGreaterThan(10_000_000);

    // A new home at the same path does not inherit what the old one left.
    const next = await start(home);
    expect(await one(next.urls?.ads ?? '', 'SELECT count(DISTINCT run)::int AS runs FROM steps')).toEqual({ runs: 1 });
  });
});

/** Linux tells the environment of a process, which is where its home is named. */
async function supervisorsOf(home: string): Promise<number[]> {
  const { stdout } = await run('ps', ['-eo', 'pid=,args=']);
  const pids = stdout.split('\n').flatMap((line) => (line.includes('internal supervisor') ? [Number.parseInt(line, 10)] : []));
  const environments = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')));
  return pids.filter((_, index) => environments[index]?.includes(`PROMPTSALES_HOME=${home}\0`));
}

describe('a home', () => {
  it('from before the writers keeps its passwords, is given the logins and the key, and all last', async () => {
    const home = await usedHome();
    const file = join(home, 'credentials.json');
    const before = await start(home);
    for (const [url, roles] of [
      [before.urls?.content, 'promptsales_content, promptsales_writer'],
      [before.urls?.ads, 'promptsales_ads, promptsales_ads_writer'],
      [before.urls?.crm, 'promptsales_crm, promptsales_crm_writer'],
    ]) {
      for (const forget of ['OWNED BY', 'ROLE']) await one(url ?? '', `DROP ${forget} ${roles}`);
    }
    await down(home);
    const { writer, adsWriter, crmWriter, planKey, ...old } = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify(old));

    const after = await start(home);
    const made = JSON.parse(await readFile(file, 'utf8'));
    const secret = expect.any(String);
    expect(made).toEqual({ ...old, writer: secret, adsWriter: secret, crmWriter: secret, planKey: secret });
    const forgotten = [writer, adsWriter, crmWriter, planKey];
    for (const fresh of [made.writer, made.adsWriter, made.crmWriter, made.planKey]) expect(forgotten).not.toContain(fresh);
    const { hub, hubEtl, contentWriter, adsWriter: ads, crmWriter: crm } = after.urls ?? {};
    for (const url of [hub, hubEtl, contentWriter, ads, crm]) {
      expect(await one(url ?? '', 'SELECT 1 AS one')).toEqual({ one: 1 });
    }
    // The old file again, as from a backup: the login is there already, with the password of the file in between.
    await down(home);
    await writeFile(file, JSON.stringify(old));
    const restored = (await start(home)).urls;
    for (const url of [restored?.contentWriter, restored?.adsWriter, restored?.crmWriter])
      expect(await one(url ?? '', 'SELECT 1 AS one')).toEqual({ one: 1 });
    await down(home);
    expect((await start(home)).planKey).toBe(JSON.parse(await readFile(file, 'utf8')).planKey);
  });

  it('whose cluster is of another PostgreSQL version is refused, and starts when it is of this one', async () => {
    const home = await usedHome();
    await start(home);
    await down(home);
    const [dataDirectory = ''] = possibleDataDirectories(home);
    const versionFile = join(dataDirectory, 'PG_VERSION');
    await writeFile(versionFile, '15\n');
    await expect(start(home)).rejects.toThrow(/made by PostgreSQL 15/);
    await writeFile(versionFile, '18\n');
    expect((await start(home)).phase).toBe('ready');
  });
});
