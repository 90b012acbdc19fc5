import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../config/settings.ts';
import { limitLog, startChild } from './child.ts';
import { placeCluster } from './cluster_place.ts';
import { type Credentials, ensureCredentials } from './credentials.ts';
import { missingSettings, requireEmbeddable } from './embedded_parts.ts';
import { neededMegabytes, openHome, requireSpace } from './home.ts';
import { stopLeftovers } from './leftovers.ts';
import { takeLock } from './lock.ts';
import { keepPart, type Part, type PartDefinition } from './part.ts';
import { requirePort } from './ports.ts';
import { embeddedPostgres } from './postgres_part.ts';
import { runPreparation } from './preparation.ts';
import { identifyProcess } from './process_identity.ts';
import { EMBEDDED_VARIABLE, environmentOf, innerCommand, type Program, URL_VARIABLES, type UrlName } from './program.ts';
import { embeddedRedis } from './redis_part.ts';
import { describeError, StackError } from './stack_error.ts';
import { type Progress, readRecordedStack, removeStack, type StackState, type StackUrls, writeStack } from './state.ts';

export type SuperviseOptions = {
  readonly program: Program;
  readonly settings: Settings;
  readonly onProgress?: (progress: Progress) => void;
  /** A line for a log: what was restarted and why. */
  readonly onEvent?: (text: string) => void;
  /** Everything is up. The stack runs on whatever this does. */
  readonly onReady?: (urls: StackUrls) => Promise<void> | void;
  /** Ends the stack, as SIGTERM, SIGINT and SIGHUP do. */
  readonly signal?: AbortSignal;
};

/** 'stopped': it ran and has ended as asked. 'taken': another supervisor has the home, nothing was done. */
export type SuperviseOutcome = 'stopped' | 'taken';

const EVERY_URL = Object.keys(URL_VARIABLES) as UrlName[];
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
/** The state file is written at most so often for progress alone. */
const PROGRESS_EVERY_MS = 200;
const LOGS_EVERY_MS = 600_000;
/** Recovery after a kill replays at most max_wal_size of log. */
const WELL_AGAIN_WITHIN_MS = 120_000;

class StopRequested extends Error {
  override readonly name = 'StopRequested';
}

/**
 * Runs the stack in this process until it is told to stop: PostgreSQL and Redis (those that are not configured), the preparation of the
 * data, then the MCP servers over HTTP and the ETL's schedule. Whatever dies is started again; when it ends, no process is left.
 * Throws {@link StackError} when the stack cannot be started; everything it had started is stopped by then, and the state file says why.
 */
export async function supervise(options: SuperviseOptions): Promise<SuperviseOutcome> {
  requireEmbeddable(options.settings, [...EVERY_URL, 'planKey']);
  const home = await openHome(options.settings);
  const lock = takeLock(home);
  if (lock === undefined) return 'taken';
  const stopping = new AbortController();
  const requestStop = (): void => stopping.abort(new StopRequested());
  // A second Ctrl-C changes nothing: every step of the stop is bounded. An error nobody expected must not leave processes behind.
  const onUncaught = (error: unknown): void => stopping.abort(error);
  for (const signal of STOP_SIGNALS) process.on(signal, requestStop);
  process.on('uncaughtException', onUncaught);
  options.signal?.addEventListener('abort', requestStop, { once: true });
  if (options.signal?.aborted) requestStop();
  try {
    await runStack(home, options, stopping.signal);
    return 'stopped';
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, requestStop);
    process.off('uncaughtException', onUncaught);
    options.signal?.removeEventListener('abort', requestStop);
    lock.release();
  }
}

