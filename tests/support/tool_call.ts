import type { REVISIONS } from './hosts.ts';

const META = 'io.modelcontextprotocol';

/** A tool call as a host posts it: the message, as an object and as the text of the body, and the headers that go with it. */
export type PostedCall = {
  readonly headers: Readonly<Record<string, string>>;
  readonly message: {
    readonly jsonrpc: '2.0';
    readonly id: number | string;
    readonly method: 'tools/call';
    readonly params: { readonly name: string; readonly arguments: unknown; readonly _meta?: Readonly<Record<string, unknown>> };
  };
  readonly body: string;
};

/** A call as a host of the revision posts it by HTTP: without the SDK, for tests of the bytes and benches of the server alone. */
export function toolCall(
  tool: string,
  args: unknown,
  {
    id = 1,
    client = 'tests',
    revision = '2026-07-28',
    meta = {},
  }: {
    readonly id?: number | string;
    /** The name the host gives. */
    readonly client?: string;
    readonly revision?: (typeof REVISIONS)[number];
    /** More for _meta. */
    readonly meta?: Readonly<Record<string, unknown>>;
  } = {},
): PostedCall {
  const isStateless = revision === '2026-07-28';
  // What a host of 2025 said once, when it connected, one of 2026 says with each call.
  const said = {
    [`${META}/protocolVersion`]: revision,
    [`${META}/clientCapabilities`]: {},
    [`${META}/clientInfo`]: { name: client, version: '1' },
  };
  const _meta = { ...(isStateless ? said : {}), ...meta };
  const params = { name: tool, arguments: args, ...(Object.keys(_meta).length === 0 ? {} : { _meta }) };
  const message = { jsonrpc: '2.0', id, method: 'tools/call', params } as const;
  return {
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': revision,
      ...(isStateless ? { 'mcp-method': 'tools/call', 'mcp-name': tool } : {}),
    },
    message,
    body: JSON.stringify(message),
  };
}
