import { Client as Client2026, StreamableHTTPClientTransport as Http2026 } from '@modelcontextprotocol/client';
import { StdioClientTransport as Stdio2026 } from '@modelcontextprotocol/client/stdio';
import { Client as Client2025 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as Stdio2025 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as Http2025 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

/** Where a host finds a server: a command it starts, or an address. */
export type Address =
  | { readonly command: readonly string[]; readonly environment: Readonly<Record<string, string>> }
  | { readonly url: string };

export type HostResult = {
  readonly isError?: boolean | undefined;
  readonly text: string;
  readonly structuredContent: Record<string, unknown>;
};

export type ListedTool = {
  readonly name: string;
  readonly inputSchema: Record<string, unknown>;
  readonly outputSchema?: Record<string, unknown> | undefined;
};

export type ListedResource = { readonly uri: string; readonly name: string; readonly title?: string | undefined };

/** A host as far as tests need one. Both kinds hold structured content against the output schemas they were given, as real hosts do. */
export type Host = {
  readonly listTools: () => Promise<ListedTool[]>;
  readonly call: (
    tool: string,
    args: unknown,
    options?: { signal?: AbortSignal; onProgress?: (message: string) => void },
  ) => Promise<HostResult>;
  readonly resourceTemplates: () => Promise<readonly { readonly uriTemplate: string; readonly name: string }[]>;
  readonly resources: (
    cursor?: string,
  ) => Promise<{ readonly resources: readonly ListedResource[]; readonly nextCursor?: string | undefined }>;
  /** The JSON text of a resource. */
  readonly readResource: (uri: string) => Promise<string>;
  readonly complete: (uriTemplate: string, variable: string, typed: string) => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
};

export const REVISIONS = ['2026-07-28', '2025-11-25'] as const;

/** Connects as a host of the revision: 2026-07-28 by the SDK of today, 2025-11-25 by the SDK of then. */
export async function connectHost(revision: (typeof REVISIONS)[number], address: Address): Promise<Host> {
  const me = { name: 'test host', version: '1' };
  const client =
    revision === '2026-07-28' ? new Client2026(me, { versionNegotiation: { mode: { pin: '2026-07-28' } } }) : new Client2025(me);
  const stdio = (at: Extract<Address, { command: unknown }>) => {
    const [command = '', ...args] = at.command;
    return { command, args, env: { PATH: process.env.PATH ?? '', ...at.environment }, stderr: 'ignore' as const };
  };
  if (client instanceof Client2026) {
    await client.connect('url' in address ? new Http2026(new URL(address.url)) : new Stdio2026(stdio(address)));
  } else {
    await client.connect('url' in address ? new Http2025(new URL(address.url)) : new Stdio2025(stdio(address)));
  }
  return {
    listTools: async () => (await client.listTools()).tools as ListedTool[],
    call: async (name, args, { signal, onProgress } = {}) => {
      const params = { name, arguments: args as Record<string, unknown> };
      const options = {
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined ? {} : { onprogress: ({ message }: { message?: string | undefined }) => onProgress(message ?? '') }),
      };
      const result =
        client instanceof Client2026 ? await client.callTool(params, options) : await client.callTool(params, undefined, options);
      const [part] = result.content as { text: string }[];
      return {
        isError: result.isError === true,
        text: part?.text ?? '',
        structuredContent: result.structuredContent as Record<string, unknown>,
      };
    },
    resourceTemplates: async () => (await client.listResourceTemplates()).resourceTemplates,
    resources: (cursor) => client.listResources(cursor === undefined ? {} : { cursor }),
    readResource: async (uri) => {
      const [content] = (await client.readResource({ uri })).contents;
      return content !== undefined && 'text' in content ? String(content.text) : '';
    },
    complete: async (uriTemplate, name, value) => {
      const { completion } = await client.complete({ ref: { type: 'ref/resource', uri: uriTemplate }, argument: { name, value } });
      return completion.values;
    },
    close: () => client.close(),
  };
}
