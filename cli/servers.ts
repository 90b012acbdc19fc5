import type { Connections } from '../shared/mcp/connections.ts';
import type { ServerFace } from '../shared/mcp/mcp_server.ts';
import type { Pipeline } from '../shared/mcp/pipeline.ts';
import type { ServerDefinition } from '../shared/mcp/server_definition.ts';
import { type Offers, type PipelineOptions, serverOffers, serverPipeline } from '../shared/mcp/server_pipeline.ts';
import { type StdioOptions, serveOverStdio } from '../shared/mcp/stdio.ts';

/** A server whatever its repos are. */
export type AnyServer = {
  readonly face: ServerFace;
  readonly openPipeline: (connections: Connections, options: PipelineOptions) => Pipeline;
  readonly openOffers: (connections: Connections, options: Pick<PipelineOptions, 'settings' | 'logger'>) => Offers;
  readonly serveStdio: (options: StdioOptions) => void;
};

/** The servers there are, loaded when asked for. */
const loaders: Readonly<Record<string, () => Promise<AnyServer>>> = {
  ads_optimizer: async () => anyServer((await import('../mcp-servers/ads_optimizer/index.ts')).adsOptimizer),
  content_generator: async () => anyServer((await import('../mcp-servers/content_generator/index.ts')).contentGenerator),
  crm_analyzer: async () => anyServer((await import('../mcp-servers/crm_analyzer/index.ts')).crmAnalyzer),
  sales_dashboard: async () => anyServer((await import('../mcp-servers/sales_dashboard/index.ts')).salesDashboard),
};

export const serverNames: readonly string[] = Object.keys(loaders);

/** The server of that name, or undefined. */
export async function loadServer(name: string): Promise<AnyServer | undefined> {
  return Object.hasOwn(loaders, name) ? await loaders[name]?.() : undefined;
}

export async function loadServers(): Promise<readonly AnyServer[]> {
  return Promise.all(Object.values(loaders).map((load) => load()));
}

/** Says which servers there are. Returns the exit code of a wrong use. */
export function unknownServer(name: string): number {
  process.stderr.write(`There is no server '${name}'. Servers: ${serverNames.join(', ')}\n`);
  return 2;
}

function anyServer<Repos>(definition: ServerDefinition<Repos>): AnyServer {
  return {
    face: definition,
    openPipeline: (connections, options) => serverPipeline(definition, connections, options),
    openOffers: (connections, options) => serverOffers(definition, connections, options),
    serveStdio: (options) => serveOverStdio(definition, options),
  };
}
