import type { RedisCommand, RedisConnection, RedisReply } from '../../shared/cache/redis_connection.ts';

/** A Redis of plain maps with the few commands the call path sends; `isUp` can be turned off, hash fields can be spoiled. */
export class PretendRedis implements RedisConnection {
  readonly hashes = new Map<string, Map<string, string>>();
  readonly counters = new Map<string, number>();
  readonly lives = new Map<string, number>();
  isUp = true;
  roundTrips = 0;

  async pipeline(commands: readonly RedisCommand[]): Promise<readonly RedisReply[] | undefined> {
    if (!this.isUp) return undefined;
    this.roundTrips += 1;
    return commands.map((command) => ({ ok: true, value: this.#run(command) }));
  }

  async close(): Promise<void> {}

  #run([name, key, ...rest]: RedisCommand): unknown {
    const id = String(key);
    switch (name) {
      case 'incrby': {
        const value = (this.counters.get(id) ?? 0) + Number(rest[0]);
        this.counters.set(id, value);
        return value;
      }
      case 'expire':
        this.lives.set(id, Number(rest[0]));
        return 1;
      case 'hset': {
        const hash = this.hashes.get(id) ?? new Map<string, string>();
        for (let i = 0; i < rest.length; i += 2) hash.set(String(rest[i]), String(rest[i + 1]));
        this.hashes.set(id, hash);
        return rest.length / 2;
      }
      case 'hmget':
        return rest.map((field) => this.hashes.get(id)?.get(String(field)) ?? null);
      case 'del':
        return this.hashes.delete(id) ? 1 : 0;
      default:
        throw new Error(`PretendRedis has no ${name}`);
    }
  }
}
