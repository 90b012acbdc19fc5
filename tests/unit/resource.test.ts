import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { campaignBoard } from '../../mcp-servers/sales_dashboard/resources/campaign_board.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';
import type { Caller } from '../../shared/mcp/contract.ts';
import { type OpenedResource, type ServedResource, uriOf, valueIn, variableOf } from '../../shared/mcp/resource.ts';
import { openResources } from '../../shared/mcp/resources.ts';

const template = { uriTemplate: 'promptsales://campaigns/{campaignId}/board' };

describe('the URI of a resource', () => {
  it('holds any value, and gives it back', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text.isWellFormed()),
        (value) => {
          expect(valueIn(template, uriOf(template, value))).toBe(value);
        },
      ),
    );
  });

  it('names its variable', () => expect(variableOf(template)).toBe('campaignId'));

  it.each([
    'promptsales://campaigns//board',
    'promptsales://campaigns/CMP-1',
    'promptsales://campaigns/CMP-1/board/',
    'promptsales://campaigns/CMP-1/x/board',
    'promptsales://campaigns/%E0%A4%A/board',
    'promptsales://campaigns/CMP-1?x=/board',
    'other://campaigns/CMP-1/board',
  ])('is not read from %s', (uri) => expect(valueIn(template, uri)).toBeUndefined());
});

describe('resources of a server', () => {
  const caller: Caller = { client: 'tests', role: 'users', scopes: new Set(['dashboard:read']) };
  const values = Array.from({ length: 250 }, (_, index) => `V-${String(index).padStart(3, '0')}`);
  const family = (name: string, over: Partial<OpenedResource> = {}): ServedResource => ({
    template: { ...campaignBoard.template, uriTemplate: `promptsales://${name}/{id}` },
    open: async () => ({
      list: async (after, limit) =>
        values
          .filter((value) => after === undefined || value > after)
          .slice(0, limit)
          .map((value) => ({ value, title: value })),
      read: async (value) => ({ value }),
      complete: async (typed, limit) => values.filter((value) => value.startsWith(typed)).slice(0, limit),
      ...over,
    }),
  });
  const logged: unknown[] = [];
  const serving = (...families: ServedResource[]) =>
    openResources(
      families,
      { hub: { rows: async () => [] }, redis: undefined, clock: { now: () => new Date(), today: () => '2026-01-30', timeZone: 'UTC' } },
      { deadlineMs: 1_000, logger: { error: (details) => void logged.push(details), warn: () => {} } },
    );

  it('are listed page by page, family after family, each once', async () => {
    const resources = serving(family('one'), family('two'));
    const uris: string[] = [];
    let pages = 0;
    for (let cursor: string | undefined; ; ) {
      const page = await resources('list', { cursor }, caller, {});
      uris.push(...page.resources.map(({ uri }) => uri));
      pages += 1;
      cursor = page.nextCursor;
      if (cursor === undefined) break;
    }
    expect(pages).toBe(6);
    expect(uris).toEqual(['one', 'two'].flatMap((name) => values.map((value) => `promptsales://${name}/${value}`)));
  });

  it('complete at most a hundred values, and say that there are more', async () => {
    const { completion } = await serving(family('one'))(
      'complete',
      { uriTemplate: 'promptsales://one/{id}', variable: 'id', typed: 'V' },
      caller,
      {},
    );
    expect([completion.values.length, completion.hasMore]).toEqual([100, true]);
  });

  it('complete nothing of a family or a variable that does not exist', async () => {
    for (const ask of [
      { uriTemplate: 'promptsales://two/{id}', variable: 'id', typed: '' },
      { uriTemplate: 'promptsales://one/{id}', variable: 'name', typed: '' },
    ]) {
      expect(await serving(family('one'))('complete', ask, caller, {})).toEqual({ completion: { values: [], hasMore: false } });
    }
  });

  it('that could not be opened are opened anew by the next question, then once', async () => {
    let times = 0;
    const one = family('one');
    const late: ServedResource = {
      ...one,
      open: (parts) => {
        times += 1;
        return times === 1 ? Promise.reject(new ToolError('unavailable', 'The hub cannot be reached.')) : one.open(parts);
      },
    };
    const resources = serving(late);
    const read = () => resources('read', { uri: 'promptsales://one/V-001' }, caller, {});
    await expect(read()).rejects.toMatchObject({ errorClass: 'unavailable' });
    await read();
    expect((await read()).contents).toHaveLength(1);
    expect(times).toBe(2);
  });

  it('keep accidents to themselves: the log has the cause, the host a number to ask about', async () => {
    const broken = serving(family('one', { read: () => Promise.reject(new Error('password=secret')) }));
    const failed = await broken('read', { uri: 'promptsales://one/V-001' }, caller, {}).catch((error: unknown) => error);
    expect(failed).toMatchObject({ errorClass: 'internal', remedy: expect.stringMatching(/correlation id [0-9a-f-]{36}/) });
    expect(JSON.stringify([failed, (failed as Error).message])).not.toContain('secret');
    expect(logged).toHaveLength(1);
  });
});
