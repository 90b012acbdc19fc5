import type { RedisConnection } from '../cache/redis_connection.ts';
import type { SqlDatabase } from '../db/sql_database.ts';
import type { Clock } from '../domain/clock.ts';
import type { Deadline } from '../domain/deadline.ts';
import type { Complete } from './completion.ts';

/** A family of resources: everything a host needs to know of it. Data, no logic. Its URI has one variable. */
export type ResourceTemplate = {
  /** 'promptsales://campaigns/{campaignId}/board'. */
  readonly uriTemplate: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: 'application/json';
  /** What the caller must be allowed, all of them. */
  readonly scopes: readonly string[];
};

/** What resources are read from. */
export type ResourceParts = { readonly hub: SqlDatabase; readonly redis: RedisConnection | undefined; readonly clock: Clock };

/** A family of resources over its databases. A value is what stands for the variable in a URI. */
export type OpenedResource = {
  /** Some resources worth showing, by value: at most `limit` after that one. */
  readonly list: (
    after: string | undefined,
    limit: number,
    deadline: Deadline,
  ) => Promise<readonly { readonly value: string; readonly title: string }[]>;
  /** What it is, as JSON. Throws ToolError not_found where there is none. */
  readonly read: (value: string, deadline: Deadline) => Promise<object>;
  readonly complete: Complete;
};

/** A contract and what fulfils it; that is loaded when a host first asks. */
export type ServedResource = { readonly template: ResourceTemplate; readonly open: (parts: ResourceParts) => Promise<OpenedResource> };

/** The name of the variable. */
export function variableOf({ uriTemplate }: Pick<ResourceTemplate, 'uriTemplate'>): string {
  return /\{(\w+)\}/.exec(uriTemplate)?.[1] ?? '';
}

/** The URI of a value. */
export function uriOf({ uriTemplate }: Pick<ResourceTemplate, 'uriTemplate'>, value: string): string {
  return uriTemplate.replace(/\{\w+\}/, encodeURIComponent(value).replaceAll('$', '$$$$'));
}

/** The value in a URI; undefined when the URI is not of this family. */
export function valueIn({ uriTemplate }: Pick<ResourceTemplate, 'uriTemplate'>, uri: string): string | undefined {
  const [before = '', after = ''] = uriTemplate.split(/\{\w+\}/);
  if (!uri.startsWith(before) || !uri.endsWith(after) || uri.length <= before.length + after.length) return undefined;
  const written = uri.slice(before.length, uri.length - after.length);
  if (/[/?#]/.test(written)) return undefined;
  try {
    return decodeURIComponent(written);
  } catch {
    return undefined;
  }
}
