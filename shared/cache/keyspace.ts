import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { KeyFamily } from './catalogue.ts';
import { familyOf, jobKey, lockKey, sessionKey, toolResultKey } from './keys.ts';
import { describeRedisAddress, parseRedisAddress, type RedisAddress } from './redis_address.ts';
import { connectDriver, openRedisDriver, type RedisDriver } from './redis_driver.ts';

/** A server's own figures. Bytes; `maxBytes` 0 is "no limit"; hits and misses since it started. */
export type RedisServerFigures = {
  readonly engine: string;
  readonly version: string;
  readonly usedBytes: number;
  readonly maxBytes: number;
  readonly evictionPolicy: string;
  readonly hits: number;
  readonly misses: number;
  readonly evictedKeys: number;
  readonly uptimeSeconds: number;
};

/** A key as it lies in Redis. */
export type KeySight = {
  readonly key: string;
  /** Undefined: foreign to the catalogue. */
  readonly family: KeyFamily | undefined;
  /** As Redis names it: hash, list, string, zset, set, stream. */
  readonly type: string;
  /** Seconds to live; null: it never expires. */
  readonly secondsLeft: number | null;
  /** Memory it takes. */
  readonly bytes: number | null;
  /** Fields, elements, members, or a string's bytes. */
  readonly length: number | null;
  /** What it holds, the first of it where it is long: a hash's fields, a list's elements by place, members with their scores, or 'value'. */
  readonly holds: Readonly<Record<string, string>>;
};

/** All keys of a Redis, for a person who looks after it: whole and slow, unlike the connection calls use. */
export type Keyspace = {
  /** Where it is, without user and password. */
  readonly address: string;
  readonly servers: () => Promise<readonly RedisServerFigures[]>;
  /** The keys that match, of every master, in portions, found by SCAN: Redis goes on serving meanwhile. */
  readonly scan: (glob: string) => AsyncIterable<readonly string[]>;
  /** Undefined: there is no such key. */
  readonly look: (key: string) => Promise<KeySight | undefined>;
  /** Deletes keys one by one, the memory freed in the background; how many there were. */
  readonly unlink: (keys: readonly string[]) => Promise<number>;
  readonly close: () => void;
};

/** Redis cannot be asked, or refuses: the message says why, the remedy what to look at. */
class RedisUnreachable extends Error {
  override readonly name = 'RedisUnreachable';
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

const PATIENCE = { connectMs: 3_000, silenceMs: 10_000 };
const CONNECT_WITHIN_MS = 5_000;
/** What one SCAN looks at: a millisecond of the server's time. */
const SCAN_COUNT = 1_000;
/** Keys deleted before the next are: the server's other clients are served in between. */
const UNLINK_AT_ONCE = 500;
/** Of a long hash, list or set. */
const MOST_ELEMENTS = 50;
/** Of a long value, in characters. */
const MOST_CHARACTERS = 200;

/** Connects. Throws an error with a `remedy` when Redis is not there or does not let us in, and SettingsError as openRedisDriver does. */
export async function openKeyspace(url: string): Promise<Keyspace> {
  const driver = await openRedisDriver(url, PATIENCE);
  const where = parseRedisAddress(url);
  const address = describeRedisAddress(where);
  const fault = await connect(driver);
  if (fault !== undefined) {
    const reason = where.kind === 'cluster' ? await faultOfNode(where, fault) : fault;
    throw new RedisUnreachable(`Redis at ${address} cannot be reached: ${reason}`, 'Look at REDIS_URL, and whether that server runs.');
  }
  const { client } = driver;
  const masters = (): readonly Redis[] => (driver.kind === 'server' ? [driver.client] : driver.client.nodes('master'));
  return {
    address,
    servers: () => Promise.all(masters().map(async (node) => figuresOf(await node.info().catch(refused)))),
    async *scan(glob) {
      for (const node of masters()) {
        const seen = new Set<string>();
        let cursor = '0';
        do {
          const [next, keys] = await node.scan(cursor, 'MATCH', glob, 'COUNT', SCAN_COUNT).catch(refused);
          cursor = next;
          // SCAN may show a key twice while the server makes room.
          const fresh = keys.filter((key) => !seen.has(key));
          for (const key of fresh) seen.add(key);
          if (fresh.length > 0) yield fresh;
        } while (cursor !== '0');
      }
    },
    look: (key) => lookAt(client, key).catch(refused),
    async unlink(keys) {
      let gone = 0;
      for (let first = 0; first < keys.length; first += UNLINK_AT_ONCE) {
        const counts = await Promise.all(keys.slice(first, first + UNLINK_AT_ONCE).map((key) => client.unlink(key))).catch(refused);
        for (const count of counts) gone += count;
      }
      return gone;
    },
    close: () => client.disconnect(),
  };
}

/** Connects; or closes the driver and says why it could not. */
async function connect(driver: RedisDriver): Promise<string | undefined> {
  const { client } = driver;
  let reason = 'it does not answer';
  const learn = (error: unknown) => {
    if (error instanceof Error && !/Connection is closed|startup nodes|slots cache/.test(error.message)) reason = error.message || reason;
  };
  client.on('error', learn);
  const connected = connectDriver(driver).then(
    () => true,
    (error: unknown) => {
      learn(error);
      return false;
    },
  );
  if (await Promise.race([connected, sleep(CONNECT_WITHIN_MS, false, { ref: false })])) return undefined;
  client.disconnect();
  return reason;
}

/** Why a Cluster cannot be reached: its client does not say what each node answered, so the first is asked by itself. */
async function faultOfNode(cluster: RedisAddress, otherwise: string): Promise<string> {
  const { nodes, login, tls } = cluster;
  const node = await openRedisDriver({ kind: 'server', nodes: nodes.slice(0, 1), login, tls, database: 0 }, PATIENCE);
  const fault = await connect(node);
  if (fault !== undefined) return fault;
  const info = node.kind === 'server' ? await node.client.info('cluster').catch(() => '') : '';
  node.client.disconnect();
  return info.includes('cluster_enabled:0') ? 'that server is none of a Cluster: redis:// is the form for it' : otherwise;
}

function refused(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  throw new RedisUnreachable(
    `Redis did not do as it was asked: ${message}`,
    message.startsWith('NOPERM')
      ? 'Log in as promptsales_operations: database/redis/config/README.md says what each user may do.'
      : 'Try again; promptsales cache status says whether Redis is well.',
  );
}

function figuresOf(info: string): RedisServerFigures {
  const figures = new Map(info.split(/\r?\n/).flatMap((line) => (line.includes(':') ? [splitAtColon(line)] : [])));
  const number = (name: string): number => Number(figures.get(name) ?? 0);
  const valkey = figures.get('valkey_version');
  return {
    engine: valkey === undefined ? 'Redis' : 'Valkey',
    version: valkey ?? figures.get('redis_version') ?? '',
    usedBytes: number('used_memory'),
    maxBytes: number('maxmemory'),
    evictionPolicy: figures.get('maxmemory_policy') ?? '',
    hits: number('keyspace_hits'),
    misses: number('keyspace_misses'),
    evictedKeys: number('evicted_keys'),
    uptimeSeconds: number('uptime_in_seconds'),
  };
}

function splitAtColon(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1)];
}

