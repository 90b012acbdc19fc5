import { identification } from '../../shared/access/identify.ts';
import { sessionsIn } from '../../shared/access/sessions.ts';
import { readSettings, type Settings } from '../../shared/config/settings.ts';
import { openConnections } from '../../shared/mcp/connections.ts';
import { readHealth } from '../../shared/mcp/health.ts';
import { type HttpServer, startHttp } from '../../shared/mcp/http.ts';
import { serverPipeline } from '../../shared/mcp/server_pipeline.ts';
import { CallMetrics } from '../../shared/telemetry/call_metrics.ts';
import { sampleServer } from './sample_server.ts';

export type SampleHttp = HttpServer & { readonly metrics: CallMetrics; readonly errors: Error[]; readonly stop: () => Promise<void> };

/** The sample server over HTTP in this process, on a free port. */
export async function startSampleHttp(
  addresses: { hub: string; redis: string | undefined },
  environment: NodeJS.ProcessEnv = {},
): Promise<SampleHttp> {
  const settings: Settings = readSettings(environment);
  const metrics = new CallMetrics();
  const errors: Error[] = [];
  const connections = await openConnections(addresses, {
    name: 'sample http',
    deadlineMs: settings.deadlineMs,
    onRedisFailure: () => metrics.redisFailed(),
  });
  const quiet = { error: () => undefined, warn: () => undefined };
  const pipeline = serverPipeline(sampleServer, connections, { settings, version: 'test', metrics, logger: quiet });
  const http = await startHttp({
    servers: [{ face: sampleServer, pipeline }],
    identification: identification(settings, sessionsIn(connections.redis)),
    version: '1.2.3',
    host: '127.0.0.1',
    port: 0,
    health: () =>
      readHealth(connections, new Map([['sample', metrics]]), { version: '1.2.3', etlIntervalMinutes: settings.etlIntervalMinutes }),
    onError: (error) => errors.push(error),
  });
  return {
    ...http,
    metrics,
    errors,
    stop: async () => {
      await http.close();
      await pipeline.close();
      await connections.close();
    },
  };
}
