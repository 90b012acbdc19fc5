import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runServe } from '../../cli/commands/serve.ts';
import { withoutPassword } from '../../cli/commands/status.ts';
import { readSettings, SettingsError } from '../../shared/config/settings.ts';
import { withLocated } from '../../shared/mcp/connections.ts';
import { type Child, startChild } from '../../shared/stack/child.ts';
import { ensureCredentials, readCredentials } from '../../shared/stack/credentials.ts';
import { requireEmbeddable } from '../../shared/stack/embedded_parts.ts';
import { homePath, neededMegabytes, openHome, requireSpace } from '../../shared/stack/home.ts';
import { takeLock } from '../../shared/stack/lock.ts';
import { keepPart, type Pace, type PartDefinition } from '../../shared/stack/part.ts';
import { freePort, requirePort } from '../../shared/stack/ports.ts';
import { runPreparation } from '../../shared/stack/preparation.ts';
import { identifyProcess, isRunning, stopProcess } from '../../shared/stack/process_identity.ts';
import { environmentOf, type ProvidedName } from '../../shared/stack/program.ts';
import { installedRedis } from '../../shared/stack/redis_part.ts';
import { asRedisCommand } from '../../shared/stack/redis_protocol.ts';
import { describeError, StackError } from '../../shared/stack/stack_error.ts';
import { readStack, type StackState, writeStack } from '../../shared/stack/state.ts';

const EVERYTHING: readonly ProvidedName[] = [
  'hub',
  'hubEtl',
  'hubAdmin',
  'ads',
  'crm',
  'content',
  'contentWriter',
  'adsWriter',
  'crmWriter',
  'redis',
  'planKey',
];
/** 32 bytes. */
const PLAN_KEY = Buffer.alloc(32, 7).toString('base64');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promptsales-unit-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('what may run embedded', () => {
  it('in production nothing: every missing setting is named', () => {
    const settings = readSettings({ PROMPTSALES_ENV: 'production', REDIS_URL: 'redis://r' });
    expect(() => requireEmbeddable(settings, EVERYTHING)).toThrow(
      new RegExp(
        'HUB_DATABASE_URL, HUB_ETL_DATABASE_URL, HUB_ADMIN_DATABASE_URL, ADS_DATABASE_URL, CRM_DATABASE_URL, CONTENT_DATABASE_URL, ' +
          'CONTENT_WRITER_DATABASE_URL, ADS_WRITER_DATABASE_URL, CRM_WRITER_DATABASE_URL and PROMPTSALES_PLAN_KEY are not set',
      ),
    );
    expect(() => requireEmbeddable(settings, ['redis'])).not.toThrow();
    expect(() => requireEmbeddable(settings, ['hub', 'redis'])).toThrow(/HUB_DATABASE_URL is not set/);
  });

  it('else anything, but no half of a hub, which would be read in one place and written in another', () => {
    expect(() => requireEmbeddable(readSettings({}), EVERYTHING)).not.toThrow();
    const source = readSettings({ CRM_DATABASE_URL: 'postgres://c', CRM_WRITER_DATABASE_URL: 'postgres://w' });
    expect(() => requireEmbeddable(source, EVERYTHING)).not.toThrow();
    const half = readSettings({ HUB_DATABASE_URL: 'postgres://h' });
    expect(() => requireEmbeddable(half, EVERYTHING)).toThrow(/HUB_ETL_DATABASE_URL and HUB_ADMIN_DATABASE_URL are not set/);
    expect(() => requireEmbeddable(half, ['hub', 'redis'])).not.toThrow();
  });

  it.each([
    ['PromptContent', 'CONTENT'],
    ['PromptAds', 'ADS'],
    ['PromptCRM', 'CRM'],
  ])('nor a %s that is read in one place and written in another', (subject, name) => {
    const read = readSettings({ [`${name}_DATABASE_URL`]: 'postgres://c' });
    expect(() => requireEmbeddable(read, EVERYTHING)).toThrow(`${subject} is configured in part: ${name}_WRITER_DATABASE_URL is not set`);
    expect(() => requireEmbeddable(read, ['ads', 'crm', 'content', 'hubEtl', 'redis'])).not.toThrow();
    const written = readSettings({ [`${name}_WRITER_DATABASE_URL`]: 'postgres://w' });
    expect(() => requireEmbeddable(written, EVERYTHING)).toThrow(`${name}_DATABASE_URL is not set`);
  });

  it('servers over HTTP in production name the setting they miss', async () => {
    const environment: Record<string, string> = { PROMPTSALES_ENV: 'production' };
    for (const [variable, value] of [
      ['HUB_DATABASE_URL', 'postgres://h'],
      ['REDIS_URL', 'redis://r'],
      ['CONTENT_WRITER_DATABASE_URL', 'postgres://c'],
      ['ADS_WRITER_DATABASE_URL', 'postgres://a'],
      ['CRM_WRITER_DATABASE_URL', 'postgres://r'],
      ['PROMPTSALES_PLAN_KEY', PLAN_KEY],
    ] as const) {
      const failure = await runServe(readSettings(environment)).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(SettingsError);
      expect(String(failure)).toContain(variable);
      environment[variable] = value;
    }
  });
});

