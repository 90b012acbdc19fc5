import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { localCaller } from '../access/local_caller.ts';
import type { Settings } from '../config/settings.ts';
import { build, version } from '../config/version.ts';
import { ToolError } from '../domain/tool_error.ts';
import type { Addresses, Connections } from './connections.ts';
import { errorResult, type ToolResult } from './envelope.ts';
import { mcpServerFactory } from './mcp_server.ts';
import type { CallOptions, Pipeline } from './pipeline.ts';
import type { ServerDefinition } from './server_definition.ts';

export type StdioOptions = {
  readonly settings: Settings;
  /** Finds the databases, and starts the embedded ones where none run; tells how far it is. Asked at the first call, not before. */
  readonly locate: (settings: Settings, progress: (message: string) => void) => Promise<Addresses>;
};

/** Hosts give up at 60 s; a first start that takes longer is answered with "ask again" before that. */
const START_PATIENCE_MS = 45_000;
/** A host waits about this long between closing stdin and killing. */
const STOP_PATIENCE_MS = 2_000;

type Opened = { readonly pipeline: Pipeline; readonly connections: Connections };

/**
 * Serves one server over stdin and stdout until stdin ends or SIGTERM arrives. Until the first call there is no input or output beside the
 * protocol: hosts start servers to look at them, and two at once.
 */
export function serveOverStdio<Repos>(definition: ServerDefinition<Repos>, { settings, locate }: StdioOptions): void {
  const listeners = new Set<(message: string) => void>();
  const tellAll = (message: string) => {
    for (const tell of listeners) tell(message);
  };
  let opening: Promise<Opened> | undefined;
  const opened = (): Promise<Opened> => {
    opening ??= open(definition, settings, locate, tellAll).catch((error: unknown) => {
      // The next call tries again: what was missing may have come.
      opening = undefined;
      throw error;
    });
    return opening;
  };

  const factory = mcpServerFactory(definition, version, async (tool, args, clientName, options) => {
    let pipeline: Pipeline;
    try {
      pipeline = await whileTelling(listeners, options, () => within(START_PATIENCE_MS, opened()));
    } catch (error) {
      return notStarted(error);
    }
    return (await pipeline.call(tool, args, localCaller(settings, clientName), options)).result;
  });

  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    // Whatever hangs, the host must not find this process still there.
    setTimeout(() => process.exit(0), STOP_PATIENCE_MS).unref();
    await protocol.close();
    const connections = await opening?.then(({ connections }) => connections).catch(() => undefined);
    await connections?.close();
    process.exit(0);
  };
  const protocol = serveStdio(factory, { onerror: (error) => report('protocol error', error) });
  process.stdin.once('end', stop);
  process.stdin.once('close', stop);
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // One call's accident must not take the connection of all others with it.
  process.on('uncaughtException', (error) => report('uncaught', error));
  process.on('unhandledRejection', (error) => report('unhandled', error));

  function report(what: string, error: unknown): void {
    if (stopping) return;
    process.stderr.write(`${JSON.stringify({ level: 50, time: Date.now(), name: definition.name, msg: what, err: String(error) })}\n`);
  }
}

/** Loads and opens what calls need; loading it here keeps the drivers out of the start. */
async function open<Repos>(
  definition: ServerDefinition<Repos>,
  settings: Settings,
  locate: StdioOptions['locate'],
  progress: (message: string) => void,
): Promise<Opened> {
  const [{ createLogger }, { CallMetrics }, { openConnections }, { serverPipeline }] = await Promise.all([
    import('../telemetry/logger.ts'),
    import('../telemetry/call_metrics.ts'),
    import('./connections.ts'),
    import('./server_pipeline.ts'),
  ]);
  const logger = await createLogger({ level: settings.logLevel, name: definition.name });
  const metrics = new CallMetrics();
  const addresses = await locate(settings, progress);
  const connections = await openConnections(addresses, {
    name: `${definition.name} stdio`,
    deadlineMs: settings.deadlineMs,
    maxConnections: 4,
    metrics,
    onIdleError: (error) => logger.warn({ err: error }, 'an idle database connection was lost'),
  });
  return { connections, pipeline: serverPipeline(definition, connections, { settings, version: build, metrics, logger }) };
}

/** Waits for the pipeline while the call's host hears how far the start is. */
async function whileTelling(
  listeners: Set<(message: string) => void>,
  { progress }: CallOptions,
  opened: () => Promise<Opened>,
): Promise<Pipeline> {
  if (progress !== undefined) listeners.add(progress);
  try {
    return (await opened()).pipeline;
  } finally {
    if (progress !== undefined) listeners.delete(progress);
  }
}

function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(
        new ToolError('unavailable', 'PromptSales is starting for the first time and loading its data.', {
          remedy: 'Ask again in half a minute.',
          retryAfterSeconds: 30,
        }),
      );
    }, milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function notStarted(error: unknown): ToolResult {
  const failed =
    error instanceof ToolError
      ? error
      : new ToolError('unavailable', `PromptSales could not be started: ${error instanceof Error ? error.message : String(error)}`, {
          remedy: 'Run `promptsales doctor` to see what is missing.',
        });
  return errorResult(failed, crypto.randomUUID());
}
