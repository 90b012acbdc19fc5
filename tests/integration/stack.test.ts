import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { runDoctor } from '../../cli/commands/doctor.ts';
import { runStatus } from '../../cli/commands/status.ts';
import { possibleDataDirectories } from '../../shared/stack/cluster_place.ts';
import { awaitStack, ensureStack } from '../../shared/stack/ensure_stack.ts';
import { identifyProcess, isRunning, processesIn } from '../../shared/stack/process_identity.ts';
import { StackError } from '../../shared/stack/stack_error.ts';
import { readRecordedStack, readStack, type StackState } from '../../shared/stack/state.ts';
import {
  down,
  emptyHome,
  environmentFor,
  everyProcess,
  foreground,
  one,
  part,
  printed,
  removeAllHomes,
  removeHomes,
  runQuietly,
  settingsFor,
  start,
  until,
  usedHome,
  verb,
} from '../support/stack_homes.ts';
import { stackProgram } from '../support/stack_program.ts';

const run = promisify(execFile);

afterEach(removeHomes);
afterAll(removeAllHomes);

describe('start and stop', () => {
  it('brings every part up, with databases and roles, and leaves no process and no state behind when stopped', async () => {
    const home = await emptyHome();
    const state = await start(home);
    expect(state.parts.map(({ name, state: condition }) => [name, condition]).sort()).toEqual([
      ['etl', 'healthy'],
      ['http', 'healthy'],
      ['postgres', 'healthy'],
      ['redis', 'healthy'],
    ]);
    const { urls } = state;
    expect(urls).toBeDefined();
    if (urls === undefined) return;

    await expect(one(urls.hub, 'CREATE TABLE forbidden (i int)')).rejects.toThrow(/read-only transaction/);
    expect(
      await one(urls.hub, `SELECT current_setting('statement_timeout') AS t, pg_has_role('promptsales_read', 'member') AS member`),
    ).toEqual({
      t: '20s',
      member: true,
    });
    await expect(one(urls.hub.replace(/\/promptsales$/, '/promptcrm'), 'SELECT 1')).rejects.toThrow(/permission denied for database/);
    expect(await one(urls.hubEtl, `SELECT pg_has_role('promptsales_etl', 'member') AS member`)).toEqual({ member: true });
    const writer = `SELECT current_user AS login, current_setting('statement_timeout') AS timeout, rolsuper OR rolcreatedb OR rolcreaterole AS powers,
                           ARRAY(SELECT roleid::regrole::text FROM pg_auth_members WHERE member = pg_roles.oid) AS groups
                      FROM pg_roles WHERE rolname = current_user`;
    const writers = [
      { url: urls.contentWriter, login: 'promptsales_writer', group: 'promptsales_content', own: 'promptcontent' },
      { url: urls.adsWriter, login: 'promptsales_ads_writer', group: 'promptsales_ads', own: 'promptads' },
      { url: urls.crmWriter, login: 'promptsales_crm_writer', group: 'promptsales_crm', own: 'promptcrm' },
    ];
    for (const { url, login, group, own } of writers) {
      expect(await one(url, writer)).toEqual({ login, timeout: '20s', powers: false, groups: [group] });
      for (const database of ['promptsales', 'promptads', 'promptcrm', 'promptcontent', 'postgres', 'template1']) {
        if (database === own) continue;
        await expect(one(url.replace(/\/\w+$/, `/${database}`), 'SELECT 1')).rejects.toThrow(/permission denied for database/);
      }
    }
    for (const source of [urls.ads, urls.crm, urls.content]) expect(await one(source, 'SELECT 1 AS one')).toEqual({ one: 1 });
    expect((await stat(join(home, 'stack.json'))).mode & 0o077).toBe(0);
    expect((await stat(join(home, 'credentials.json'))).mode & 0o077).toBe(0);

    const running = everyProcess(state);
    expect(running).toHaveLength(5);
    await verb(['down'], environmentFor(home));
    expect(running.filter(isRunning)).toEqual([]);
    expect(possibleDataDirectories(home).flatMap(processesIn)).toEqual([]);
    expect(readRecordedStack(home)).toBeUndefined();
  });

  it('gives the servers the ways into the sources they write and the key for plans; those of the settings come first', async () => {
    const home = await usedHome();
    const servers = async (state: StackState) => (await fetch(state.urls?.http ?? '')).json();
    await down(home);
    const state = await start(home);
    const { planKey } = JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8'));
    const { contentWriter, adsWriter, crmWriter } = state.urls ?? {};
    expect(await servers(state)).toEqual({ hub: state.urls?.hub, contentWriter, adsWriter, crmWriter, planKey });
    expect(state.planKey).toBe(planKey);
    const environment = environmentFor(home);
    for (const words of [['up', 'detach'], ['down']]) {
      const { stdout, stderr } = await verb(words, environment);
      expect(stdout + stderr).not.toContain(planKey);
    }

    const PROMPTSALES_PLAN_KEY = Buffer.alloc(40, 3).toString('base64');
    const [CONTENT_DATABASE_URL, CONTENT_WRITER_DATABASE_URL] = ['postgres://c.example/c', 'postgres://w.example/c'];
    const configured = await start(home, { PROMPTSALES_PLAN_KEY, CONTENT_DATABASE_URL, CONTENT_WRITER_DATABASE_URL });
    expect(await servers(configured)).toMatchObject({
      contentWriter: CONTENT_WRITER_DATABASE_URL,
      adsWriter: configured.urls?.adsWriter,
      planKey: PROMPTSALES_PLAN_KEY,
    });
    expect(configured.urls?.contentWriter).toBe(CONTENT_WRITER_DATABASE_URL);
    // Who finds the stack through its state file signs with the key its servers use.
    expect(configured.planKey).toBe(PROMPTSALES_PLAN_KEY);
    await down(home);
  });

  it('starts in the foreground, says ready last, and on SIGTERM ends with everything it started', async () => {
    const home = await usedHome();
    await down(home);
    const { child, output } = foreground(home);
    await until('ready', () => /^ready/m.test(output()));
    expect(output().trim().split('\n').at(-2)).toMatch(/^hello http:\/\/127\.0\.0\.1:\d+$/);
    expect(output().trim().split('\n').at(-1)).toMatch(/^ready/);
    const state = readStack(home);
    const running = state === undefined ? [] : everyProcess(state);
    expect(running).toHaveLength(5);

    const second = await verb(['up'], environmentFor(home));
    expect(second.stdout).toContain('already running');
    expect(second.stdout.trim().split('\n').at(-1)).toContain(`ready: ${state?.urls?.http}`);

    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    expect(running.filter(isRunning)).toEqual([]);
  });

  it('starts again within 3 seconds', { retry: 2 }, async () => {
    const home = await usedHome();
    await start(home);
    await down(home);
    const begun = performance.now();
    await start(home);
    expect(performance.now() - begun).toBeLessThan(3000);
  });

  it('tells who waits how far the start is', async () => {
    const home = await usedHome();
    await down(home);
    const labels: string[] = [];
    await awaitStack(settingsFor(home), {
      program: stackProgram(),
      onProgress: ({ label, done, total }) => labels.push(`${label} ${done}/${total}`),
    });
    expect(labels.length).toBeGreaterThan(0);
    expect(labels.at(-1)).toMatch(/^(databases|steps|servers) /);
  });

  it('lets a caller stop waiting while the start goes on', async () => {
    const home = await usedHome();
    await down(home);
    const reason = new Error('the caller has gone');
    const caller = new AbortController();
    const waiting = ensureStack(settingsFor(home), { program: stackProgram(), signal: caller.signal });
    await until('a start', () => readStack(home));
    caller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await until('ready', () => readStack(home)?.phase === 'ready');
  });

  it('replaces a stack of another version', async () => {
    const home = await usedHome();
    const old = await start(home);
    const { state } = await awaitStack(settingsFor(home), { program: stackProgram('2.0.0') });
    expect(state.version).toBe('2.0.0');
    expect(everyProcess(old).filter(isRunning)).toEqual([]);
  });

  it('replaces a stack whose state file names less than servers need, though it calls itself the same version', async () => {
    const home = await usedHome();
    const old = await start(home);
    const { contentWriter, ...urls } = old.urls ?? { contentWriter: '' };
    const { planKey, ...state } = { ...old, urls };
    await writeFile(join(home, 'stack.json'), JSON.stringify(state));
    const next = await start(home);
    expect(everyProcess(old).filter(isRunning)).toEqual([]);
    expect(next.urls?.contentWriter).toMatch(new RegExp(`^${contentWriter.replace(/:\d+\/.*/, '')}`));
    expect(next.planKey).toBe(planKey);
  });

  it('starts nothing when everything a server needs is configured', async () => {
    const home = await emptyHome();
    const settings = settingsFor(home, { HUB_DATABASE_URL: 'postgres://hub.example/h', REDIS_URL: 'redis://cache.example' });
    const urls = await ensureStack(settings, { program: stackProgram(), needs: ['hub', 'redis'] });
    expect(urls).toEqual({ hub: 'postgres://hub.example/h', redis: 'redis://cache.example' });
    expect(await readdir(home)).toEqual([]);
  });
});

