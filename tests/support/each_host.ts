import { afterAll, beforeAll, describe, expect } from 'vitest';
import { connectHost, type Host, type REVISIONS } from './hosts.ts';
import { type RunningStack, startStack } from './running_stack.ts';

/** A server of a whole stack as a host of one revision has it over one transport. */
export type HostedServer = {
  readonly stack: () => RunningStack;
  readonly host: () => Host;
  /** The data of an answer, which must be one, in words and in figures. */
  readonly ask: (tool: string, args: object) => Promise<Record<string, unknown>>;
};

const HOSTS = [
  ['2026-07-28', 'HTTP'],
  ['2025-11-25', 'HTTP'],
  ['2026-07-28', 'stdio'],
  ['2025-11-25', 'stdio'],
] as const satisfies readonly (readonly [(typeof REVISIONS)[number], string])[];

/** The same tests for hosts of both revisions over both transports, on one whole stack of the small data set. */
export function describeForEachHost(server: string, tests: (hosted: HostedServer) => void): void {
  let stack: RunningStack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack?.stop());

  describe.each(HOSTS)(`${server} for a host of %s over %s`, (revision, transport) => {
    let host: Host;
    beforeAll(async () => {
      const command = [process.execPath, `dist/mcp/${server}.mjs`];
      const environment = stack.environment as Record<string, string>;
      host = await connectHost(revision, transport === 'HTTP' ? { url: `${stack.urls.http}/${server}/mcp` } : { command, environment });
    });
    afterAll(() => host?.close());
    tests({
      stack: () => stack,
      host: () => host,
      ask: async (tool, args) => {
        const answer = await host.call(tool, args);
        expect(answer.isError, answer.text).toBe(false);
        expect(answer.text.length).toBeGreaterThan(100);
        return answer.structuredContent.data as Record<string, unknown>;
      },
    });
  });
}
