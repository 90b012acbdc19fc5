import type { Scope } from '../../shared/access/roles.ts';
import { readSettings } from '../../shared/config/settings.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import type { ServerDefinition } from '../../shared/mcp/server_definition.ts';
import { type EtlDatabases, loadHub } from './etl_databases.ts';
import { startGeneratedHub, TIME_ZONE, TODAY } from './generated_hub.ts';
import { plainPipeline } from './plain_pipeline.ts';

/** A server's tools over a generated hub, asked as by a host. */
export type ServerWorld = {
  readonly ask: (tool: string, args: unknown) => Promise<ToolResult>;
  readonly sources: EtlDatabases['urls'];
  /** The hub as its owner. */
  readonly hub: string;
  readonly runEtl: () => Promise<void>;
  /** What the pipeline had to log: nothing, when every answer kept its contract. */
  readonly log: readonly string[];
  readonly stop: () => Promise<void>;
};

export async function startServerWorld<Repos>(definition: ServerDefinition<Repos>, scopes: readonly Scope[]): Promise<ServerWorld> {
  const hub = await startGeneratedHub();
  const log: string[] = [];
  const clock = { now: () => new Date(), today: () => TODAY, timeZone: TIME_ZONE };
  const repos = definition.openRepos(hub.reader, readSettings({ PROMPTSALES_KEYS_FOLDER: hub.sources.keysFolder }), undefined);
  const pipeline = plainPipeline(definition.name, definition.tools, repos, clock, log);
  const caller = { client: 'tests', role: 'users', scopes: new Set<string>(scopes) } as const;
  return {
    ask: async (tool, args) => (await pipeline.call(tool, args, caller)).result,
    sources: hub.sources,
    hub: hub.owner,
    runEtl: () => loadHub(hub.sources),
    log,
    stop: hub.stop,
  };
}
