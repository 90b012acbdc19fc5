import type { RedisConnection } from '../cache/redis_connection.ts';
import type { Settings } from '../config/settings.ts';
import type { SqlDatabase } from '../db/sql_database.ts';
import type { Prompt } from './prompt.ts';
import type { ServedResource } from './resource.ts';
import type { ServedTool } from './served_tool.ts';

/** A server as its index.ts composes it: who it is, its tools, and how its repos stand on the hub. Building one does no input or output. */
export type ServerDefinition<Repos> = {
  /** Folder, URL and key name: 'sales_dashboard'. */
  readonly name: string;
  readonly title: string;
  /** What a host tells its model about the server as a whole. */
  readonly instructions: string;
  readonly tools: readonly ServedTool<Repos>[];
  readonly resources?: readonly ServedResource[] | undefined;
  readonly prompts?: readonly Prompt[] | undefined;
  readonly openRepos: (hub: SqlDatabase, settings: Settings, redis: RedisConnection | undefined) => Repos;
};

/** Gives a definition its exact type; adds nothing. */
export function defineServer<Repos>(definition: ServerDefinition<Repos>): ServerDefinition<Repos> {
  return definition;
}
