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

/** A call as a host makes it; it must succeed. The answer's data. */
export type HostCall = (args: Record<string, unknown>) => Promise<Record<string, unknown>>;

/** The way a host has to a tool: over HTTP, with the settings a server of this home finds. Nothing may be logged meanwhile. */
export async function calledOverHttp<Repos, T>(
  stack: RunningStack,
  server: ServerDefinition<Repos>,
  { tool, host }: { readonly tool: string; readonly host: string },
  use: (call: HostCall) => Promise<T>,
): Promise<T> {
  const configured = readSettings(stack.environment);
  const located = await locateAddresses(configured, () => {});
  const settings = withLocated(configured, located);
  const connections = await openConnections(located.addresses, { name: 'writer test', deadlineMs: 10_000 });
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
  const client = new Client({ name: host, version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  try {
    await client.connect(new StreamableHTTPClientTransport(new URL(`${http.url}/${server.name}/mcp`)));
    return await use(async (args) => {
      const result = await client.callTool({ name: tool, arguments: args });
      expect(result.isError, JSON.stringify(result.content)).toBeFalsy();
      return (result.structuredContent as { data: Record<string, unknown> }).data;
    });
  } finally {
    expect(logged).toEqual([]);
    await client.close();
    await http.close();
    await pipeline.close();
    await connections.close();
  }
}
