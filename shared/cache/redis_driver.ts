import type { Cluster, ClusterOptions, CommonRedisOptions, Redis, RedisOptions } from 'ioredis';
import { SettingsError } from '../config/settings.ts';
import { parseRedisAddress, type RedisAddress, RedisAddressError, type RedisTlsFiles } from './redis_address.ts';

/** The driver's client: of one server (found by Sentinels or not), or of a Cluster. Not yet connected. */
export type RedisDriver = { readonly kind: 'server'; readonly client: Redis } | { readonly kind: 'cluster'; readonly client: Cluster };

/** How long a driver waits, in milliseconds. */
export type DriverPatience = {
  readonly connectMs: number;
  /** A connection that owes an answer and has been silent this long is taken for dead and replaced. */
  readonly silenceMs: number;
};

const CALL_PATIENCE: DriverPatience = { connectMs: 1_000, silenceMs: 2_000 };

/**
 * A client for a URL of Redis, that reconnects by itself after a restart, a failover or a moved slot. Nothing it sends is ever sent twice: a
 * command whose connection broke is rejected, since nobody knows whether it was carried out. Throws SettingsError for a URL or a
 * certificate that cannot be read.
 */
export async function openRedisDriver(url: string | RedisAddress, patience: DriverPatience = CALL_PATIENCE): Promise<RedisDriver> {
  const address = typeof url === 'string' ? readAddress(url) : url;
  const tls = address.tls === undefined ? undefined : await readTls(address.tls);
  const common = {
    ...login(address),
    ...(tls === undefined ? {} : { tls }),
    connectionName: 'promptsales',
    disableClientInfo: true,
    connectTimeout: patience.connectMs,
    socketTimeout: patience.silenceMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
  } satisfies CommonRedisOptions & { tls?: object };

  // The default export: a bundle does not give a CommonJS package's named ones to a dynamic import.
  const { default: ioredis } = await import('ioredis');
  const driver: RedisDriver =
    address.kind === 'cluster'
      ? { kind: 'cluster', client: new ioredis.Cluster([...address.nodes], clusterOptions(common)) }
      : { kind: 'server', client: new ioredis.Redis(serverOptions(address, common)) };
  if (driver.kind === 'cluster') driver.client.on('+node', surviveErrors);
  else surviveErrors(driver.client);
  // Without a listener ioredis writes each failed attempt to the console.
  driver.client.on('error', ignore);
  return driver;
}

/**
 * The driver listens to a connection's first error only. One that is refused in the middle of a TLS handshake has a second, the other side's
 * alert, which nobody would hear: it would end the process.
 */
function surviveErrors(client: Redis): void {
  client.on('error', () => {
    const { stream } = client;
    if (stream?.listeners('error').includes(ignore) === false) stream.on('error', ignore);
  });
}

function ignore(): void {}

/** Connects; resolves when commands can be sent, rejects when the first attempt failed. Attempts go on behind it. */
export async function connectDriver({ kind, client }: RedisDriver): Promise<void> {
  await client.connect();
  // A Cluster's client connects to a node when it first needs it: the first call would wait for each of them.
  if (kind === 'cluster') await Promise.allSettled(client.nodes('master').map((node) => connectNode(node)));
}

async function connectNode(node: Redis): Promise<void> {
  if (node.status === 'wait') await node.connect();
}

function serverOptions(address: Exclude<RedisAddress, { kind: 'cluster' }>, common: CommonRedisOptions & { tls?: object }): RedisOptions {
  const options: RedisOptions = {
    ...common,
    db: address.database,
    lazyConnect: true,
    enableOfflineQueue: false,
    retryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
    // A master that became a replica, behind a Sentinel or a name that now points elsewhere, is to be left.
    reconnectOnError: ({ message }) => message.includes('READONLY'),
  };
  const [first] = address.nodes;
  if (address.kind === 'server') return { ...options, host: first?.host ?? '', port: first?.port ?? 0 };
  const { username, password } = address.sentinelLogin;
  return {
    ...options,
    name: address.master,
    sentinels: address.nodes.map(({ host, port }) => ({ host, port })),
    sentinelCommandTimeout: common.connectTimeout,
    sentinelRetryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
    ...(common.tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: common.tls }),
  };
}

function clusterOptions(common: CommonRedisOptions & { tls?: object }): ClusterOptions {
  return {
    redisOptions: common,
    lazyConnect: true,
    // A command that meets a node which is just connecting waits for it, behind the ones before it: their order stays.
    enableOfflineQueue: true,
    clusterRetryStrategy: (attempt) => Math.min(100 * attempt, 2_000),
    slotsRefreshInterval: 5_000,
    maxRedirections: 4,
    retryDelayOnTryAgain: 50,
    // Not again: it may have been carried out before the connection broke, and its caller no longer waits.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    // Certificates are made out to names: as addresses they could not be verified.
    ...(common.tls === undefined ? {} : { dnsLookup: (host: string, done: (error: null, address: string) => void) => done(null, host) }),
  };
}

function login({ login: { username, password } }: RedisAddress): RedisOptions {
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
}

function readAddress(url: string): RedisAddress {
  try {
    return parseRedisAddress(url);
  } catch (error) {
    throw error instanceof RedisAddressError ? new SettingsError(`REDIS_URL: ${error.message}`) : error;
  }
}

/** Verification is said here, so that no variable of Node's turns it off. */
async function readTls(files: RedisTlsFiles): Promise<{ rejectUnauthorized: true; ca?: Buffer; cert?: Buffer; key?: Buffer }> {
  const [{ readFile }, { createSecureContext }] = await Promise.all([import('node:fs/promises'), import('node:tls')]);
  const read = async (variable: string, file: string | undefined): Promise<Buffer | undefined> => {
    if (file === undefined) return undefined;
    const text = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      throw new SettingsError(`${variable}: the file ${file} cannot be read (${error.code ?? error.message})`);
    });
    if (!text.includes('-----BEGIN ')) throw new SettingsError(`${variable}: ${file} is not a PEM file`);
    return text;
  };
  const [ca, cert, key] = await Promise.all([
    read('REDIS_TLS_CA', files.ca),
    read('REDIS_TLS_CERT', files.cert),
    read('REDIS_TLS_KEY', files.key),
  ]);
  const options = {
    rejectUnauthorized: true as const,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  try {
    createSecureContext(options);
  } catch (error) {
    throw new SettingsError(`REDIS_TLS_CA, REDIS_TLS_CERT, REDIS_TLS_KEY: ${error instanceof Error ? error.message : error}`);
  }
  return options;
}