async function runStack(home: string, options: SuperviseOptions, stopping: AbortSignal): Promise<void> {
  const { program, settings, onProgress = () => {}, onEvent = () => {}, onReady = () => {} } = options;
  const log = (name: string): string => join(home, 'logs', `${name}.log`);
  const parts: Part[] = [];
  // What a killed stack left stays on record until it is stopped: we may be killed as well.
  const left = readRecordedStack(home)?.parts ?? [];
  let leftIsStopped = false;
  const book = stateBook(home, program, settings, () => (leftIsStopped ? parts.map((part) => part.state()) : left));
  const watch = (definition: PartDefinition): Part => {
    const part = keepPart(definition, { onChange: () => book.write(), onEvent });
    parts.push(part);
    return part;
  };
  const logLimiter = setInterval(() => {
    for (const name of ['postgres', 'redis', 'prepare', 'http', 'etl', 'supervisor']) limitLog(log(name));
  }, LOGS_EVERY_MS);
  try {
    book.write();
    await stopLeftovers(home, left);
    leftIsStopped = true;
    const port = await requirePort(settings.host, settings.port);
    const report = progressReporter((progress) => {
      book.progress(progress);
      onProgress(progress);
    });
    report({ label: 'databases', done: 0, total: 1 });
    const credentials = await ensureCredentials(home);
    const embedded = await embeddedUrls(home, { ...options, credentials, watch, log, stopping });
    // What is configured counts, except that nothing was embedded for it.
    const configured = Object.fromEntries(Object.entries(settings.urls).filter(([, url]) => url !== undefined));
    const urls = { ...embedded, ...configured, http: `http://${reachableHost(settings.host)}:${port}` } as StackUrls;
    const planKey = settings.planKey ?? Buffer.from(credentials.planKey, 'base64');
    const environment = {
      ...environmentOf({ ...settings, home, port, urls, planKey }),
      [EMBEDDED_VARIABLE]: missingSettings(settings, EVERY_URL).join(' '),
    };

    report({ label: 'databases', done: 1, total: 1 });

    book.enter('preparing', { urls, planKey });
    await runPreparation({
      command: innerCommand(program.selfCommand, 'prepare'),
      environment,
      log: log('prepare'),
      onProgress: report,
      signal: stopping,
      whenWellAgain: () => whenWellAgain(parts, stopping),
    });
    writeFileSync(filledMark(home), '');

    report({ label: 'servers', done: 0, total: 1 });
    const http = watch(
      httpPart({ command: innerCommand(program.selfCommand, 'serve'), environment, port, url: urls.http, log: log('http') }),
    );
    const etl = watch(etlPart({ command: innerCommand(program.selfCommand, 'etl'), environment, log: log('etl') }));
    await orStopped(Promise.all([http.started, etl.started]), stopping);
    report({ label: 'servers', done: 1, total: 1 });
    book.enter('ready');
    await Promise.resolve(onReady(urls)).catch((error: unknown) => onEvent(`after the start: ${describeError(error)}`));
    await orStopped(new Promise<never>(() => {}), stopping);
  } catch (error) {
    if (!(error instanceof StopRequested)) {
      book.fail(error);
      throw error;
    }
  } finally {
    book.enter('stopping');
    clearInterval(logLimiter);
    await stopInOrder(parts);
    book.close();
  }
}

/** Starts the embedded databases and Redis, at once, as far as they are not configured. */
async function embeddedUrls(
  home: string,
  {
    program,
    settings,
    credentials,
    watch,
    log,
    stopping,
  }: SuperviseOptions & {
    credentials: Credentials;
    watch: (definition: PartDefinition) => Part;
    log: (name: string) => string;
    stopping: AbortSignal;
  },
): Promise<Partial<StackUrls>> {
  const missing = missingSettings(settings, EVERY_URL);
  const databases = async (): Promise<Partial<StackUrls>> => {
    if (missing.every((name) => name === 'redis')) return {};
    const place = await placeCluster(home, credentials.clusterId);
    await requireSpace(place.folder, neededMegabytes(settings.scale, existsSync(filledMark(home))));
    const postgres = await embeddedPostgres(place, credentials, settings.scale, log('postgres'));
    stopping.throwIfAborted();
    await orStopped(watch(postgres.definition).started, stopping);
    await postgres.prepareRoles();
    return postgres.urls;
  };
  const redis = async (): Promise<Partial<StackUrls>> => {
    if (!missing.includes('redis')) return {};
    const definition = await embeddedRedis({
      password: credentials.redis,
      log: log('redis'),
      selfCommand: program.selfCommand,
      wasm: settings.wasmRedis,
    });
    stopping.throwIfAborted();
    await orStopped(watch(definition).started, stopping);
    return definition.url === undefined ? {} : { redis: definition.url };
  };
  // Both are awaited to the end, so that neither starts a process behind the back of a stop.
  const [first, second] = await Promise.allSettled([databases(), redis()]);
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  return { ...first.value, ...second.value };
}

/** Resolves when every part is well, or after a while, to whether one of them had to be started again so far. */
async function whenWellAgain(parts: readonly Part[], stopping: AbortSignal): Promise<boolean> {
  const end = performance.now() + WELL_AGAIN_WITHIN_MS;
  const isUnwell = (part: Part): boolean => part.state().state !== 'healthy';
  while (parts.some(isUnwell) && !stopping.aborted && performance.now() < end) await sleep(50);
  return parts.some((part) => part.state().restarts > 0);
}

/** Exists once the data has been prepared for the first time: from then on the disk must hold much less. */
function filledMark(home: string): string {
  return join(home, 'prepared');
}

type HttpOptions = {
  readonly command: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly port: number;
  readonly url: string;
  readonly log: string;
};

