import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { httpRequest, type Load, type LoadClient, startLoadClient } from '../bench/load_client.ts';

const RESULT = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'Campaña' }] } });

let client: LoadClient;
let server: Server | undefined;
beforeAll(() => {
  client = startLoadClient();
});
afterAll(() => client.close());
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

/** Drives a server for 200 ms; resolves to the outcome and how the server saw it. */
async function driven(answer: (response: ServerResponse, index: number) => void, load: Partial<Load> = {}) {
  let asked = 0;
  let underWay = 0;
  let mostUnderWay = 0;
  const bodies = new Set<string>();
  server = createServer((request, response) => {
    underWay += 1;
    mostUnderWay = Math.max(mostUnderWay, underWay);
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      bodies.add(body);
      response.on('finish', () => (underWay -= 1));
      answer(response, asked++);
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
  const outcome = await client.run({
    host: url.hostname,
    port: Number(url.port),
    requests: ['ñ', 'b'].map((body) => httpRequest(url, { 'content-type': 'text/plain' }, body)),
    connections: 4,
    warmUpMs: 0,
    measuredMs: 200,
    expects: 'result',
    ...load,
  });
  return { outcome, asked, mostUnderWay, bodies };
}

describe('the load client of the throughput bench', () => {
  it('counts every answer once, with one request under way on each connection', async () => {
    const { outcome, asked, mostUnderWay, bodies } = await driven((response) => response.end(RESULT));
    expect(outcome.failed).toBe(0);
    // The last answer of each connection may come after the end.
    expect(asked - outcome.latenciesMs.length).toBeLessThanOrEqual(4);
    expect(outcome.latenciesMs.length).toBeGreaterThan(20);
    expect(mostUnderWay).toBeLessThanOrEqual(4);
    expect([...bodies].sort()).toEqual(['b', 'ñ']);
    expect(outcome.sample).toBe(RESULT);
  });

  it('takes an answer in chunks, and one that comes in pieces, as one', async () => {
    const { outcome } = await driven((response, index) => {
      const bytes = Buffer.from(RESULT);
      // Cut inside 'ñ', which is two bytes.
      const cut = bytes.indexOf('ñ') + 1;
      if (index % 2 === 0) response.setHeader('content-length', bytes.length);
      response.write(bytes.subarray(0, cut));
      setTimeout(() => response.end(bytes.subarray(cut)), 1);
    });
    expect(outcome.failed).toBe(0);
    expect(outcome.latenciesMs.length).toBeGreaterThan(20);
    expect(outcome.sample).toBe(RESULT);
  });

  it('does not count what is no result, and says what the first such answer was', async () => {
    const error = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { isError: true, content: [{ type: 'text', text: 'rate_limited' }] } });
    const answers = [error, RESULT];
    const { outcome, asked } = await driven((response, index) => {
      if (index % 4 === 3) response.statusCode = 503;
      response.end(answers[index % 2]);
    });
    expect(outcome.firstFailure).toMatch(/200 OK: .*rate_limited/);
    expect(outcome.failed / asked).toBeCloseTo(0.75, 1);
    expect(outcome.failed + outcome.latenciesMs.length).toBeGreaterThanOrEqual(asked - 4);
  });

  it('fails when the server closes its connections', async () => {
    await expect(driven((response) => response.destroy())).rejects.toThrow(/closed a connection|ECONNRESET|socket hang up/);
  });
});