describe('what dies is started again', () => {
  it.each([
    ['postgres', {}],
    ['redis', {}],
    ['redis', { PROMPTSALES_WASM_REDIS: '1' }],
    ['http', {}],
    ['etl', {}],
  ] as const)('%s (%o), killed, is there again on the same port', async (name, more) => {
    const home = await usedHome();
    if (Object.keys(more).length > 0) await down(home);
    const state = await start(home, more);
    const before = part(state, name);
    process.kill(before.process.pid, 'SIGKILL');
    const after = await until('a restart', () => {
      const now = readStack(home)?.parts.find((candidate) => candidate.name === name);
      return now?.state === 'healthy' && now.restarts === before.restarts + 1 && now;
    });
    expect(after.process?.pid).not.toBe(before.process.pid);
    expect(after.port).toBe(before.port);
    expect(after.url).toBe(before.url);
    if (name === 'postgres') expect(await one(state.urls?.ads ?? '', 'SELECT count(*)::int AS steps FROM steps')).toEqual({ steps: 10 });
    expect(isRunning(state.supervisor)).toBe(true);
  });
});

describe('kill -9', () => {
  it('of the supervisor ends its own children at once, and the next start clears the rest and keeps the data', async () => {
    const home = await usedHome();
    const killed = await start(home);
    await one(killed.urls?.ads ?? '', 'CREATE TABLE kept AS SELECT 42 AS answer');
    process.kill(killed.supervisor.pid, 'SIGKILL');
    await until('the end of the children', () => ![part(killed, 'http'), part(killed, 'etl')].some((child) => isRunning(child.process)));
    expect(readStack(home)).toBeUndefined();

    const next = await start(home);
    expect(next.supervisor).not.toEqual(killed.supervisor);
    expect(everyProcess(killed).filter(isRunning)).toEqual([]);
    expect(await one(next.urls?.ads ?? '', 'SELECT answer FROM kept')).toEqual({ answer: 42 });
  });

  it('is cleared by down as well', async () => {
    const home = await usedHome();
    const killed = await start(home);
    process.kill(killed.supervisor.pid, 'SIGKILL');
    const { stdout } = await verb(['down'], environmentFor(home));
    expect(stdout).toMatch(/left: .*postgres/);
    expect(everyProcess(killed).filter(isRunning)).toEqual([]);
  });
});

