import { z } from 'zod';
import { canonicalHash } from '../domain/canonical_json.ts';
import { type JobState, recordJobs } from './job_record.ts';
import { generationQueueKey, jobQueueKey } from './keys.ts';
import type { RedisCommand, RedisConnection } from './redis_connection.ts';

/**
 * Reliable queues on the customer's keys. A job's element stays in its list until the job is over: a worker turns the list (LMOVE from
 * its right end to its left, one key) and claims the job by a script on job:{id}, whose lease it renews. So a worker that dies loses no
 * job (its lease ends, another claims it), and no job is done by two while its worker lives. The element carries the whole job, the hash
 * only how far it is: a hash that expired or was pushed out of memory costs the count of attempts and not the job.
 */
export type JobQueue<Payload extends JobPayload = JobPayload, Priority extends string = string> = {
  /** Lists by priority, the most urgent first. */
  readonly lists: readonly { readonly priority: Priority; readonly key: string }[];
  readonly payload: z.ZodType<Payload>;
};

/** What a job is about. Its id is written beside it. */
export type JobPayload = Readonly<Record<string, unknown>> & { readonly id?: never };

/** Background jobs of a type: queue:jobs:{type}. */
export function backgroundJobs<Payload extends JobPayload>(type: string, payload: z.ZodType<Payload>): JobQueue<Payload, 'normal'> {
  return { lists: [{ priority: 'normal', key: jobQueueKey.of({ type }) }], payload };
}

/** Content that waits to be generated: queue:ai_generation:{priority}. */
export const generationJobs = {
  lists: (['high', 'normal', 'low'] as const).map((priority) => ({ priority, key: generationQueueKey.of({ priority }) })),
  payload: z.object({ campana_id: z.string().min(1), segmento: z.string().min(1) }),
} satisfies JobQueue;

/** A job to be done. One asked for twice by the same id is done once, so whoever did not hear an answer may ask again. */
export type NewJob<Payload, Priority> = {
  readonly payload: Payload;
  readonly priority?: Priority | undefined;
  readonly id?: string | undefined;
};

/** Elements a command may carry: a pause for everybody else if they were more. */
const ELEMENTS_A_COMMAND = 500;

/**
 * Puts jobs into a queue; their ids, in order. Undefined when Redis did not take them all: some may be in it, so ask again by the same
 * ids. A job that is over already is not done again.
 */
export async function enqueue<Payload extends JobPayload, Priority extends string>(
  redis: RedisConnection | undefined,
  queue: JobQueue<Payload, Priority>,
  jobs: readonly NewJob<Payload, Priority>[],
): Promise<readonly string[] | undefined> {
  if (redis === undefined) return undefined;
  const named = jobs.map(({ payload, priority, id = crypto.randomUUID() }) => ({ payload, priority, id }));
  for (let from = 0; from < named.length; from += ELEMENTS_A_COMMAND) {
    const some = named.slice(from, from + ELEMENTS_A_COMMAND);
    // Before the elements: a job that is claimed must have been recorded.
    const states = await recordJobs(
      redis,
      some.map(({ id }) => id),
    );
    if (states.includes(undefined)) return undefined;
    const open = some.filter((_, i) => states[i] === ('waiting' satisfies JobState) || states[i] === ('active' satisfies JobState));
    const pushes = queue.lists.flatMap(({ priority, key }): RedisCommand[] => {
      const elements = open.filter((job) => listOf(queue, job.priority) === priority).map(({ id, payload }) => writeElement(id, payload));
      return elements.length === 0 ? [] : [['lpush', key, ...elements]];
    });
    if (pushes.length === 0) continue;
    const replies = await redis.pipeline(pushes);
    if (replies === undefined || replies.some(({ ok }) => !ok)) return undefined;
  }
  return named.map(({ id }) => id);
}

/** How many jobs each list holds, those under way included; undefined when Redis is away. */
export async function queueLengths<Priority extends string>(
  redis: RedisConnection | undefined,
  queue: Pick<JobQueue<never, Priority>, 'lists'>,
): Promise<readonly { readonly priority: Priority; readonly jobs: number }[] | undefined> {
  const replies = await redis?.pipeline(queue.lists.map(({ key }) => ['llen', key]));
  if (replies === undefined || replies.some(({ ok }) => !ok)) return undefined;
  return queue.lists.map(({ priority }, i) => {
    const reply = replies[i];
    return { priority, jobs: reply?.ok ? Number(reply.value) : 0 };
  });
}

/** A job as its element tells it. Without `payload` it cannot be read, and `problem` says why. */
export type ReadElement<Payload> = { readonly id: string } & (
  | { readonly payload: Payload; readonly problem?: never }
  | { readonly payload?: never; readonly problem: string }
);

/** Reads an element. One that another program wrote without an id gets one from its text. */
export function readElement<Payload extends JobPayload>(element: string, queue: Pick<JobQueue<Payload>, 'payload'>): ReadElement<Payload> {
  let written: unknown;
  try {
    written = JSON.parse(element);
  } catch {
    return { id: canonicalHash(element), problem: 'The job is not JSON.' };
  }
  const { id, ...rest } = z
    .looseObject({ id: z.string().min(1).optional() })
    .catch({})
    .parse(written);
  const payload = queue.payload.safeParse(rest);
  const name = id ?? canonicalHash(element);
  return payload.success
    ? { id: name, payload: payload.data }
    : { id: name, problem: `The job is not as described: ${z.prettifyError(payload.error)}` };
}

function writeElement(id: string, payload: JobPayload): string {
  return JSON.stringify({ id, ...payload });
}

/** The priority asked for, else the middle one: 'normal' of high, normal and low. */
function listOf<Priority extends string>(
  { lists }: Pick<JobQueue<never, Priority>, 'lists'>,
  priority: Priority | undefined,
): Priority | undefined {
  return priority ?? lists[Math.floor(lists.length / 2)]?.priority;
}