function httpPart({ command, environment, port, url, log }: HttpOptions): PartDefinition {
  return {
    name: 'http',
    engine: 'MCP servers',
    url,
    port,
    start: () =>
      startChild({
        command,
        environment,
        log,
        input: 'lifeline',
        stopSteps: [
          { signal: 'SIGTERM', waitMs: 3000 },
          { signal: 'SIGKILL', waitMs: 1000 },
        ],
      }),
    probe: async (child) => {
      if (child.hasExited()) throw new Error('it has ended');
      const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(4000) });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`/api/health answers ${response.status}`);
    },
    readyWithinMs: 30_000,
  };
}

function etlPart({ command, environment, log }: Pick<HttpOptions, 'command' | 'environment' | 'log'>): PartDefinition {
  return {
    name: 'etl',
    engine: 'ETL schedule',
    url: undefined,
    port: undefined,
    start: () =>
      startChild({
        command,
        environment,
        log,
        input: 'lifeline',
        stopSteps: [
          { signal: 'SIGTERM', waitMs: 2000 },
          { signal: 'SIGKILL', waitMs: 1000 },
        ],
      }),
    readyWithinMs: 0,
  };
}

/** Who uses a part is stopped before it: the servers and the schedule, then what they stand on. */
async function stopInOrder(parts: readonly Part[]): Promise<void> {
  const standsOnOthers = (part: Part): boolean => part.state().name === 'http' || part.state().name === 'etl';
  await Promise.all(parts.filter(standsOnOthers).map((part) => part.stop()));
  await Promise.all(parts.filter((part) => !standsOnOthers(part)).map((part) => part.stop()));
}

/** 0.0.0.0 and :: are where to listen, not where to go. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

async function orStopped<T>(work: Promise<T>, stopping: AbortSignal): Promise<T> {
  stopping.throwIfAborted();
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(stopping.reason);
  stopping.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    stopping.removeEventListener('abort', onAbort);
  }
}

function progressReporter(report: (progress: Progress) => void): (progress: Progress) => void {
  let last: Progress | undefined;
  let reportedAt = 0;
  return (progress) => {
    const now = performance.now();
    const isNews = progress.label !== last?.label || progress.done >= progress.total;
    if (!isNews && now - reportedAt < PROGRESS_EVERY_MS) return;
    last = progress;
    reportedAt = now;
    report(progress);
  };
}

/** Keeps the state file true. */
function stateBook(home: string, program: Program, settings: Settings, parts: () => StackState['parts']) {
  const supervisor = identifyProcess(process.pid) ?? { pid: process.pid, startedAt: '' };
  const fixed = {
    version: program.version,
    supervisor,
    startedAt: new Date().toISOString(),
    settings: { scale: settings.scale, seed: settings.seed, referenceDate: settings.referenceDate },
  };
  let changing: Pick<StackState, 'phase' | 'urls' | 'planKey' | 'progress' | 'failure'> = { phase: 'starting' };
  const write = (): void => {
    try {
      writeStack(home, { ...fixed, ...changing, parts: parts() });
    } catch {
      // A full disk must not end what runs; the next change tries again.
    }
  };
  return {
    write,
    enter: (phase: StackState['phase'], found?: { readonly urls: StackUrls; readonly planKey: Uint8Array }) => {
      if (changing.phase === 'failed') return;
      const named = found === undefined ? {} : { urls: found.urls, planKey: Buffer.from(found.planKey).toString('base64') };
      changing = { ...changing, ...named, phase, progress: undefined };
      write();
    },
    progress: (progress: Progress) => {
      changing = { ...changing, progress };
      write();
    },
    fail: (error: unknown) => {
      const failure =
        error instanceof StackError
          ? { message: error.message, remedy: error.remedy }
          : { message: describeError(error), remedy: 'Run "promptsales doctor".' };
      changing = { phase: 'failed', failure };
      write();
    },
    /** A failed start stays on record for whoever waited for it; of a stack that ended well nothing stays. */
    close: () => {
      if (changing.phase !== 'failed') removeStack(home);
      else write();
      rmSync(`${join(home, 'stack.json')}.${process.pid}`, { force: true });
    },
  };
}

/** The supervisor as a process of its own (`promptsales internal supervisor`). Returns its exit code. */
export async function runSupervisor(program: Program, settings: Settings): Promise<number> {
  const say = (text: string): void => void process.stderr.write(`${new Date().toISOString()} ${text}\n`);
  try {
    const outcome = await supervise({ program, settings, onEvent: say, onReady: () => say('ready') });
    say(outcome === 'taken' ? 'another supervisor has this home' : 'stopped');
    return 0;
  } catch (error) {
    say(describeError(error));
    return 1;
  }
}
