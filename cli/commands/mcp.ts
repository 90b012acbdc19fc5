import type { Settings } from '../../shared/config/settings.ts';
import { loadServer, unknownServer } from '../servers.ts';

/** `promptsales mcp <server>`: the stdio server a host starts. Returns an exit code when there is no such server; else serves until stdin ends. */
export async function runMcp(name: string, settings: Settings): Promise<number | undefined> {
  const [server, { locateAddresses }] = await Promise.all([loadServer(name), import('../../shared/mcp/locate_addresses.ts')]);
  if (server === undefined) return unknownServer(name);
  server.serveStdio({ settings, locate: locateAddresses });
  return undefined;
}