describe('what an embedded stack tells a server', () => {
  const writers = { contentWriter: 'postgres://found', adsWriter: 'postgres://ads', crmWriter: 'postgres://crm' };
  const located = { addresses: { hub: 'postgres://h', redis: undefined }, writers, planKey: Buffer.alloc(32, 1) };

  it('fills what is not configured', () => {
    const settings = withLocated(readSettings({}), { ...located, referenceDate: '2026-11-21' });
    expect(settings.urls).toMatchObject({ ...writers, hub: 'postgres://h' });
    expect(settings.planKey).toEqual(located.planKey);
    expect(settings.referenceDate).toBe('2026-11-21');
  });

  it('and never replaces what is', () => {
    const configured = readSettings({
      HUB_DATABASE_URL: 'postgres://hub',
      CONTENT_WRITER_DATABASE_URL: 'postgres://set',
      ADS_WRITER_DATABASE_URL: 'postgres://set too',
      CRM_WRITER_DATABASE_URL: 'postgres://set as well',
      PROMPTSALES_PLAN_KEY: PLAN_KEY,
      PROMPTSALES_REFERENCE_DATE: '2026-01-31',
    });
    expect(withLocated(configured, { ...located, referenceDate: '2026-11-21' })).toEqual(configured);
  });
});

describe('settings given to a child', () => {
  it('are read back the same, whatever the environment says', () => {
    const settings = readSettings({
      PROMPTSALES_HOME: '/somewhere',
      PROMPTSALES_PORT: '0',
      PROMPTSALES_ROLE: 'sales',
      PROMPTSALES_SCOPES: 'crm:pii, dashboard:read',
      PROMPTSALES_SCALE: 'small',
      PROMPTSALES_REFERENCE_DATE: '2026-01-31',
      PROMPTSALES_TIME_ZONE: 'Europe/Madrid',
      PROMPTSALES_WASM_REDIS: '1',
      HUB_DATABASE_URL: 'postgres://h',
      CONTENT_WRITER_DATABASE_URL: 'postgres://w',
      ADS_WRITER_DATABASE_URL: 'postgres://a',
      CRM_WRITER_DATABASE_URL: 'postgres://r',
      PROMPTSALES_PLAN_KEY: PLAN_KEY.replace(/=+$/, ''),
    });
    expect(settings.planKey).toEqual(Buffer.alloc(32, 7));
    expect(readSettings(environmentOf(settings))).toEqual(settings);
    const plain = readSettings({});
    process.env.REDIS_URL = 'redis://stray';
    process.env.PROMPTSALES_PLAN_KEY = PLAN_KEY;
    try {
      expect(readSettings(JSON.parse(JSON.stringify(environmentOf(plain))))).toEqual(plain);
    } finally {
      delete process.env.REDIS_URL;
      delete process.env.PROMPTSALES_PLAN_KEY;
    }
  });
});

