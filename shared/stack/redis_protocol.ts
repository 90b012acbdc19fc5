import { connect } from 'node:net';

/** Asks a Redis server for a PONG. Rejects with what it said instead, or that it cannot be reached, within four seconds. */
export function pingRedis(url: string): Promise<void> {
  const { hostname, port, password, username } = new URL(url);
  const login = password === '' ? [] : [username === '' ? ['AUTH', password] : ['AUTH', username, password]];
  const commands = [...login, ['PING']];
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: port === '' ? 6379 : Number(port), timeout: 4000 });
    let reply = '';
    socket.on('connect', () => socket.write(commands.map(asRedisCommand).join('')));
    socket.on('data', (chunk) => {
      reply += chunk.toString('utf8');
      if (reply.includes('+PONG')) resolve();
      else if (/^-/m.test(reply)) reject(new Error(reply.trim()));
      else return;
      socket.destroy();
    });
    socket.on('timeout', () => socket.destroy(new Error('no answer within 4 s')));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the connection was closed')));
  });
}

/** A command as the Redis protocol writes it: an array of byte strings. */
export function asRedisCommand(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}
