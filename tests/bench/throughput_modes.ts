import { setTimeout as sleep } from 'node:timers/promises';
import { clientConfigKey } from '../../shared/cache/keys.ts';
import { connectRedis } from '../../shared/cache/redis_connection.ts';
import { signalProcess } from '../../shared/stack/process_identity.ts';
import { readStack } from '../../shared/stack/state.ts';
import type { BenchStack } from './bench_stack.ts';
import { BENCH_CLIENT } from './http_client.ts';

/** A state PromptSales is asked in. */
export type Mode = {
  readonly name: string;
  /** One question again and again, or one after the other past the cache. */
  readonly asks: 'repeated' | 'fresh';
  /** Whether its answers come from the cache; undefined: either. */
  readonly cached?: boolean;
  /** Brings about what the mode is named after, and resolves to what undoes it; to undefined where it cannot be brought about. */
  readonly begin?: (stack: BenchStack) => Promise<(() => Promise<void>) | undefined>;
};

type BrokenMode = Mode & Required<Pick<Mode, 'begin'>>;

/** PromptSales as it should be. */
export const WELL_MODES = [
  { name: 'hit', asks: 'repeated', cached: true },
  { name: 'miss', asks: 'fresh', cached: false },
] as const satisfies readonly Mode[];

/** PromptSales with something broken around it. */
export const BROKEN_MODES: readonly BrokenMode[] = [
  { name: 'hit, Redis down', asks: 'repeated', cached: true, begin: ends('redis', 'SIGKILL') },
  { name: 'miss, Redis down', asks: 'fresh', cached: false, begin: ends('redis', 'SIGKILL') },
  // SIGINT is PostgreSQL's fast stop: it ends its connections and leaves nothing to recover.
  { name: 'stale, hub down', asks: 'repeated', begin: ends('postgres', 'SIGINT') },
];

/** Far above what one machine answers: the limits are checked, and never reached. */
const CALLS_A_MINUTE = 100_000_000;

/** Gives the bench's client limits it does not reach. To be repeated when Redis has lost them, and within the key's life. */
export async function allowBenchClient({ urls }: BenchStack): Promise<void> {
  const redis = await connectRedis(urls.redis);
  const key = clientConfigKey.of({ client_name: BENCH_CLIENT });
  const fields = {
    tools_acceso: '["*"]',
    rate_limit: CALLS_A_MINUTE,
    max_requests_hora: 60 * CALLS_A_MINUTE,
    estado: 'activo',
  };
  const replies = await redis.pipeline([
    ['hset', key, ...Object.entries(fields).flat()],
    ['expire', key, clientConfigKey.seconds],
  ]);
  await redis.close();
  if (replies?.every(({ ok }) => ok) !== true) throw new Error("the limits of the bench's client could not be written to Redis");
}

/** Ends a part of the stack, and holds the supervisor meanwhile, which would start it again within a tenth of a second. */
function ends(name: 'redis' | 'postgres', signal: NodeJS.Signals): BrokenMode['begin'] {
  return async (stack) => {
    const state = readStack(stack.home);
    const part = state?.parts.find((one) => one.name === name)?.process;
    if (state === undefined || part === undefined || process.platform === 'win32') return undefined;
    const { supervisor } = state;
    const release = () => signalProcess(supervisor.pid, 'SIGCONT');
    const leave = () => process.exit(1);
    const goOn = () => {
      process.off('exit', release).off('SIGINT', leave).off('SIGTERM', leave);
      release();
    };
    // Whatever ends the bench: a supervisor that stays held would look like one that works.
    process.once('exit', release).once('SIGINT', leave).once('SIGTERM', leave);
    const isUp = ({ redis, hub }: Health) => (name === 'redis' ? redis : hub) === 'up';
    signalProcess(supervisor.pid, 'SIGSTOP');
    try {
      signalProcess(part.pid, signal);
      await untilHealth(stack, (health) => !isUp(health));
    } catch (error) {
      goOn();
      throw error;
    }
    return async () => {
      goOn();
      await untilHealth(stack, isUp);
      await allowBenchClient(stack);
    };
  };
}

type Health = { readonly redis: string; readonly hub: string };

async function untilHealth({ urls }: BenchStack, isReached: (health: Health) => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  for (;;) {
    const health = (await (await fetch(`${urls.http}/api/health`)).json()) as Health;
    if (isReached(health)) return;
    if (performance.now() > end) throw new Error(`the stack did not come to the state the bench waits for: ${JSON.stringify(health)}`);
    await sleep(50);
  }
}
