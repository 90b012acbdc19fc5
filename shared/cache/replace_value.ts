import type { RedisCommand, RedisScript } from './redis_connection.ts';

// One step each: nobody reads half of a value, and none is left without the end of its life. In portions, because Lua's stack holds
// some thousands of values.

const REPLACE_HASH: RedisScript = {
  name: 'replaceHash',
  lua: `redis.call('del', KEYS[1])
for i = 2, #ARGV, 500 do redis.call('hset', KEYS[1], unpack(ARGV, i, math.min(i + 499, #ARGV))) end
return redis.call('expire', KEYS[1], ARGV[1])`,
};

const REPLACE_LIST: RedisScript = {
  name: 'replaceList',
  lua: `redis.call('del', KEYS[1])
for i = 2, #ARGV, 500 do redis.call('rpush', KEYS[1], unpack(ARGV, i, math.min(i + 499, #ARGV))) end
return redis.call('expire', KEYS[1], ARGV[1])`,
};

const REPLACE_SORTED_SET: RedisScript = {
  name: 'replaceSortedSet',
  lua: `redis.call('del', KEYS[1])
for i = 2, #ARGV, 500 do redis.call('zadd', KEYS[1], unpack(ARGV, i, math.min(i + 499, #ARGV))) end
return redis.call('expire', KEYS[1], ARGV[1])`,
};

/** Writes a hash in place of whatever is there, to live so many seconds. Without fields there is none afterwards. */
export function replaceHash(key: string, fields: Readonly<Record<string, string | number>>, seconds: number): RedisCommand {
  return [REPLACE_HASH, key, seconds, ...Object.entries(fields).flat()];
}

/** Writes a list in place of whatever is there, in order, to live so many seconds. Without elements there is none afterwards. */
export function replaceList(key: string, elements: readonly string[], seconds: number): RedisCommand {
  return [REPLACE_LIST, key, seconds, ...elements];
}

/** Writes a sorted set in place of whatever is there, to live so many seconds. Without members there is none afterwards. */
export function replaceSortedSet(
  key: string,
  members: readonly { readonly member: string; readonly score: number }[],
  seconds: number,
): RedisCommand {
  return [REPLACE_SORTED_SET, key, seconds, ...members.flatMap(({ member, score }) => [score, member])];
}
