import { PgBoss } from 'pg-boss';
import { type EtlPlaces, openConnections } from './connections.ts';
import type { BatchReport, RunReport } from './report.ts';
import { runOnce } from './run.ts';
import { isOlderThan } from './status.ts';

export type ScheduleOptions = {
  readonly urls: EtlPlaces;
  readonly timeZone: string;
  /** The business day, 'YYYY-MM-DD'; the clock's by default. */
  readonly today?: (() => string) | undefined;
  readonly intervalMinutes: number;
  readonly onRun?: (report: RunReport) => void;
  readonly onRound?: (report: BatchReport) => void;
  /** What goes wrong outside a round: the queue cannot reach the hub, for example. It keeps trying. */
  readonly onError?: (error: Error) => void;
};

export type RunningSchedule = {
  /** Takes no new round, lets the streams under way finish, and lets go of everything. */
  readonly stop: () => Promise<void>;
};

const QUEUE = 'etl.round';
const STOP_TIMEOUT_MS = 30_000;
const ROUND_EXPIRES_SECONDS = 3_600;

/**
 * Runs a round every so many minutes, from a queue in the hub: with any number of workers on any number of machines, one round at a
 * time. A round in which a stream failed is tried again, later each time. A first round comes at once when the hub's data is
 * older than the interval. Errors: the hub cannot be reached at the start.
 */
export async function startSchedule(options: ScheduleOptions): Promise<RunningSchedule> {
  const connections = await openConnections(options.urls);
  const stopping = new AbortController();
  const boss = new PgBoss({
    connectionString: options.urls.hubEtl,
    application_name: 'promptsales etl schedule',
    // What the queue creates belongs to the group, so that another login of it can run the queue too.
    options: '-c role=promptsales_etl',
    schema: 'pgboss',
    createSchema: false,
    max: 3,
  });
  boss.on('error', (error) => options.onError?.(error));
  try {
    await boss.start();
    await boss.createQueue(QUEUE, {
      policy: 'exclusive',
      retryLimit: 3,
      retryDelay: 15,
      retryBackoff: true,
      retryDelayMax: 120,
      heartbeatSeconds: 60,
      expireInSeconds: ROUND_EXPIRES_SECONDS,
      deleteAfterSeconds: 86_400,
    });
    await boss.schedule(QUEUE, intervalRule(options.intervalMinutes), null, { tz: 'UTC' });
    await boss.work(QUEUE, { pollingIntervalSeconds: 1 }, async () => {
      const report = await runOnce({
        connections,
        timeZone: options.timeZone,
        today: options.today,
        signal: stopping.signal,
        onRun: options.onRun,
      });
      options.onRound?.(report);
      if (report.failed > 0) {
        throw new Error(`${report.failed} of ${report.runs.length} streams failed`);
      }
    });
    if (await isOlderThan(connections.hub, options.intervalMinutes)) {
      await boss.send(QUEUE); // none is added while one is waiting or running
    }
  } catch (error) {
    await boss.stop({ graceful: false }).catch(() => {}); // the first error is the one to tell
    await connections.close();
    throw error;
  }
  return {
    stop: async () => {
      stopping.abort();
      await boss.stop({ graceful: true, timeout: STOP_TIMEOUT_MS });
      await connections.close();
    },
  };
}

/** A true interval: cron's step of 11 minutes would begin anew every full hour, five minutes after its last. */
function intervalRule(minutes: number): string {
  return `DTSTART:20260101T000000Z\nRRULE:FREQ=MINUTELY;INTERVAL=${minutes}`;
}