describe('the home', () => {
  it('is the data folder of the user when none is set', () => {
    expect(homePath({ home: undefined })).toMatch(/promptsales/);
    expect(homePath({ home: '/x/../y' })).toBe('/y');
  });

  it('that is a file, or lies below one, or has an impossible name, is refused with what to do', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    for (const home of [file, join(file, 'below'), join(folder, 'x'.repeat(300))]) {
      const failure = await openHome({ home }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StackError);
      expect(describeError(failure)).toMatch(/PROMPTSALES_HOME/);
    }
  });

  it('on a disk that is too full is refused with figures; a filled one needs less, the small data set least', async () => {
    await expect(requireSpace(folder, 1e12)).rejects.toThrow(/MB free; the data needs 1000000000000 MB/);
    await expect(requireSpace(folder, 1)).resolves.toBeUndefined();
    expect(neededMegabytes('full', false)).toBeGreaterThan(neededMegabytes('full', true));
    expect(neededMegabytes('full', false)).toBeGreaterThan(neededMegabytes('small', false));
  });

  it('has passwords that stay the same, differ between homes, and only their owner can read', async () => {
    const made = await ensureCredentials(folder);
    expect(await ensureCredentials(folder)).toEqual(made);
    expect((await stat(join(folder, 'credentials.json'))).mode & 0o077).toBe(0);
    expect(new Set(Object.values(made)).size).toBe(9);
    expect(Buffer.from(made.planKey, 'base64')).toHaveLength(32);
    await writeFile(join(folder, 'credentials.json'), '{}');
    await expect(ensureCredentials(folder)).rejects.toBeInstanceOf(StackError);
  });
});

describe('passwords of a home that another version made', () => {
  const path = (): string => join(folder, 'credentials.json');
  const OLD = { clusterId: 'c', owner: 'o', reader: 'r', loader: 'l', redis: 'x' };

  it('stay as they are, and those that this version needs are added, once, for their owner only', async () => {
    await writeFile(path(), JSON.stringify(OLD), { mode: 0o644 });
    const made = await ensureCredentials(folder);
    const password = expect.stringMatching(/^[\w-]{32}$/);
    expect(made).toEqual({ ...OLD, writer: password, adsWriter: password, crmWriter: password, planKey: expect.stringMatching(/=$/) });
    expect(new Set([made.writer, made.adsWriter, made.crmWriter]).size).toBe(3);
    expect(Buffer.from(made.planKey, 'base64')).toHaveLength(32);
    expect(await ensureCredentials(folder)).toEqual(made);
    expect((await stat(path())).mode & 0o077).toBe(0);
    expect(await readdir(folder)).toEqual(['credentials.json']);
  });

  it('are read as they are by who only looks', async () => {
    await writeFile(path(), JSON.stringify(OLD));
    expect(await readCredentials(folder)).toEqual(OLD);
    expect(JSON.parse(await readFile(path(), 'utf8'))).toEqual(OLD);
  });

  it('keep what a newer version has added', async () => {
    await writeFile(path(), JSON.stringify({ ...OLD, ofLater: 'kept' }));
    const made = await ensureCredentials(folder);
    expect(JSON.parse(await readFile(path(), 'utf8'))).toEqual({ ...made, ofLater: 'kept' });
  });

  it('that are damaged are refused, not replaced', async () => {
    const damaged = JSON.stringify({ ...OLD, writer: 'w', planKey: 'short' });
    await writeFile(path(), damaged);
    await expect(ensureCredentials(folder)).rejects.toBeInstanceOf(StackError);
    expect(await readFile(path(), 'utf8')).toBe(damaged);
  });
});

