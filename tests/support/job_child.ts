// A worker in a process of its own, so that a test can kill it in the middle of a job. It never finishes one.
import { z } from 'zod';
import { backgroundJobs } from '../../shared/cache/job_queue.ts';
import { startWorker } from '../../shared/cache/job_worker.ts';
import { connectRedis } from '../../shared/cache/redis_connection.ts';

const { REDIS_URL = '', JOB_TYPE = '', LEASE_MS = '' } = process.env;
const redis = await connectRedis(REDIS_URL);
startWorker(
  redis,
  backgroundJobs(JOB_TYPE, z.object({ number: z.number() })),
  ({ id }) =>
    new Promise(() => {
      process.send?.(id);
    }),
  { leaseMs: Number(LEASE_MS) },
);
