import { type McpServerFactory, Server } from '@modelcontextprotocol/server';
import type { Tool } from './contract.ts';
import type { ToolResult } from './envelope.ts';
import type { CallOptions } from './pipeline.ts';
import { type ToolDefinition, toolDefinitions } from './tool_definitions.ts';

/** A server as hosts see it. */
export type ServerFace = {
  readonly name: string;
  readonly title: string;
  readonly instructions: string;
  readonly tools: readonly { readonly tool: Tool }[];
};

/** What answers a call; the client's name is the one its host gave. */
export type AnswerCall = (tool: string, args: unknown, clientName: string | undefined, options: CallOptions) => Promise<ToolResult>;

/** Hosts may keep the list of tools this long: it changes with a release only. */
const LIST_TTL_MS = 300_000;

const CLIENT_INFO = 'io.modelcontextprotocol/clientInfo';

/**
 * A factory of protocol servers for hosts of the 2026-07-28 revision and of those of 2025. The SDK asks for one a request (HTTP) or a
 * connection (stdio), so all that costs is made once, here.
 *
 * The low-level Server leaves arguments alone. McpServer would check them itself and answer without our error classes.
 */
export function mcpServerFactory(
  face: ServerFace,
  version: string,
  answerCall: AnswerCall,
  known?: readonly ToolDefinition[],
): McpServerFactory {
  const { name, title, instructions } = face;
  // Made when first asked for, unless the bundle brings them: a call over HTTP never needs them.
  let definitions = known;
  return () => {
    const server = new Server(
      { name, title, version },
      { capabilities: { tools: {} }, instructions, cacheHints: { 'tools/list': { ttlMs: LIST_TTL_MS, cacheScope: 'public' } } },
    );
    server.setRequestHandler('tools/list', async () => {
      definitions ??= toolDefinitions(face.tools.map(({ tool }) => tool));
      return { tools: definitions.map((tool) => ({ ...tool })) };
    });
    server.setRequestHandler('tools/call', async ({ params }, { mcpReq, http }) => {
      const clientName = nameIn(mcpReq.envelope) ?? server.getClientVersion()?.name;
      const token = mcpReq._meta?.progressToken;
      const result = await answerCall(params.name, params.arguments, clientName, {
        signal: mcpReq.signal,
        requestId: http?.req?.headers.get('x-request-id') ?? undefined,
        ...(token === undefined ? {} : { progress: progressTo(token, (notification) => mcpReq.notify(notification)) }),
      });
      return { ...result, content: [...result.content] };
    });
    return server;
  };
}

/** The client's name as a 2026-07-28 request carries it; one of 2025 gave it when it connected. */
function nameIn(envelope: object | undefined): string | undefined {
  const info = Object.entries(envelope ?? {}).find(([key]) => key === CLIENT_INFO)?.[1] as unknown;
  return typeof info === 'object' && info !== null && 'name' in info && typeof info.name === 'string' ? info.name : undefined;
}

type ProgressNotification = {
  method: 'notifications/progress';
  params: { progressToken: string | number; progress: number; message: string };
};

/** Progress whose number only says that it grows; the message says what happens. A host that has left is not an error. */
function progressTo(
  progressToken: string | number,
  notify: (notification: ProgressNotification) => Promise<void>,
): (message: string) => void {
  let progress = 0;
  return (message) => {
    progress += 1;
    notify({ method: 'notifications/progress', params: { progressToken, progress, message } }).catch(() => undefined);
  };
}
