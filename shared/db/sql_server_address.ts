import type { config } from 'mssql';

/** Whether an address is one of SQL Server. */
export const isSqlServerAddress = (address: string): boolean => /^(mssql|sqlserver):/i.test(address);

/** An address of SQL Server that cannot be read as one. No part of the address is told: it may hold a password. */
export class UnreadableAddress extends Error {
  override readonly name = 'UnreadableAddress';
}

type Place = Pick<config, 'server' | 'port' | 'database' | 'user' | 'password'> & {
  readonly encrypt: boolean;
  readonly trustServerCertificate: boolean;
  readonly instance: string | undefined;
};

/**
 * Reads mssql://user:password@host:1433/database?encrypt=true (also with sqlserver:) and the form of JDBC,
 * sqlserver://host:1433;databaseName=…;user=…;password=…. The connection is encrypted and the server's certificate is checked unless
 * the address says otherwise with encrypt=false or trustServerCertificate=true. Throws UnreadableAddress.
 */
export function sqlServerPlace(address: string): Place {
  const [head = '', ...pairs] = address.split(';');
  const url = URL.parse(head.replace(/^\w+:/, 'http:'));
  if (url === null || !isSqlServerAddress(address)) throw new UnreadableAddress('this is no address of SQL Server');
  const options = new Map(
    [...url.searchParams, ...pairs.filter((pair) => pair !== '').map(pairOf)].map(([name, value]) => [name.toLowerCase(), value]),
  );
  const unknown = [...options.keys()].find((name) => !KNOWN.has(name));
  if (unknown !== undefined) throw new UnreadableAddress(`an address of SQL Server has no option ${unknown.slice(0, 40)}`);
  const option = (...names: readonly string[]): string | undefined =>
    names.map((name) => options.get(name)).find((value) => value !== undefined);
  const decoded = (text: string): string | undefined => (text === '' ? undefined : decodeURIComponent(text));
  const database = decoded(url.pathname.slice(1)) ?? option('database', 'databasename');
  const user = decoded(url.username) ?? option('user');
  const password = decoded(url.password) ?? option('password');
  if (database === undefined) throw new UnreadableAddress('the address of SQL Server names no database');
  return {
    server: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    database,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    encrypt: flag('encrypt', option('encrypt') ?? 'true'),
    trustServerCertificate: flag('trustServerCertificate', option('trustservercertificate') ?? 'false'),
    instance: option('instancename'),
  };
}

const KNOWN: ReadonlySet<string> = new Set([
  'database',
  'databasename',
  'user',
  'password',
  'encrypt',
  'trustservercertificate',
  'instancename',
]);

function pairOf(pair: string): readonly [string, string] {
  const at = pair.indexOf('=');
  if (at < 1) throw new UnreadableAddress('an option in the address of SQL Server has no value');
  return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
}

function flag(name: string, value: string): boolean {
  if (value !== 'true' && value !== 'false') throw new UnreadableAddress(`${name} is true or false in an address of SQL Server`);
  return value === 'true';
}