describe('the state file', () => {
  it('of a process whose id now belongs to another is not believed, and that other process is left alone', async () => {
    const home = await usedHome();
    const state = await start(home);
    await down(home);
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    try {
      const reused = { pid: bystander.pid ?? 0, startedAt: 'before' };
      const stale = { ...state, supervisor: reused, parts: state.parts.map((one) => ({ ...one, process: reused })) };
      await writeFile(join(home, 'stack.json'), JSON.stringify(stale));
      expect(readStack(home)).toBeUndefined();
      const next = await start(home);
      expect(next.supervisor.pid).not.toBe(bystander.pid);
      expect(identifyProcess(bystander.pid ?? 0)).toBeDefined();
    } finally {
      bystander.kill('SIGKILL');
    }
  });

  it('that holds anything else is as none', async () => {
    const home = await usedHome();
    await down(home);
    for (const text of ['', '{', '[]', '{"schema":99}']) {
      await writeFile(join(home, 'stack.json'), text);
      expect(readStack(home)).toBeUndefined();
    }
    expect((await start(home)).phase).toBe('ready');
  });
});

describe('what cannot work is said, with what to do', () => {
  it('a taken port, before the slow work, with who holds it', async () => {
    const home = await usedHome();
    await down(home);
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    try {
      const begun = performance.now();
      const refused = verb(['up'], environmentFor(home, { PROMPTSALES_PORT: String(port) }));
      await expect(refused).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          new RegExp(
            `Port ${port} on 127\\.0\\.0\\.1 is taken${process.platform === 'linux' ? ` by process ${process.pid}` : ''}[^]*PROMPTSALES_PORT`,
          ),
        ),
      });
      expect(performance.now() - begun).toBeLessThan(3000);
      await expect(verb(['up', 'detach'], environmentFor(home, { PROMPTSALES_PORT: String(port) }))).rejects.toMatchObject({
        stderr: expect.stringContaining(`Port ${port}`),
      });
      // A stdio server did not ask for the port: its stack takes another.
      const { state } = await awaitStack(settingsFor(home, { PROMPTSALES_PORT: String(port) }), { program: stackProgram() });
      expect(state.urls?.http).not.toContain(`:${port}`);
    } finally {
      holder.close();
    }
  });

  it('a home below a file', async () => {
    const folder = await emptyHome();
    await writeFile(join(folder, 'file'), '');
    const settings = settingsFor(join(folder, 'file', 'home'));
    const failure = await ensureStack(settings, { program: stackProgram() }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StackError);
    expect(failure).toMatchObject({ message: expect.stringContaining('is a file'), remedy: expect.stringContaining('PROMPTSALES_HOME') });
  });

  it('a preparation that fails, by its own words, and nothing is left running', async () => {
    const home = await usedHome();
    await down(home);
    process.env.TEST_PREPARE_FAILS = '1';
    try {
      const failure = await ensureStack(settingsFor(home), { program: stackProgram() }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: 'StackError', message: 'The moon is not full.', remedy: 'Wait.' });
    } finally {
      delete process.env.TEST_PREPARE_FAILS;
    }
    expect(readStack(home)).toBeUndefined();
    expect(possibleDataDirectories(home).flatMap(processesIn)).toEqual([]);
  });
});

