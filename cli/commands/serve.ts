import { identification } from '../../shared/access/identify.ts';
import { sessionsIn } from '../../shared/access/sessions.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { SettingsError } from '../../shared/config/settings.ts';
import { build, version } from '../../shared/config/version.ts';
import { openConnections } from '../../shared/mcp/connections.ts';
import { readHealth } from '../../shared/mcp/health.ts';
import { startHttp } from '../../shared/mcp/http.ts';
import type { Pipeline } from '../../shared/mcp/pipeline.ts';
import { reportServerStatus } from '../../shared/mcp/server_status.ts';
import { followSupervisor } from '../../shared/stack/lifeline.ts';
import { URL_VARIABLES } from '../../shared/stack/program.ts';
import { SOURCE_WRITERS } from '../../shared/stack/source_writers.ts';
import { CallMetrics } from '../../shared/telemetry/call_metrics.ts';
import { createLogger } from '../../shared/telemetry/logger.ts';
import { loadServers } from '../servers.ts';

/** One process serves all servers: more connections than two cores can use would only queue in the database. */
const HUB_CONNECTIONS = 16;

/**
 * `promptsales internal serve`: all servers over HTTP on the settings' host and port, until SIGTERM or until the supervisor is gone. Calls
 * under way finish first. The databases are those the settings name.
 */
export async function runServe(settings: Settings): Promise<void> {
  const { hub, redis } = settings.urls;
  if (hub === undefined) throw new SettingsError('HUB_DATABASE_URL: serving over HTTP needs the address of the hub');
  if (settings.production && redis === undefined) throw new SettingsError('REDIS_URL: production needs the address of Redis');
  for (const { name, server, subject } of SOURCE_WRITERS) {
    if (!settings.production || settings.urls[name] !== undefined) continue;
    throw new SettingsError(`${URL_VARIABLES[name]}: production needs the address at which ${server} writes ${subject}`);
  }
  if (settings.production && settings.planKey === undefined) {
    throw new SettingsError('PROMPTSALES_PLAN_KEY: production needs a key of its own to sign plans with');
  }

  const logger = await createLogger({ level: settings.logLevel, name: 'promptsales http' });
  process.on('uncaughtException', (error) => logger.error({ err: error }, 'uncaught'));
  process.on('unhandledRejection', (error) => logger.error({ err: error }, 'unhandled'));

  const servers = await loadServers();
  const metrics = new Map(servers.map(({ face }) => [face.name, new CallMetrics()]));
  const connections = await openConnections(
    { hub, redis },
    {
      name: 'promptsales http',
      deadlineMs: settings.deadlineMs,
      maxConnections: HUB_CONNECTIONS,
      onRedisFailure: () => {
        for (const counted of metrics.values()) counted.redisFailed();
      },
      onIdleError: (error) => logger.warn({ err: error }, 'an idle database connection was lost'),
    },
  );
  const pipelines: Pipeline[] = [];
  const http = await startHttp({
    servers: servers.map(({ face, openPipeline, openOffers }) => {
      const counted = metrics.get(face.name) ?? new CallMetrics();
      const pipeline = openPipeline(connections, {
        settings,
        version: build,
        metrics: counted,
        logger: logger.child({ server: face.name }),
      });
      pipelines.push(pipeline);
      const asked = { settings, logger: logger.child({ server: face.name }) };
      return { face, pipeline, ...openOffers(connections, asked) };
    }),
    identification: identification(settings, sessionsIn(connections.redis)),
    version,
    host: settings.host,
    port: settings.port,
    allowedHosts: [settings.host],
    health: () => readHealth(connections, metrics, { version, etlIntervalMinutes: settings.etlIntervalMinutes }),
    onError: (error) => logger.warn({ err: error }, 'a request could not be served'),
  });
  const status = reportServerStatus(connections.redis, metrics);
  logger.info({ url: http.url, servers: servers.map(({ face }) => face.name) }, 'serving');

  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
    followSupervisor(resolve);
  });
  logger.info('stopping');
  await http.close();
  await Promise.all(pipelines.map((pipeline) => pipeline.close()));
  await status.stop();
  await connections.close();
}
