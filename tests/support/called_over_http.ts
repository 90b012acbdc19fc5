import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect } from 'vitest';
import { identification } from '../../shared/access/identify.ts';
import { sessionsIn } from '../../shared/access/sessions.ts';
import { readSettings } from '../../shared/config/settings.ts';
import { openConnections, withLocated } from '../../shared/mcp/connections.ts';
import { readHealth } from '../../shared/mcp/health.ts';
import { startHttp } from '../../shared/mcp/http.ts';
import { locateAddresses } from '../../shared/mcp/locate_addresses.ts';
import type { ServerDefinition } from '../../shared/mcp/server_definition.ts';
import { serverPipeline } from '../../shared/mcp/server_pipeline.ts';
import { CallMetrics } from '../../shared/telemetry/call_metrics.ts';
import type { RunningStack } from './running_stack.ts';

/** A server that answers over HTTP in this process, with the settings a server of the stack's home finds. */
export type ServedOverHttp = {
  /** Where its MCP endpoint is. */
  readonly url: string;
  /** What it had to log. */
  readonly logged: readonly unknown[];
  readonly close: () => Promise<void>;
};

/** Serves it beside the stack's own servers, on the stack's databases; `environment` goes before the stack's. */
export async function serveOverHttp<Repos>(
  stack: RunningStack,
  server: ServerDefinition<Repos>,
  environment: Readonly<Record<string, string>> = {},
): Promise<ServedOverHttp> {
  const configured = readSettings({ ...stack.environment, ...environment });
  const located = await locateAddresses(configured, () => {});
  const settings = withLocated(configured, located);
  const connections = await openConnections(located.addresses, { name: 'server in a test', deadlineMs: 10_000 });
  const metrics = new CallMetrics();
  const logged: unknown[] = [];
  const note = (details: object) => void logged.push(details);
  const pipeline = serverPipeline(server, connections, { settings, version: 'test', metrics, logger: { error: note, warn: note } });
  const http = await startHttp({
    servers: [{ face: server, pipeline }],
    identification: identification(settings, sessionsIn(connections.redis)),
    version: 'test',
    host: '127.0.0.1',
    port: 0,
    health: () => readHealth(connections, new Map([[server.name, metrics]]), { version: 'test', etlIntervalMinutes: 11 }),
    onError: note,
  });
  return {
    url: `${http.url}/${server.name}/mcp`,
    logged,
    close: async () => {
      await http.close();
      await pipeline.close();
      await connections.close();
    },
  };
}

/** A call as a host makes it; it must succeed. The answer's data. */
export type HostCall = (args: Record<string, unknown>) => Promise<Record<string, unknown>>;

/** The way a host has to a tool, over HTTP. Nothing may be logged meanwhile. */
export async function calledOverHttp<Repos, T>(
  stack: RunningStack,
  server: ServerDefinition<Repos>,
  { tool, host }: { readonly tool: string; readonly host: string },
  use: (call: HostCall) => Promise<T>,
): Promise<T> {
  const served = await serveOverHttp(stack, server);
  const client = new Client({ name: host, version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  try {
    await client.connect(new StreamableHTTPClientTransport(new URL(served.url)));
    return await use(async (args) => {
      const result = await client.callTool({ name: tool, arguments: args });
      expect(result.isError, JSON.stringify(result.content)).toBeFalsy();
      return (result.structuredContent as { data: Record<string, unknown> }).data;
    });
  } finally {
    expect(served.logged).toEqual([]);
    await client.close();
    await served.close();
  }
}
