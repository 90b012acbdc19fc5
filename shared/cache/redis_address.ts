/** Where one process of Redis listens. */
export type RedisNode = { readonly host: string; readonly port: number };

/** PEM files of an encrypted connection; without `ca` the authorities of the machine are trusted. */
export type RedisTlsFiles = { readonly ca?: string | undefined; readonly cert?: string | undefined; readonly key?: string | undefined };

/** Who logs in; without a user name it is Redis's `default` user. */
export type RedisLogin = { readonly username?: string | undefined; readonly password?: string | undefined };

/** How Redis is reached: one server, the nodes of a Cluster, or the Sentinels that know a master. */
export type RedisAddress = {
  readonly nodes: readonly RedisNode[];
  readonly login: RedisLogin;
  /** Undefined: not encrypted. */
  readonly tls: RedisTlsFiles | undefined;
} & (
  | { readonly kind: 'server'; readonly database: number }
  | { readonly kind: 'cluster' }
  | { readonly kind: 'sentinel'; readonly database: number; readonly master: string; readonly sentinelLogin: RedisLogin }
);

/** A URL of Redis that cannot be read. The message never repeats any of it: a part taken for a host may be half a password. */
export class RedisAddressError extends Error {
  override readonly name = 'RedisAddressError';
}

const DEFAULT_PORT = 6379;
const DEFAULT_SENTINEL_PORT = 26_379;
const FORMS =
  'redis://host:port, redis+cluster://host:port,host:port or redis+sentinel://host:port,host:port/master, with rediss instead of redis for TLS';
const URL_PARTS = /^(rediss?)(\+cluster|\+sentinel)?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i;
const NODE = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i;

/**
 * Reads a URL of Redis:
 * - `redis://[user:password@]host[:port][/database]`: one server,
 * - `redis+cluster://[user:password@]host:port,host:port…`: a Cluster, by any of its nodes,
 * - `redis+sentinel://[user:password@]host:port,host:port…/master[/database][?sentinel_username=…&sentinel_password=…]`: the master of that
 *   name, whichever server the Sentinels say it is.
 *
 * `rediss` encrypts: the server's certificate is always verified, against the machine's authorities or those of `?tls_ca=file`;
 * `tls_cert` and `tls_key` name a client certificate. Throws {@link RedisAddressError}.
 */
export function parseRedisAddress(url: string): RedisAddress {
  const [, scheme = '', shape = '', authority = '', path = '', query = ''] = URL_PARTS.exec(url.trim()) ?? fail(`must be like ${FORMS}`);
  const at = authority.lastIndexOf('@');
  const kind = shape === '' ? 'server' : shape.toLowerCase() === '+cluster' ? 'cluster' : 'sentinel';
  const parameters = readParameters(query, kind === 'sentinel' ? [...TLS_PARAMETERS, ...SENTINEL_PARAMETERS] : TLS_PARAMETERS);
  const encrypted = scheme.toLowerCase() === 'rediss';
  if (!encrypted && TLS_PARAMETERS.some((name) => parameters.has(name))) fail('names certificates, which only rediss:// uses');
  const common = {
    nodes: readNodes(authority.slice(at + 1), kind),
    login: at === -1 ? {} : readLogin(authority.slice(0, at)),
    tls: encrypted ? readTlsFiles(parameters) : undefined,
  };
  const segments = path === '' ? [] : path.split('/').map(decode);
  switch (kind) {
    case 'server':
      if (segments.length > 1) fail('may name only a database number after the host, such as /1');
      return { ...common, kind, database: readDatabase(segments[0]) };
    case 'cluster':
      if (segments.some((segment) => segment !== '' && segment !== '0')) fail('must name no database: a Cluster has only number 0');
      return { ...common, kind };
    case 'sentinel': {
      const [master = '', database, ...more] = segments;
      if (master === '' || more.length > 0)
        fail("must end in the master's name as the Sentinels know it, such as /mymaster or /mymaster/1");
      const [username, password] = SENTINEL_PARAMETERS.map((name) => parameters.get(name) ?? undefined);
      return { ...common, kind, master, database: readDatabase(database), sentinelLogin: { username, password } };
    }
  }
}

const TLS_PARAMETERS = ['tls_ca', 'tls_cert', 'tls_key'] as const;
const SENTINEL_PARAMETERS = ['sentinel_username', 'sentinel_password'] as const;

/** The URL with the files of an encrypted connection in it. What it names itself stays. */
export function withTlsFiles(url: string, files: RedisTlsFiles): string {
  const own = new URLSearchParams(url.split('?')[1] ?? '');
  const added = new URLSearchParams();
  for (const [name, file] of [['tls_ca', files.ca] as const, ['tls_cert', files.cert] as const, ['tls_key', files.key] as const]) {
    if (file !== undefined && !own.has(name)) added.set(name, file);
  }
  return added.size === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}${added}`;
}

/** The address as a person may show it around: no password, no user. */
export function describeRedisAddress(address: RedisAddress): string {
  const shape = address.kind === 'server' ? '' : `+${address.kind}`;
  const nodes = address.nodes.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',');
  const master = address.kind === 'sentinel' ? `/${address.master}` : '';
  const database = address.kind === 'cluster' || address.database === 0 ? '' : `/${address.database}`;
  return `redis${address.tls === undefined ? '' : 's'}${shape}://${nodes}${master}${database}`;
}

function readNodes(list: string, kind: RedisAddress['kind']): RedisNode[] {
  if (list === '') fail(`names no host: it must be like ${FORMS}`);
  const nodes = list.split(',').map((node) => {
    const [, six, host, port] =
      NODE.exec(node) ??
      fail("must name hosts with their ports, such as redis.example:6379; a password's own @ : / ? # are written %40 %3A %2F %3F %23");
    const number = port === undefined ? (kind === 'sentinel' ? DEFAULT_SENTINEL_PORT : DEFAULT_PORT) : Number(port);
    if (number < 1 || number > 65_535) fail('has a port that is not between 1 and 65535');
    return { host: six ?? host ?? '', port: number };
  });
  if (kind === 'server' && nodes.length > 1)
    fail('names several hosts: those of a Cluster are written redis+cluster://, those of Sentinels redis+sentinel://');
  return nodes;
}

function readLogin(text: string): RedisLogin {
  const colon = text.indexOf(':');
  if (colon === -1) fail('has a user name without a password: it must be like redis://user:password@host or redis://:password@host');
  const username = decode(text.slice(0, colon));
  return { username: username === '' ? undefined : username, password: decode(text.slice(colon + 1)) };
}

function readDatabase(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  if (!/^\d{1,4}$/.test(text)) fail('has a database that is not a number');
  return Number(text);
}

function readParameters(query: string, known: readonly string[]): URLSearchParams {
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (!known.includes(name)) fail(`has a parameter that is not known here; known are ${known.join(', ')}`);
  }
  return parameters;
}

function readTlsFiles(parameters: URLSearchParams): RedisTlsFiles {
  const [ca, cert, key] = TLS_PARAMETERS.map((name) => parameters.get(name) ?? undefined);
  if ((cert === undefined) !== (key === undefined)) fail('must name a client certificate and its key together');
  return { ca, cert, key };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return fail('has a % that stands for nothing; a % itself is written %25');
  }
}

function fail(reason: string): never {
  throw new RedisAddressError(reason);
}
