import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ContentGeneratorRepos, openRepos } from '../../mcp-servers/content_generator/repo/repos.ts';
import { packageRoot } from '../../shared/config/package_root.ts';
import { readSettings } from '../../shared/config/settings.ts';
import { openPostgres } from '../../shared/db/postgres_database.ts';
import type { Caller } from '../../shared/mcp/contract.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import type { ServedTool } from '../../shared/mcp/served_tool.ts';
import type { ContentStore } from '../../shared/sources/content_store.ts';
import { openPostgresContentStore } from '../../shared/sources/postgres_content_store.ts';
import { createEtlDatabases, fillSources, loadHub, query, startEtlPostgres } from './etl_databases.ts';
import { plainPipeline } from './plain_pipeline.ts';

/** Some tools of the content generator over a small company: campaigns CMP-1 to CMP-12 of the clients CLI-0 to CLI-3, images IMG-1 to IMG-3. */
export type ContentGeneratorWorld = {
  /** Both can be moved. */
  now: Date;
  today: string;
  readonly ask: (tool: string, args: unknown, caller: Caller) => Promise<ToolResult>;
  /** The same tools where PromptContent does not answer. */
  readonly askWithoutContent: (tool: string, args: unknown, caller: Caller) => Promise<ToolResult>;
  readonly store: ContentStore;
  /** Runs SQL in PromptContent as its owner. */
  readonly content: (text: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>;
  /** Brings what is new in the sources to the hub. */
  readonly load: () => Promise<void>;
  /** What the pipeline had to log: nothing, when every answer kept its contract and every part was there. */
  readonly log: string[];
  readonly stop: () => Promise<void>;
};

export async function startContentGenerator(tools: readonly ServedTool<ContentGeneratorRepos>[]): Promise<ContentGeneratorWorld> {
  const server = await startEtlPostgres();
  const { urls, hubOwner } = await createEtlDatabases(server);
  await fillSources(urls);
  await query(urls.content, await readFile(join(packageRoot(), 'database/postgresql/content/content_generator.sql'), 'utf8'));
  await query(urls.content, `CREATE ROLE writer LOGIN PASSWORD 'writer' IN ROLE promptsales_content`);
  await query(hubOwner, `CREATE ROLE reader LOGIN PASSWORD 'reader' IN ROLE promptsales_read`);
  const load = () => loadHub(urls);
  await load();
  const writerUrl = server.url(new URL(urls.content).pathname.slice(1), 'writer');
  const hub = await openPostgres(server.url(new URL(hubOwner).pathname.slice(1), 'reader'), { applicationName: 'content_generator test' });
  const store = await openPostgresContentStore(writerUrl);
  const log: string[] = [];
  const planKey = randomBytes(32).toString('base64');
  const world = { now: new Date('2026-02-10T18:00:00Z'), today: '2026-02-10' };
  const opened: ContentGeneratorRepos[] = [];
  const asker = (contentUrl: string) => {
    const repos = openRepos(hub, readSettings({ CONTENT_WRITER_DATABASE_URL: contentUrl, PROMPTSALES_PLAN_KEY: planKey }), undefined);
    opened.push(repos);
    const clock = { now: () => world.now, today: () => world.today, timeZone: 'America/Costa_Rica' };
    const pipeline = plainPipeline('content_generator', tools, repos, clock, log);
    return async (tool: string, args: unknown, caller: Caller) => (await pipeline.call(tool, args, caller)).result;
  };
  return Object.assign(world, {
    ask: asker(writerUrl),
    askWithoutContent: asker('postgres://writer:writer@127.0.0.1:1/content'),
    store,
    content: (text: string, values?: readonly unknown[]) => query(urls.content, text, values),
    load,
    log,
    stop: async () => {
      const stores = await Promise.all(opened.map((repos) => repos.content()));
      await Promise.all([store.close(), hub.close(), ...stores.map((one) => one.close())]);
      await server.stop();
    },
  });
}