describe('the bundled Valkey', () => {
  it('answers a GET within 5 ms in the median, has its password and limits, and expires keys', async () => {
    const home = await usedHome();
    await down(home);
    const state = await start(home, { PROMPTSALES_WASM_REDIS: '1' });
    expect(part(state, 'redis').engine).toContain('Valkey');
    const url = state.urls?.redis ?? '';
    const redis = new Redis(url);
    try {
      await redis.set('key', 'value', 'PX', 400);
      const times: number[] = [];
      for (let i = 0; i < 200; i++) {
        const begun = performance.now();
        await redis.get('key');
        times.push(performance.now() - begun);
      }
      expect(times.sort((a, b) => a - b)[100]).toBeLessThan(5);
      const large = 'x'.repeat(3 * 1024 * 1024);
      await redis.set('large', large);
      expect((await redis.get('large'))?.length).toBe(large.length);
      expect(await redis.config('GET', 'maxmemory')).toEqual(['maxmemory', String(256 * 1024 * 1024)]);
      expect(await redis.eval('return redis.call("INCRBY", KEYS[1], ARGV[1])', 1, 'n', 5)).toBe(5);
      const listener = new Redis(url);
      const popped = listener.brpop('queue', 5);
      await redis.lpush('queue', 'job');
      expect(await popped).toEqual(['queue', 'job']);
      listener.disconnect();
      await sleep(500);
      expect(await redis.get('key')).toBeNull();
    } finally {
      redis.disconnect();
    }
    const stranger = new Redis(url.replace(/:[^/@]+@/, ''), { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
    stranger.on('error', () => {});
    await expect(stranger.get('key')).rejects.toThrow(/NOAUTH/);
    stranger.disconnect();
  });

  it('keeps its password off every command line', async () => {
    const home = await usedHome();
    await down(home);
    for (const wasm of ['0', '1']) {
      const state = await start(home, { PROMPTSALES_WASM_REDIS: wasm });
      const credentials = Object.values(JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8')) as Record<string, string>);
      for (const { pid } of everyProcess(state)) {
        const { stdout } = await run('ps', ['-o', 'args=', '-p', String(pid)]);
        expect(credentials.filter((secret) => stdout.includes(secret))).toEqual([]);
      }
      await down(home);
    }
  });
});

describe('status and doctor', () => {
  it('status gives every address with --json, and no password without', async () => {
    const home = await usedHome();
    const state = await start(home);
    const settings = settingsFor(home);
    const json = JSON.parse(await printed(() => runStatus({ json: true }, settings)));
    expect(json).toMatchObject({ phase: 'ready', version: '1.0.0', urls: state.urls });
    expect(json.parts.map((one: { name: string }) => one.name).sort()).toEqual(['etl', 'http', 'postgres', 'redis']);
    const text = await printed(() => runStatus({}, settings));
    expect(text).toContain('PostgreSQL 18');
    const secrets: Record<string, string> = JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8'));
    const doctor = await printed(() => runDoctor({}, settings));
    expect(doctor).toMatch(/^ok +settings +everything runs embedded/m);
    for (const secret of Object.values(secrets)) expect(text + doctor).not.toContain(secret);
    expect(JSON.stringify(json)).not.toContain(secrets.planKey);
    expect(await runQuietly(() => runStatus({}, settings))).toBe(0);
    await down(home);
    expect(await runQuietly(() => runStatus({}, settings))).toBe(1);
  });

  it('doctor finds nothing wrong with an empty home, and says what is wrong with a taken port', async () => {
    const home = await emptyHome();
    expect(await runQuietly(() => runDoctor({}, settingsFor(home)))).toBe(0);
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    const settings = settingsFor(home, { PROMPTSALES_PORT: String(port) });
    expect(await printed(() => runDoctor({}, settings))).toMatch(new RegExp(`^bad +port +Port ${port} .*PROMPTSALES_PORT`, 'm'));
    expect(await runQuietly(() => runDoctor({}, settings))).toBe(1);
    holder.close();
  });

  it('doctor tells which settings are configured, without their values, and which of a pair is missing', async () => {
    const home = await emptyHome();
    const PROMPTSALES_PLAN_KEY = Buffer.alloc(32, 9).toString('base64');
    const CONTENT_WRITER_DATABASE_URL = 'postgres://w:secret@w.example/c';
    const half = settingsFor(home, { PROMPTSALES_PLAN_KEY, CONTENT_WRITER_DATABASE_URL });
    expect(await printed(() => runDoctor({}, half))).toMatch(
      /^bad +settings +PromptContent is configured in part: CONTENT_DATABASE_URL is not set/m,
    );
    const whole = settingsFor(home, { PROMPTSALES_PLAN_KEY, CONTENT_WRITER_DATABASE_URL, CONTENT_DATABASE_URL: 'postgres://c.example/c' });
    const text = await printed(() => runDoctor({}, whole));
    expect(text).toMatch(
      /^ok +settings +configured: content, contentWriter, planKey; embedded: hub, hubEtl, hubAdmin, ads, crm, adsWriter, crmWriter, redis$/m,
    );
    expect(text).not.toContain('secret');
    expect(text).not.toContain(PROMPTSALES_PLAN_KEY);
    const production = settingsFor(home, { PROMPTSALES_ENV: 'production' });
    expect(await printed(() => runDoctor({}, production))).toMatch(
      /CONTENT_WRITER_DATABASE_URL, ADS_WRITER_DATABASE_URL, .*PROMPTSALES_PLAN_KEY are not set/,
    );
  });
});
