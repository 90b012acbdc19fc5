import type { z } from 'zod';
import type { RedisConnection, RedisReply } from './redis_connection.ts';

/** Whether a reply says that the key is not there: GET's null, an empty hash, list or sorted set. */
function isAbsent(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0);
}

/**
 * Reads a reply by a schema. Undefined when there is nothing, when Redis gave no reply, and when what is there is not what it should be:
 * then it is deleted too, so that it harms one reader only.
 */
export function readOrDrop<Value>(
  redis: RedisConnection,
  key: string,
  reply: RedisReply | undefined,
  schema: z.ZodType<Value>,
): Value | undefined {
  if (reply === undefined || (reply.ok && isAbsent(reply.value))) return undefined;
  const read = reply.ok ? schema.safeParse(reply.value) : undefined;
  if (read?.success) return read.data;
  void redis.pipeline([['del', key]]);
  return undefined;
}
