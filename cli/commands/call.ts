import { localCaller } from '../../shared/access/local_caller.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { build } from '../../shared/config/version.ts';
import { openConnections, withLocated } from '../../shared/mcp/connections.ts';
import { locateAddresses } from '../../shared/mcp/locate_addresses.ts';
import { CallMetrics } from '../../shared/telemetry/call_metrics.ts';
import { createLogger } from '../../shared/telemetry/logger.ts';
import { loadServer, unknownServer } from '../servers.ts';

/**
 * `promptsales call <server> <tool> [json]`: one question from the shell, the way a host asks it. Prints the answer's text, or with
 * `json` the whole result. Returns the exit code: 1 when the answer is an error, 2 when the command is wrong.
 */
export async function runCall(
  serverName: string,
  tool: string,
  argumentsJson: string,
  { json }: { readonly json: boolean },
  settings: Settings,
): Promise<number> {
  const server = await loadServer(serverName);
  if (server === undefined) return unknownServer(serverName);
  let args: unknown;
  try {
    args = JSON.parse(argumentsJson);
  } catch (error) {
    process.stderr.write(`The arguments are not JSON (${error instanceof Error ? error.message : error}). Write '{"campaignName":"…"}'\n`);
    return 2;
  }

  const metrics = new CallMetrics();
  const logger = await createLogger({ level: settings.logLevel === 'info' ? 'warn' : settings.logLevel, name: 'call' });
  const tell = (message: string) => process.stderr.isTTY && process.stderr.write(`\r\u001B[2K${message}`);
  const located = await locateAddresses(settings, tell);
  const connections = await openConnections(located.addresses, { name: 'call', deadlineMs: settings.deadlineMs, maxConnections: 2 });
  try {
    const pipeline = server.openPipeline(connections, {
      settings: withLocated(settings, located),
      version: build,
      metrics,
      logger,
    });
    const { result } = await pipeline.call(tool, args, localCaller(settings, 'promptsales-call'), { progress: tell });
    process.stdout.write(`${json ? JSON.stringify(result, undefined, 2) : result.content[0].text}\n`);
    return result.isError === true ? 1 : 0;
  } finally {
    await connections.close();
  }
}