describe('the lock', () => {
  it('is held by one at a time and free again when released', () => {
    const held = takeLock(folder);
    expect(held).toBeDefined();
    expect(takeLock(folder)).toBeUndefined();
    held?.release();
    const again = takeLock(folder);
    expect(again).toBeDefined();
    again?.release();
  });

  it('is free again when its holder is killed', async () => {
    const script = `import { takeLock } from ${JSON.stringify(new URL('../../shared/stack/lock.ts', import.meta.url).href)};
      takeLock(${JSON.stringify(folder)}); process.stdout.write('held'); setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    expect(takeLock(folder)).toBeUndefined();
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const taken = takeLock(folder);
    expect(taken).toBeDefined();
    taken?.release();
  });
});

describe('a process', () => {
  it('is told from a later one with the same id, and stopped by ever firmer signals', async () => {
    const deaf = spawn(
      process.execPath,
      ['-e', `process.on('SIGTERM', () => {}); process.stdout.write('up'); setInterval(() => {}, 1000)`],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    await once(deaf.stdout, 'data');
    const identity = identifyProcess(deaf.pid ?? 0);
    expect(identity).toBeDefined();
    if (identity === undefined) return;
    expect(isRunning(identity)).toBe(true);
    expect(isRunning({ ...identity, startedAt: 'another time' })).toBe(false);
    const stopped = await stopProcess(identity, [
      { signal: 'SIGTERM', waitMs: 100 },
      { signal: 'SIGKILL', waitMs: 5000 },
    ]);
    expect(stopped).toBe(true);
    expect(deaf.exitCode ?? deaf.signalCode ?? (await once(deaf, 'exit'))).toBeTruthy();
    expect(identifyProcess(identity.pid)).toBeUndefined();
  });
});

describe('the state file', () => {
  it('is read back while its supervisor lives, and by its owner only', async () => {
    const supervisor = identifyProcess(process.pid) ?? { pid: 0, startedAt: '' };
    const state: Omit<StackState, 'schema'> = {
      version: '1',
      supervisor,
      phase: 'preparing',
      startedAt: '2026-11-21T00:00:00.000Z',
      progress: { label: 'orders', done: 1, total: 2 },
      settings: { scale: 'small', seed: 1 },
      parts: [{ name: 'etl', state: 'healthy', restarts: 0 }],
    };
    writeStack(folder, state);
    expect(readStack(folder)).toEqual({ schema: 1, ...state });
    expect((await stat(join(folder, 'stack.json'))).mode & 0o077).toBe(0);
    writeStack(folder, { ...state, supervisor: { ...supervisor, startedAt: 'earlier' } });
    expect(readStack(folder)).toBeUndefined();
  });

  it('of an older version, with fewer addresses, still tells what runs, and no address', async () => {
    const supervisor = identifyProcess(process.pid) ?? { pid: 0, startedAt: '' };
    const [hub, redis, http] = ['postgres://h', 'redis://r', 'http://127.0.0.1:1'];
    const urls = { hub, hubEtl: hub, hubAdmin: hub, ads: hub, crm: hub, content: hub, redis, http };
    const old = {
      schema: 1,
      version: '1',
      supervisor,
      phase: 'ready',
      startedAt: '2026-11-21T00:00:00.000Z',
      settings: { scale: 'small', seed: 1 },
    };
    await writeFile(join(folder, 'stack.json'), JSON.stringify({ ...old, urls, parts: [{ name: 'etl', state: 'healthy', restarts: 0 }] }));
    expect(readStack(folder)).toMatchObject({ supervisor, phase: 'ready', parts: [{ name: 'etl' }] });
    expect(readStack(folder)?.urls).toBeUndefined();
  });
});

describe('ports', () => {
  it('a taken one is refused with the number to choose next; 0 takes any', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    const failure = await requirePort('127.0.0.1', port).catch((error: unknown) => error);
    expect(describeError(failure)).toContain(`PROMPTSALES_PORT=${port + 1}`);
    holder.close();
    expect(await requirePort('127.0.0.1', 0)).toBeGreaterThan(0);
    await expect(requirePort('203.0.113.1', await freePort())).rejects.toThrow(/not an address of this machine/);
  });
});

describe('a watched part', () => {
  const PACE: Pace = { backoff: [10, 20], wellAfter: 60_000, probeEvery: 20, probeTimeout: 100, probesMissed: 3 };
  const events: string[] = [];
  const watch = (definition: Partial<PartDefinition>) =>
    keepPart(
      { name: 'etl', engine: 'test', url: undefined, port: undefined, readyWithinMs: 5000, start: sleeper, ...definition },
      { onChange: () => {}, onEvent: (text) => events.push(text) },
      PACE,
    );
  const sleeper = (): Promise<Child> =>
    startChild({
      command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'],
      environment: process.env,
      log: join(folder, 'part.log'),
      input: { text: '' },
      stopSteps: [{ signal: 'SIGTERM', waitMs: 2000 }],
    });
  beforeEach(() => {
    events.length = 0;
  });

  it('that lives but no longer answers is replaced; one missed answer is forgiven', async () => {
    let answers = 0;
    const probe = async (): Promise<void> => {
      answers++;
      if (answers === 3 || (answers >= 6 && answers <= 8)) throw new Error('busy');
    };
    const part = watch({ probe });
    await part.started;
    const first = part.state().process;
    while (part.state().restarts === 0) await sleep(10);
    expect(answers).toBeGreaterThanOrEqual(8);
    while (part.state().state !== 'healthy') await sleep(10);
    expect(part.state().process?.pid).not.toBe(first?.pid);
    expect(events).toEqual(['etl: has not answered 3 times in a row, starting it again']);
    expect(first === undefined || isRunning(first)).toBe(false);
    await part.stop();
    expect(part.state().state).toBe('stopped');
    expect(part.state().process === undefined || isRunning(part.state().process ?? { pid: 0, startedAt: '' })).toBe(false);
  });

  it('that cannot be started at all is an error, with its last words', async () => {
    const part = watch({
      start: () =>
        startChild({
          command: [process.execPath, '-e', 'process.stderr.write("no such luck\\n"); process.exit(7)'],
          environment: process.env,
          log: join(folder, 'part.log'),
          input: { text: '' },
          stopSteps: [],
        }),
      probe: () => Promise.reject(new Error('not there')),
    });
    await expect(part.started).rejects.toThrow(/no such luck/);
    await part.stop();
    const missing = watch({
      start: () =>
        startChild({ command: ['/no/such/program'], environment: {}, log: join(folder, 'p.log'), input: { text: '' }, stopSteps: [] }),
    });
    await expect(missing.started).rejects.toThrow(/cannot be started/);
    await missing.stop();
  });
});

describe('the preparation', () => {
  // Leaves a mark and fails while the file 'well' is missing.
  const attempt = `const { appendFileSync, existsSync } = require('node:fs');
    appendFileSync('attempts', 'x');
    if (!existsSync('well')) throw new Error('the database is away');`;
  const prepare = (whenWellAgain: () => Promise<boolean>): Promise<void> =>
    runPreparation({
      command: [process.execPath, '-e', `process.chdir(${JSON.stringify(folder)}); ${attempt}`],
      environment: process.env,
      log: join(folder, 'prepare.log'),
      onProgress: () => {},
      signal: new AbortController().signal,
      whenWellAgain,
    });
  const attempts = async (): Promise<number> => (await readFile(join(folder, 'attempts'), 'utf8')).length;

  it('that failed because a database went away is tried again when the database is back, and not before', async () => {
    await prepare(async () => {
      await sleep(1000);
      expect(await attempts()).toBe(1);
      await writeFile(join(folder, 'well'), '');
      return true;
    });
    expect(await attempts()).toBe(2);
  });

  it('that failed by itself is not tried again, and says why', async () => {
    await expect(prepare(async () => false)).rejects.toThrow(/exit code 1\): .*the database is away/);
    expect(await attempts()).toBe(1);
  });
});

describe('small things', () => {
  it('a Redis command counts bytes, not characters', () => {
    expect(asRedisCommand(['SET', 'ñ', ''])).toBe('*3\r\n$3\r\nSET\r\n$2\r\nñ\r\n$0\r\n\r\n');
  });

  it('without a Redis server on PATH there is none installed', () => {
    expect(installedRedis(folder)).toBeUndefined();
    expect(installedRedis('')).toBeUndefined();
  });

  it('an address is shown without its password', () => {
    expect(withoutPassword('postgres://u:secret@h:1/d')).toBe('postgres://u:***@h:1/d');
    expect(withoutPassword('http://127.0.0.1:7400')).toBe('http://127.0.0.1:7400');
  });
});
