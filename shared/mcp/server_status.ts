import { serverStatusKey } from '../cache/keys.ts';
import type { RedisConnection } from '../cache/redis_connection.ts';
import type { CallMetrics } from '../telemetry/call_metrics.ts';

const REFRESH_MS = 30_000;

/** Keeps mcp:server:status:{server} in Redis up to date; with several processes the last to write is shown. `stop` says the servers are down. */
export function reportServerStatus(
  redis: RedisConnection | undefined,
  metrics: ReadonlyMap<string, CallMetrics>,
): { readonly stop: () => Promise<void> } {
  const write = async (status: 'up' | 'down'): Promise<void> => {
    const now = new Date().toISOString();
    await redis?.pipeline(
      [...metrics].flatMap(([server, counted]) => {
        const { callsLastMinute, averageMsLastMinute, errorsLastHour } = counted.figures();
        const key = serverStatusKey.of({ server });
        return [
          [
            'hset',
            key,
            ...['status', status],
            ...['last_health_check', now],
            ...['requests_last_min', callsLastMinute],
            ...['avg_response_time', averageMsLastMinute.toFixed(2)],
            ...['errors_last_hour', errorsLastHour],
          ] as const,
          ['expire', key, serverStatusKey.seconds] as const,
        ];
      }),
    );
  };
  void write('up');
  const timer = setInterval(() => void write('up'), REFRESH_MS).unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await write('down');
    },
  };
}
