import { Agent, request } from 'node:http';
import { toolCall } from '../support/tool_call.ts';

/** The name the benches call under. */
export const BENCH_CLIENT = 'bench';

const JSON_BODY = { 'content-type': 'application/json' };

/** One kept-alive connection that posts tool calls as a host of revision 2026-07-28 does. */
export class HttpToolClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: URL;
  #id = 0;

  constructor(url: string) {
    this.#url = new URL(url);
  }

  /** Calls a tool and returns its result. Throws when the answer is not a result, or is an error result. */
  async call(tool: string, args: Readonly<Record<string, unknown>>): Promise<{ structuredContent: Record<string, unknown> }> {
    const { headers, body: asked } = toolCall(tool, args, { id: ++this.#id, client: BENCH_CLIENT });
    const text = await this.post(asked, headers);
    const body = JSON.parse(text) as { result?: { isError?: boolean; structuredContent: Record<string, unknown> } };
    if (body.result === undefined || body.result.isError === true)
      throw new Error(`${tool} ${JSON.stringify(args)}: ${text.slice(0, 500)}`);
    return body.result;
  }

  /** Posts a body of JSON and returns the answer's text. */
  post(body: string, headers: Readonly<Record<string, string>> = JSON_BODY): Promise<string> {
    return new Promise((resolve, reject) => {
      const sent = request(
        this.#url,
        {
          agent: this.#agent,
          method: 'POST',
          headers: { 'content-length': Buffer.byteLength(body), ...headers },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
          answer.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