async function lookAt(client: RedisDriver['client'], key: string): Promise<KeySight | undefined> {
  const type = await client.type(key);
  if (type === 'none') return undefined;
  const [left, bytes, { length, holds }] = await Promise.all([client.pttl(key), client.memory('USAGE', key), contentOf(client, key, type)]);
  const family = familyOf(key);
  return {
    key,
    family,
    type,
    secondsLeft: left < 0 ? null : Math.ceil(left / 1_000),
    bytes: typeof bytes === 'number' ? bytes : null,
    length,
    holds: await readable(family, holds),
  };
}

type Content = { readonly length: number | null; readonly holds: readonly (readonly [name: string, value: Buffer])[] };

async function contentOf(client: RedisDriver['client'], key: string, type: string): Promise<Content> {
  switch (type) {
    case 'hash': {
      const [length, [, fields]] = await Promise.all([client.hlen(key), client.hscanBuffer(key, '0', 'COUNT', MOST_ELEMENTS)]);
      return { length, holds: pairs(fields).slice(0, MOST_ELEMENTS) };
    }
    case 'list': {
      const [length, elements] = await Promise.all([client.llen(key), client.lrangeBuffer(key, 0, MOST_ELEMENTS - 1)]);
      return { length, holds: elements.map((element, i) => [String(i), element] as const) };
    }
    case 'zset': {
      const [length, members] = await Promise.all([
        client.zcard(key),
        client.zrange(key, '0', String(MOST_ELEMENTS - 1), 'REV', 'WITHSCORES'),
      ]);
      return { length, holds: pairs(members.map((text) => Buffer.from(text))) };
    }
    case 'string': {
      const [length, start] = await Promise.all([client.strlen(key), client.getrangeBuffer(key, 0, 4 * MOST_CHARACTERS)]);
      return { length, holds: [['value', start]] };
    }
    default:
      return { length: null, holds: [] };
  }
}

function pairs(flat: readonly Buffer[]): (readonly [string, Buffer])[] {
  return flat.flatMap((name, i) => (i % 2 === 0 ? [[name.toString('utf8'), flat[i + 1] ?? Buffer.alloc(0)] as const] : []));
}

/** What must not be shown on a screen that others see: what proves an identity, who owns a lock or a job, and personal data. */
const HIDDEN: ReadonlyMap<KeyFamily['pattern'], readonly string[]> = new Map([
  [sessionKey.pattern, ['token_hash', 'email']],
  [lockKey.pattern, ['value']],
  [jobKey.pattern, ['owner']],
]);

async function readable(family: KeyFamily | undefined, holds: Content['holds']): Promise<Record<string, string>> {
  const hidden = family === undefined ? [] : (HIDDEN.get(family.pattern) ?? []);
  const zstd =
    family?.pattern === toolResultKey.pattern && holds.some(([name, value]) => name === 'encoding' && value.toString() === 'zstd');
  const shown = await Promise.all(
    holds.map(async ([name, value]): Promise<[string, string]> => {
      if (hidden.includes(name)) return [name, '(hidden)'];
      return [name, shortened(zstd && name === 'result' ? await unpacked(value) : value)];
    }),
  );
  return Object.fromEntries(shown);
}

/** A compressed value's text, or the bytes as they are when they cannot be read. */
async function unpacked(value: Buffer): Promise<Buffer> {
  const { zstdDecompressSync } = await import('node:zlib');
  try {
    return zstdDecompressSync(value, { maxOutputLength: 64 * 1024 * 1024 });
  } catch {
    return value;
  }
}

function shortened(value: Buffer): string {
  const text = value.toString('utf8');
  // A value that was cut may end within a character; what is not text has more of these.
  const broken = text.slice(0, -3).includes('\uFFFD') || text.includes('\u0000');
  if (broken) return `(${value.length} bytes)`;
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}… (${text.length} characters)`;
}
