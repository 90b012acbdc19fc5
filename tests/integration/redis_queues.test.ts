import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { backgroundJobs, enqueue, generationJobs, type JobQueue, queueLengths } from '../../shared/cache/job_queue.ts';
import { cancelJob, readJob } from '../../shared/cache/job_record.ts';
import { type AttemptReport, type Job, type JobWorker, startWorker, type WorkerOptions } from '../../shared/cache/job_worker.ts';
import { generationQueueKey, jobKey, jobQueueKey } from '../../shared/cache/keys.ts';
import { connectRedis, type RedisConnection } from '../../shared/cache/redis_connection.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';
import { describeOnEachRedis, type RedisEngine, startRedisEngine } from '../support/redis_engines.ts';

const Numbered = z.object({ number: z.number() });
type Numbered = z.infer<typeof Numbered>;

/** Waits short enough for a test. */
const QUICK: WorkerOptions = { idleMs: 50, pauseAfter: () => 30 };

/** So many at a time that a busy machine, too, answers them before a connection gives up. */
const inBatches = <T>(all: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / 100) }, (_, i) => all.slice(100 * i, 100 * (i + 1)));

describeOnEachRedis('queues (R: queue:jobs:{type}, queue:ai_generation:{priority}, job:{id})', (engine) => {
  let server: RedisEngine;
  let redis: RedisConnection;
  let number = 0;
  let type = '';
  let queue: JobQueue<Numbered, 'normal'>;
  let workers: JobWorker[] = [];
  const worker = (work: (job: Job<Numbered>) => Promise<unknown>, options: WorkerOptions = {}): JobWorker => {
    const started = startWorker(redis, queue, work, { ...QUICK, ...options });
    workers.push(started);
    return started;
  };
  const put = async (...numbers: number[]): Promise<readonly string[]> => {
    const ids: string[] = [];
    for (const some of inBatches(numbers)) {
      const taken = await enqueue(
        redis,
        queue,
        some.map((n) => ({ payload: { number: n } })),
      );
      if (taken === undefined) throw new Error('the queue did not take the jobs');
      ids.push(...taken);
    }
    return ids;
  };
  const putOne = async (n = 1): Promise<string> => (await put(n))[0] ?? '';
  const ask = async (...command: readonly [string, ...(string | number)[]]) => {
    const [reply] = (await redis.pipeline([command])) ?? [];
    return reply?.ok ? reply.value : undefined;
  };
  const stateOf = async (id: string) => (await readJob(redis, id))?.state;
  const waiting = async () => (await queueLengths(redis, queue))?.[0]?.jobs;

  beforeAll(async () => {
    server = await startRedisEngine(engine);
    redis = await connectRedis(server.url);
  });
  beforeEach(async () => {
    // On a machine without a moment to spare a test may find the connection broken by the one before it.
    await expect.poll(() => redis.isUp, { timeout: 10_000 }).toBe(true);
    type = `type-${++number}`;
    queue = backgroundJobs(type, Numbered);
  });
  afterEach(async () => {
    await Promise.all(workers.map((started) => started.stop(0)));
    workers = [];
  });
  afterAll(async () => {
    await redis.close();
    await server.stop();
  });

  it('keep a job in its list as JSON, and how far it is in a hash that lives a day', async () => {
    const id = await putOne(7);
    expect(await ask('lrange', jobQueueKey.of({ type }), 0, -1)).toEqual([JSON.stringify({ id, number: 7 })]);
    expect(await ask('ttl', jobQueueKey.of({ type }))).toBe(-1);
    expect(await ask('hgetall', jobKey.of({ id }))).toEqual({
      state: 'waiting',
      attempts: '0',
      queued_at: expect.stringMatching(/^\d{13}$/),
    });
    expect(await ask('ttl', jobKey.of({ id }))).toSatisfy((seconds: number) => seconds > 86_390 && seconds <= 86_400);
  });

  it('do a job, keep its result, and take it out of the list', async () => {
    const id = await putOne(21);
    worker(async ({ payload }) => ({ doubled: payload.number * 2 }));
    await expect.poll(() => stateOf(id)).toBe('done');
    await expect.poll(waiting).toBe(0);
    expect(await readJob(redis, id)).toMatchObject({ attempts: 1, result: { doubled: 42 }, error: undefined, owner: undefined });
    expect(await ask('exists', jobQueueKey.of({ type }))).toBe(0);
  });

  it('do the oldest first', async () => {
    await put(1, 2, 3);
    await put(4);
    const done: number[] = [];
    worker(async ({ payload }) => void done.push(payload.number));
    await expect.poll(() => done.length).toBe(4);
    expect(done).toEqual([1, 2, 3, 4]);
  });

  it('do each of 1,000 jobs once with four workers', async () => {
    const done = new Map<number, number>();
    await put(...Array.from({ length: 1_000 }, (_, i) => i));
    for (let i = 0; i < 4; i++) {
      worker(async ({ payload }) => void done.set(payload.number, (done.get(payload.number) ?? 0) + 1), { concurrency: 4 });
    }
    await expect.poll(waiting, { timeout: 20_000 }).toBe(0);
    expect(done.size).toBe(1_000);
    expect([...done.values()].every((times) => times === 1)).toBe(true);
  });

  it('give a job to nobody else while its worker lives, though it takes far longer than the lease', async () => {
    const id = await putOne();
    let attempts = 0;
    const work = async () => {
      attempts++;
      await sleep(1_000);
    };
    for (let i = 0; i < 3; i++) worker(work, { leaseMs: 150 });
    await expect.poll(() => stateOf(id), { timeout: 5_000 }).toBe('done');
    expect(attempts).toBe(1);
  });

  it('lose no job with a worker that is killed in the middle of it: another does it, once', async () => {
    const child = fork(fileURLToPath(new URL('../support/job_child.ts', import.meta.url)), {
      env: { ...process.env, REDIS_URL: server.url, JOB_TYPE: type, LEASE_MS: '500' },
    });
    const id = await putOne();
    expect(await once(child, 'message')).toContain(id);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await readJob(redis, id)).toMatchObject({ state: 'active', attempts: 1 });
    const attempts: number[] = [];
    for (let i = 0; i < 2; i++) worker(async ({ attempt }) => void attempts.push(attempt));
    await expect.poll(() => stateOf(id), { timeout: 5_000 }).toBe('done');
    await sleep(200);
    expect(attempts).toEqual([2]);
    expect(await waiting()).toBe(0);
  });

  it('try again what failed, after growing pauses, and keep the error until then', async () => {
    const id = await putOne();
    const attempts: number[] = [];
    worker(
      async ({ attempt }) => {
        attempts.push(performance.now());
        if (attempt < 3) throw new Error(`no ink (${attempt})`);
        return 'printed';
      },
      { pauseAfter: (attempt) => 100 * attempt },
    );
    await expect.poll(async () => (await readJob(redis, id))?.error).toBe('Error: no ink (1)');
    await expect.poll(() => stateOf(id), { timeout: 5_000 }).toBe('done');
    const [first = 0, second = 0, third = 0] = attempts;
    expect(second - first).toBeGreaterThanOrEqual(95);
    expect(third - second).toBeGreaterThanOrEqual(195);
    expect(await readJob(redis, id)).toMatchObject({ attempts: 3, result: 'printed', error: undefined });
  });

  it('give up after the last attempt and keep its error; later jobs are not held up', async () => {
    const [id = '', next = ''] = await put(1, 2);
    const attempts: number[] = [];
    worker(
      async ({ payload, attempt }) => {
        if (payload.number === 2) return;
        attempts.push(attempt);
        throw new Error(`no ink (${attempt})`);
      },
      { attempts: 3 },
    );
    await expect.poll(() => stateOf(id), { timeout: 5_000 }).toBe('dead');
    expect(attempts).toEqual([1, 2, 3]);
    expect(await readJob(redis, id)).toMatchObject({ attempts: 3, error: 'Error: no ink (3)' });
    expect(await stateOf(next)).toBe('done');
    await expect.poll(waiting).toBe(0);
  });

  it('do not try again what cannot go right', async () => {
    const id = await putOne();
    worker(async () => {
      throw new ToolError('not_found', 'There is no campaign CMP-9.');
    });
    await expect.poll(() => stateOf(id)).toBe('dead');
    expect(await readJob(redis, id)).toMatchObject({ attempts: 1, error: 'ToolError: There is no campaign CMP-9.' });
  });

  it('call a job dead whose workers die again and again', async () => {
    const id = await putOne();
    // A worker that died: its claim is there, and nobody renews it.
    await ask('hset', jobKey.of({ id }), 'state', 'active', 'owner', 'gone', 'attempts', 5, 'lease_until', 1);
    worker(async () => 'done');
    await expect.poll(() => stateOf(id)).toBe('dead');
    expect((await readJob(redis, id))?.error).toMatch(/ended before the job did, 5 times/);
    await expect.poll(waiting).toBe(0);
  });

  it('set aside what cannot be read, with the reason', async () => {
    await ask('lpush', jobQueueKey.of({ type }), 'not json', JSON.stringify({ id: 'odd-one', number: 'seven' }));
    const reports: AttemptReport[] = [];
    const id = await putOne();
    worker(async () => 'done', { onAttempt: (report) => reports.push(report) });
    await expect.poll(() => stateOf(id)).toBe('done');
    await expect.poll(() => stateOf('odd-one')).toBe('dead');
    expect((await readJob(redis, 'odd-one'))?.error).toMatch(/not as described.*number/s);
    await expect.poll(() => reports.map(({ ended }) => ended).sort()).toEqual(['dead', 'dead', 'done']);
    await expect.poll(waiting).toBe(0);
  });

  it('do a job whose hash has expired: its element says what to do', async () => {
    const id = await putOne(5);
    await ask('del', jobKey.of({ id }));
    worker(async ({ payload }) => payload.number);
    await expect.poll(() => stateOf(id)).toBe('done');
    expect((await readJob(redis, id))?.result).toBe(5);
  });

  it('keep the claim of a job whose hash was pushed out of memory in the middle of it', async () => {
    const id = await putOne();
    let attempts = 0;
    const work = async () => {
      attempts++;
      await ask('del', jobKey.of({ id }));
      await sleep(600);
    };
    worker(work, { leaseMs: 90, idleMs: 500 });
    await expect.poll(async () => (await readJob(redis, id))?.owner).toEqual(expect.any(String));
    worker(work, { leaseMs: 90 });
    await expect.poll(() => stateOf(id), { timeout: 5_000 }).toBe('done');
    expect(attempts).toBe(1);
  });

  it('do a job asked for twice by the same id once', async () => {
    const jobs = [{ id: `report-${type}`, payload: { number: 1 } }];
    await enqueue(redis, queue, jobs);
    await enqueue(redis, queue, jobs);
    let times = 0;
    worker(async () => void times++, { concurrency: 2 });
    await expect.poll(waiting).toBe(0);
    await enqueue(redis, queue, jobs);
    expect(await waiting()).toBe(0);
    expect(times).toBe(1);
  });

  it('cancel a job that waits, and stop one that is being done', async () => {
    const [long = '', never = ''] = await put(1, 2);
    expect(await cancelJob(redis, never)).toBe('cancelled');
    const done: number[] = [];
    worker(
      async ({ payload, signal }) => {
        done.push(payload.number);
        await sleep(20_000, undefined, { signal });
      },
      { leaseMs: 300 },
    );
    await expect.poll(() => stateOf(long)).toBe('active');
    expect(await cancelJob(redis, long)).toBe('asked');
    await expect.poll(() => stateOf(long), { timeout: 2_000 }).toBe('cancelled');
    await expect.poll(waiting).toBe(0);
    expect(done).toEqual([1]);
    expect(await cancelJob(redis, long)).toBe('over');
    expect(await cancelJob(redis, 'nothing')).toBe('unknown');
  });

  it('wait for what is under way when a worker stops, and start nothing new', async () => {
    const [first = '', second = ''] = await put(1, 2);
    const stopping = worker(() => sleep(300));
    await expect.poll(() => stateOf(first)).toBe('active');
    await stopping.stop();
    expect([await stateOf(first), await stateOf(second)]).toEqual(['done', 'waiting']);
  });

  it('take a job back, no attempt used up, from a worker whose time to stop is over', async () => {
    const id = await putOne();
    const stopping = worker(({ signal }) => sleep(20_000, undefined, { signal }));
    await expect.poll(() => stateOf(id)).toBe('active');
    await stopping.stop(50);
    expect(await readJob(redis, id)).toMatchObject({ state: 'waiting', attempts: 0 });
    worker(async () => 'done');
    await expect.poll(() => stateOf(id)).toBe('done');
  });

  it('find a job behind hundreds that wait for another attempt', async () => {
    const ids = await put(...Array.from({ length: 600 }, (_, i) => i));
    const later = Date.now() + 3_600_000;
    for (const some of inBatches(ids)) await redis.pipeline(some.map((id) => ['hset', jobKey.of({ id }), 'run_after', later]));
    const id = await putOne();
    worker(async () => 'done');
    await expect.poll(() => stateOf(id), { timeout: 5_000 }).toBe('done');
    expect(await waiting()).toBe(600);
  });

  it('do high before normal before low (queue:ai_generation)', async () => {
    const priorities = ['low', 'normal', 'high', 'low', 'high', 'normal'] as const;
    await enqueue(
      redis,
      generationJobs,
      priorities.map((priority, i) => ({ payload: { campana_id: `CMP-${i}`, segmento: priority }, priority })),
    );
    expect(await queueLengths(redis, generationJobs)).toEqual([
      { priority: 'high', jobs: 2 },
      { priority: 'normal', jobs: 2 },
      { priority: 'low', jobs: 2 },
    ]);
    // As a program of the customer's own would write it: without an id.
    await ask('lpush', generationQueueKey.of({ priority: 'high' }), JSON.stringify({ campana_id: 'CMP-6', segmento: 'high' }));
    const done: string[] = [];
    workers.push(startWorker(redis, generationJobs, async ({ payload }) => void done.push(payload.segmento), QUICK));
    await expect.poll(() => done).toEqual(['high', 'high', 'high', 'normal', 'normal', 'low', 'low']);
  });

  it('do at once, and once, a job whose claim was made but never confirmed', async () => {
    const id = await putOne();
    let lost = 0;
    const losing: RedisConnection = {
      pipeline: async (commands) => {
        const replies = await redis.pipeline(commands);
        const isClaim = commands.some(([command]) => typeof command !== 'string' && command.name === 'claimJob');
        return isClaim && lost++ === 0 ? undefined : replies;
      },
      isUp: true,
      close: async () => undefined,
    };
    const attempts: number[] = [];
    workers.push(startWorker(losing, queue, async ({ attempt }) => void attempts.push(attempt), QUICK));
    await expect.poll(() => stateOf(id), { timeout: 3_000 }).toBe('done');
    expect(attempts).toEqual([1]);
  });

  it('survive a Redis that goes away: no crash, no busy loop, and work goes on when it is back', async () => {
    let asked = 0;
    const counting: RedisConnection = {
      pipeline: (commands) => {
        asked++;
        return redis.pipeline(commands);
      },
      get isUp() {
        return redis.isUp;
      },
      close: () => redis.close(),
    };
    const finished: string[] = [];
    const survivor = startWorker(
      counting,
      queue,
      async ({ id }) => {
        await sleep(400);
        finished.push(id);
      },
      { idleMs: 200 },
    );
    workers.push(survivor);
    const underWay = await putOne();
    await expect.poll(() => stateOf(underWay)).toBe('active');
    await server.kill();
    await sleep(100);
    expect(await enqueue(redis, queue, [{ payload: { number: 2 } }])).toBeUndefined();
    asked = 0;
    await sleep(600);
    expect(asked).toBeLessThan(16);
    await server.startAgain();
    await expect.poll(() => redis.isUp, { timeout: 10_000 }).toBe(true);
    // The servers of these tests keep nothing over a restart, so the list is gone; the job under way is finished and recorded.
    await expect.poll(() => stateOf(underWay), { timeout: 5_000 }).toBe('done');
    const next = await putOne(3);
    await expect.poll(() => stateOf(next), { timeout: 5_000 }).toBe('done');
    expect(finished).toEqual([underWay, next]);
  });

  it('are not there without Redis', async () => {
    expect(await enqueue(undefined, queue, [{ payload: { number: 1 } }])).toBeUndefined();
    expect(await queueLengths(undefined, queue)).toBeUndefined();
    expect(await cancelJob(undefined, 'x')).toBeUndefined();
    expect(await readJob(undefined, 'x')).toBeUndefined();
  });
});
