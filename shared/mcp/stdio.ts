import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { localCaller } from '../access/local_caller.ts';
import type { Settings } from '../config/settings.ts';
import { build, version } from '../config/version.ts';
import { ToolError } from '../domain/tool_error.ts';
import type { Connections, Located } from './connections.ts';
import { errorResult, type ToolResult } from './envelope.ts';
import { type AnswerCall, type AnswerCompletion, type AnswerResource, mcpServerFactory } from './mcp_server.ts';
import type { CallOptions, Pipeline } from './pipeline.ts';
import type { ServerDefinition } from './server_definition.ts';
import type { Offers } from './server_pipeline.ts';
import type { ToolDefinition } from './tool_definitions.ts';

export type StdioOptions = {
  readonly settings: Settings;
  /** Finds the databases, and starts the embedded ones where none run; tells how far it is. Asked at the first call, not before. */
  readonly locate: (settings: Settings, progress: (message: string) => void) => Promise<Located>;
  /** The tools' definitions, where a bundle has them ready. */
  readonly definitions?: readonly ToolDefinition[] | undefined;
};

/** Hosts give up at 60 s; a first start that takes longer is answered with "ask again" before that. */
const START_PATIENCE_MS = 45_000;
/** A host waits about this long between closing stdin and killing. */
const STOP_PATIENCE_MS = 2_000;

type Opened = {
  readonly pipeline: Pipeline;
  readonly offers: Offers;
  readonly connections: Connections;
};

/**
 * Serves one server over stdin and stdout until stdin ends or SIGTERM arrives. Until the first call there is no input or output beside the
 * protocol: hosts start servers to look at them, and two at once.
 */
export function serveOverStdio<Repos>(definition: ServerDefinition<Repos>, { settings, locate, definitions }: StdioOptions): void {
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

  /** Lets go of databases that are gone; the next call looks for them anew. */
  const forget = (gone: Opened) => {
    opening = undefined;
    void gone.connections.close();
  };

  const answerCall: AnswerCall = async (tool, args, clientName, options) => {
    const caller = localCaller(settings, clientName);
    try {
      const first = await whileTelling(listeners, options, () => within(START_PATIENCE_MS, opened()));
      const answered = await first.pipeline.call(tool, args, caller, options);
      // An embedded stack that was stopped comes back with other ports; a configured database comes back where it was.
      if (settings.urls.hub !== undefined || !isUnavailable(answered.result)) return answered;
      if ((await opening) === first) forget(first);
      const second = await whileTelling(listeners, options, () => within(START_PATIENCE_MS, opened()));
      return second.pipeline.call(tool, args, caller, options);
    } catch (error) {
      const failure = error instanceof ToolError ? error : cannotStart(error);
      return { result: errorResult(failure, crypto.randomUUID()), limits: [], retryAfterSeconds: failure.retryAfterSeconds };
    }
  };
  /** Answers a question that is no call, with what is open for it. */
  const asking = async <T>(options: CallOptions, answer: (opened: Opened) => Promise<T>): Promise<T> => {
    const found = await whileTelling(listeners, options, () => within(START_PATIENCE_MS, opened())).catch((error: unknown) => {
      throw error instanceof ToolError ? error : cannotStart(error);
    });
    try {
      return await answer(found);
    } catch (error) {
      // Asked again, it looks for them where they are now.
      const isGone = error instanceof ToolError && error.errorClass === 'unavailable' && settings.urls.hub === undefined;
      if (isGone && (await opening) === found) forget(found);
      throw error;
    }
  };
  const answerResource: AnswerResource = (kind, ask, clientName, options) =>
    asking(options, ({ offers: { resources } }) => {
      if (resources === undefined) throw new ToolError('not_found', `${definition.name} has no resources.`);
      return resources(kind, ask, localCaller(settings, clientName), options);
    });
  const answerCompletion: AnswerCompletion = (ask, clientName, options) =>
    asking(options, ({ offers: { prompts } }) => {
      if (prompts === undefined) throw new ToolError('not_found', `${definition.name} has no prompts.`);
      return prompts(ask, localCaller(settings, clientName), options);
    });
  const factory = mcpServerFactory(definition, version, {
    answerCall,
    answerResource: definition.resources && answerResource,
    answerCompletion: definition.prompts && answerCompletion,
    definitions,
  });

  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    // Whatever hangs, the host must not find this process still there.
    setTimeout(() => process.exit(0), STOP_PATIENCE_MS).unref();
    await protocol.close();
    const gone = await opening?.catch(() => undefined);
    await gone?.pipeline.close();
    await gone?.connections.close();
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
  const [{ createLogger }, { CallMetrics }, { openConnections, withLocated }, { serverOffers, serverPipeline }] = await Promise.all([
    import('../telemetry/logger.ts'),
    import('../telemetry/call_metrics.ts'),
    import('./connections.ts'),
    import('./server_pipeline.ts'),
  ]);
  const logger = await createLogger({ level: settings.logLevel, name: definition.name });
  const metrics = new CallMetrics();
  const located = await locate(settings, progress);
  const connections = await openConnections(located.addresses, {
    name: `${definition.name} stdio`,
    deadlineMs: settings.deadlineMs,
    maxConnections: 4,
    onRedisFailure: () => metrics.redisFailed(),
    onIdleError: (error) => logger.warn({ err: error }, 'an idle database connection was lost'),
  });
  const asLocated = withLocated(settings, located);
  return {
    connections,
    pipeline: serverPipeline(definition, connections, { settings: asLocated, version: build, metrics, logger }),
    offers: serverOffers(definition, connections, { settings: asLocated, logger }),
  };
}

/** Waits for the work while the call's host hears how far it is. */
async function whileTelling<T>(listeners: Set<(message: string) => void>, { progress }: CallOptions, work: () => Promise<T>): Promise<T> {
  if (progress !== undefined) listeners.add(progress);
  try {
    return await work();
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

function isUnavailable({ structuredContent: { error } }: ToolResult): boolean {
  return typeof error === 'object' && error !== null && 'class' in error && error.class === 'unavailable';
}

function cannotStart(error: unknown): ToolError {
  const message = error instanceof Error ? error.message : String(error);
  // The stack's own errors bring what to do; they are not imported by name, which would load the stack with every start.
  const remedy = error instanceof Error && 'remedy' in error ? String(error.remedy) : 'Run `promptsales doctor` to see what is missing.';
  return new ToolError('unavailable', `PromptSales could not be started: ${message}`, { remedy });
}
