import { version } from '../shared/config/version.ts';
import type { Ask } from './announce.ts';

const REVISION = '2026-07-28';

/** Asks a server of a running stack as a host of today does: one POST a question. */
export function askOverHttp(httpUrl: string, server: string): Ask {
  return async (tool, args) => {
    const response = await fetch(`${httpUrl}/${server}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': REVISION,
        'mcp-method': 'tools/call',
        'mcp-name': tool,
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: {
          name: tool,
          arguments: args,
          _meta: {
            'io.modelcontextprotocol/protocolVersion': REVISION,
            'io.modelcontextprotocol/clientCapabilities': {},
            'io.modelcontextprotocol/clientInfo': { name: 'promptsales', version },
          },
        },
      }),
    });
    const reply = (await response.json()) as Reply;
    const text = reply.result?.content?.[0]?.text;
    if (reply.result === undefined || text === undefined || reply.result.isError === true) {
      throw new Error(text ?? reply.error?.message ?? `${server} answered ${response.status}`);
    }
    return { text, structured: reply.result.structuredContent ?? {} };
  };
}

type Reply = {
  readonly result?: {
    readonly isError?: boolean;
    readonly content?: readonly { readonly text?: string }[];
    readonly structuredContent?: Readonly<Record<string, unknown>>;
  };
  readonly error?: { readonly message?: string };
};
