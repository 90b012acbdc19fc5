/** How the parent of the bundled server tells it its port and password. */
export const VALKEY_PORT_VARIABLE = 'PROMPTSALES_VALKEY_PORT';
export const VALKEY_PASSWORD_VARIABLE = 'PROMPTSALES_VALKEY_PASSWORD';

const MAX_MEMORY = '256mb';
/** Locks and queues have no expiry and must stay; everything with one is a copy of something and may go. */
const EVICTION = 'volatile-lru';

/** The configuration file of an installed Redis or Valkey. Nothing is kept over a restart: all of it can be computed again. */
export function redisConfiguration(host: string, port: number, password: string): string {
  return `${[
    `bind ${host}`,
    `port ${port}`,
    `requirepass ${password}`,
    `maxmemory ${MAX_MEMORY}`,
    `maxmemory-policy ${EVICTION}`,
    'save ""',
    'appendonly no',
    'daemonize no',
    'loglevel warning',
  ].join('\n')}\n`;
}

/** The same for the bundled server, which reads no file: commands. The password comes last, since it locks out who has not given it. */
export function valkeyConfiguration(password: string): string[][] {
  return [
    ['CONFIG', 'SET', 'maxmemory', MAX_MEMORY],
    ['CONFIG', 'SET', 'maxmemory-policy', EVICTION],
    ['CONFIG', 'SET', 'requirepass', password],
  ];
}
