import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../../shared/stack/ports.ts';
import { HttpToolClient } from './http_client.ts';
import type { SqlTool } from './throughput_question.ts';

const run = promisify(execFile);

const HOST = '127.0.0.1';
const FOLDER = fileURLToPath(new URL('./peers/', import.meta.url));
const READY_WITHIN_MS = 20_000;

/** Another server for questions to databases, with tools that each run one statement on the hub. */
export type Peer = {
  readonly name: 'Toolbox' | 'DBHub';
  readonly url: URL;
  readonly pid: number | undefined;
  readonly stop: () => Promise<void>;
};

/** How a peer is started: its configuration, the name of that file, and the command on a port, in the file's folder. */
type PeerDefinition = {
  readonly name: Peer['name'];
  readonly file: string;
  readonly configuration: (hub: URL, tools: readonly SqlTool[]) => string;
  readonly command: (port: number) => readonly string[];
};

const resolve = createRequire(join(FOLDER, 'package.json')).resolve;

const TOOLBOX_FILE = 'tools.yaml';
const DBHUB_FILE = 'dbhub.toml';

const PEERS: readonly PeerDefinition[] = [
  {
    name: 'Toolbox',
    file: TOOLBOX_FILE,
    // Its documents of YAML, of which JSON is a part.
    configuration: (hub, tools) =>
      [
        {
          kind: 'source',
          name: 'hub',
          type: 'postgres',
          host: hub.hostname,
          port: hub.port,
          database: hub.pathname.slice(1),
          user: decodeURIComponent(hub.username),
          password: decodeURIComponent(hub.password),
        },
        ...tools.map(({ name, description, sql, parameters }) => ({
          kind: 'tool',
          name,
          type: 'postgres-sql',
          source: 'hub',
          description,
          statement: sql,
          parameters: parameters.map((parameter) => ({
            ...parameter,
            ...(parameter.type === 'array' ? { items: { name: 'item', type: 'string', description: 'One of them' } } : {}),
          })),
        })),
      ]
        .map((document) => JSON.stringify(document))
        .join('\n---\n'),
    command: (port) => [
      // Its starter in JavaScript only passes on to this program, and leaves it behind when it is ended.
      join(dirname(resolve(`@toolbox-sdk/server-${process.platform}-${process.arch}/package.json`)), 'bin', toolboxProgram()),
      ...`--config ${TOOLBOX_FILE} --address ${HOST} --port ${port} --disable-version-check --disable-reload --log-level WARN`.split(' '),
    ],
  },
  {
    name: 'DBHub',
    file: DBHUB_FILE,
    configuration: (hub, tools) =>
      [
        table('sources', { id: 'hub', dsn: `${hub.href}?sslmode=disable` }),
        ...tools.flatMap(({ name, description, sql, parameters }) => [
          table('tools', { name, source: 'hub', description, statement: sql }),
          ...parameters.map((parameter) => table('tools.parameters', parameter)),
        ]),
      ].join('\n'),
    command: (port) => [
      process.execPath,
      resolve('@bytebase/dbhub'),
      ...`--config=${DBHUB_FILE} --transport http --host ${HOST} --port ${port}`.split(' '),
    ],
  },
];

/** A table of TOML, whose strings are those of JSON as far as these go. */
function table(name: string, fields: Readonly<Record<string, string>>): string {
  return [`[[${name}]]`, ...Object.entries(fields).map(([key, value]) => `${key} = ${JSON.stringify(value)}`)].join('\n');
}

function toolboxProgram(): string {
  return process.platform === 'win32' ? 'toolbox.exe' : 'toolbox';
}

/**
 * Starts the peers on the hub, as they come, with those tools; installs them first where they are not yet.
 * `missing` names those that could not be started, and why.
 */
export async function startPeers(
  hubUrl: string,
  tools: readonly SqlTool[],
): Promise<{ readonly peers: readonly Peer[]; readonly missing: readonly string[] }> {
  try {
    await installPeers();
  } catch (error) {
    return { peers: [], missing: PEERS.map(({ name }) => `${name}: npm ci in tests/bench/peers failed: ${reasonOf(error)}`) };
  }
  const peers: Peer[] = [];
  const missing: string[] = [];
  for (const definition of PEERS) {
    try {
      peers.push(await startPeer(definition, hubUrl, tools));
    } catch (error) {
      missing.push(`${definition.name}: ${reasonOf(error)}`);
    }
  }
  return { peers, missing };
}

/** Installs what the lock file says, unless that has been done since it was last changed. Throws with npm's first words. */
async function installPeers(): Promise<void> {
  // npm writes its own lock file last.
  const [asked, installed] = ['package-lock.json', 'node_modules/.package-lock.json'].map((file) =>
    statSync(join(FOLDER, file), { throwIfNoEntry: false }),
  );
  if (asked !== undefined && installed !== undefined && installed.mtimeMs >= asked.mtimeMs) return;
  process.stderr.write('installing Toolbox and DBHub into tests/bench/peers (npm ci)\n');
  // The npm that runs the bench, without the variable that would send the packages into our own folder.
  const npm = process.env.npm_execpath;
  const [program, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'npm_config_local_prefix'));
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', FOLDER];
  try {
    await run(program, [...first, ...flags], {
      cwd: FOLDER,
      env,
      timeout: 600_000,
      shell: npm === undefined && process.platform === 'win32',
    });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.split('\n') : [];
    const errors = said.filter((line) => line.startsWith('npm error ')).map((line) => line.slice('npm error '.length));
    throw new Error(errors.length > 0 ? errors.slice(0, 3).join(', ') : reasonOf(error), { cause: error });
  }
}

async function startPeer({ name, file, configuration, command }: PeerDefinition, hubUrl: string, tools: readonly SqlTool[]): Promise<Peer> {
  const port = await freePort(HOST);
  const [program = '', ...args] = command(port);
  const folder = await mkdtemp(join(tmpdir(), 'promptsales-peer-'));
  // It holds the hub's password.
  await writeFile(join(folder, file), configuration(new URL(hubUrl), tools), { mode: 0o600 });
  // Their own settings would be read from the environment too.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, SYSTEMROOT: process.env.SYSTEMROOT };
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const listen = (chunk: Buffer) => {
    said = `${said}${chunk.toString('utf8')}`.slice(-4_000);
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  let failure: Error | undefined;
  child.on('error', (error) => {
    failure = error;
  });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  const stop = async () => {
    process.off('exit', end);
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await Promise.race([ended, sleep(3_000, undefined, { ref: false })]);
      child.kill('SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  const url = new URL(`http://${HOST}:${port}/mcp`);
  const client = new HttpToolClient(url.href);
  const giveUpAt = performance.now() + READY_WITHIN_MS;
  try {
    for (;;) {
      try {
        for (const { name, calls } of tools) await client.call(name, calls[0] ?? {});
        return { name, url, pid: child.pid, stop };
      } catch (error) {
        if (failure !== undefined) throw failure;
        if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}: ${said.trim().slice(-500)}`, { cause: error });
        if (performance.now() > giveUpAt) throw new Error(`it does not answer: ${reasonOf(error)}`, { cause: error });
        await sleep(100);
      }
    }
  } catch (error) {
    await stop();
    throw error;
  } finally {
    client.close();
  }
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split('\n').slice(-3).join(' / ').slice(0, 500);
}
