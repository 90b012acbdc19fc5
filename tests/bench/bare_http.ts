import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * The floor that a call over HTTP is held against: a node:http server that reads the body and answers with as many bytes
 * as a tool answer has.
 */
export async function startBareHttp(answerBytes: number): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const answer = JSON.stringify({ filler: 'x'.repeat(answerBytes) });
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    incoming.on('end', () => {
      outgoing.setHeader('content-type', 'application/json');
      outgoing.end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
