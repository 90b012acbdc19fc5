import { describe, expect, it } from 'vitest';
import type { Tool } from '../../shared/mcp/contract.ts';
import type { ToolResult } from '../../shared/mcp/envelope.ts';
import { type SampleWorld, sampleWorld, someone } from '../support/sample_pipeline.ts';
import { sampleServer } from '../support/sample_server.ts';

/** The sample server's tools, one of them with other terms. */
const toolsWith = (name: string, terms: Partial<Tool>) =>
  sampleServer.tools.map((served) =>
    served.tool.name === name ? { ...served, tool: { ...served.tool, ...terms } as typeof served.tool } : served,
  );

type ErrorPart = {
  class: string;
  message: string;
  remedy?: string;
  candidates?: unknown;
  retryAfterSeconds?: number;
  correlationId: string;
};

const errorOf = (result: ToolResult): ErrorPart => {
  expect(result.isError).toBe(true);
  return result.structuredContent.error as ErrorPart;
};
const textOf = (result: ToolResult): string => result.content[0].text;

describe('arguments', () => {
  const ask = async (args: unknown, tool = 'repeat_word') => (await sampleWorld().pipeline.call(tool, args, someone)).result;

  it('names an unknown key and the key that was meant', async () => {
    const error = errorOf(await ask({ word: 'sol', tims: 3 }));
    expect(error.class).toBe('invalid_input');
    expect(error.message).toBe("unknown argument 'tims'; did you mean 'times'?");
    expect(error.remedy).toContain('word (text, required)');
  });

  it('names every problem at once', async () => {
    const error = errorOf(await ask({ word: 5, times: 99, letterCase: 'uper', colour: 'red' }));
    expect(error.message).toContain("unknown argument 'colour'");
    expect(error.message).toContain("'word' must be text, not the number 5");
    expect(error.message).toContain("'times' must be at most 10");
    expect(error.message).toContain(`'letterCase' must be one of upper, lower, not the text "uper"; did you mean 'upper'?`);
  });

  it('says which argument is missing', async () => {
    expect(errorOf(await ask({})).message).toBe("'word' is required");
    expect(errorOf(await ask(undefined)).message).toBe("'word' is required");
    expect(errorOf(await ask({ word: null })).message).toBe("'word' is required");
  });

  it('takes null for an argument that may be left out', async () => {
    expect((await ask({ word: 'sol', times: null, letterCase: null })).structuredContent.data).toEqual({ repeated: 'sol sol', times: 2 });
  });

  it('takes the other names a tool declares', async () => {
    expect((await ask({ text: 'sol', times: 1 })).structuredContent.data).toEqual({ repeated: 'sol', times: 1 });
    expect(errorOf(await ask({ text: 'sol', word: 'mar' })).message).toContain("'word' is given twice");
  });

  it.each([
    ['a list', [1, 2]],
    ['a text', 'word=sol'],
    ['a number', 7],
  ])('refuses %s in place of named arguments', async (_kind, args) => {
    expect(errorOf(await ask(args)).message).toContain('must be an object of named values');
  });

  it('refuses absurd sizes without repeating them', async () => {
    const result = await ask({ word: 'x'.repeat(5_000_000) });
    expect(errorOf(result).message).toContain('too large');
    expect(textOf(result).length).toBeLessThan(1_000);
    const longKey = await ask({ word: 'sol', ['k'.repeat(50_000)]: 1 });
    expect(textOf(longKey).length).toBeLessThan(1_000);
  });

  it('refuses nesting that no JSON writer can follow', async () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i += 1) deep = [deep];
    expect(errorOf(await ask({ word: deep })).class).toBe('invalid_input');
  });

  it('is not confused by keys of JavaScript itself', async () => {
    const args: unknown = JSON.parse('{"word":"sol","__proto__":{"times":3},"constructor":1,"toString":2}');
    const error = errorOf(await ask(args));
    expect(error.message).toContain("unknown argument '__proto__'");
    expect(error.message).toContain("unknown argument 'constructor'");
  });

  it('names the tools there are when one is unknown', async () => {
    const error = errorOf(await ask({}, 'repeat_wrod'));
    expect(error.class).toBe('not_found');
    expect(error.message).toContain("did you mean 'repeat_word'?");
    expect(error.remedy).toContain('ask_database');
  });
});

describe('answers', () => {
  it('carry the same facts as data and as text', async () => {
    const { result } = await sampleWorld().pipeline.call('repeat_word', { word: 'sol' }, someone);
    expect(result.isError).toBeUndefined();
    expect(result.structuredContent).toEqual({
      data: { repeated: 'sol sol', times: 2 },
      dataAsOf: { PromptAds: '2026-11-21T11:55:00Z' },
      cache: { hit: false, ageSeconds: 0 },
      warnings: [],
      next: [],
    });
    expect(textOf(result)).toBe('sol sol (2 times)\nData as of: PromptAds 2026-11-21T11:55:00Z');
  });

  it('warn when a source is more than three intervals late (E4)', async () => {
    const world = sampleWorld();
    world.data = {
      version: '7',
      asOf: new Map([
        ['PromptAds', new Date('2026-11-21T11:08:00Z')],
        ['PromptCRM', new Date('2026-11-21T11:28:00Z')],
      ]),
    };
    const { result } = await world.pipeline.call('repeat_word', { word: 'sol' }, someone);
    expect(result.structuredContent.warnings).toEqual(['PromptAds was last loaded 52 minutes ago; the plan is every 11 minutes.']);
    expect(textOf(result)).toContain('Warning: PromptAds was last loaded 52 minutes ago');
  });

  it('that break their own schema never reach a host', async () => {
    const world = sampleWorld();
    const error = errorOf((await world.pipeline.call('fail', { how: 'broken_answer' }, someone)).result);
    expect(error.class).toBe('internal');
    expect(JSON.stringify(world.log)).toContain(error.correlationId);
  });
});

describe('errors', () => {
  it('of a tool say what was wrong, what would be right, and between what to choose', async () => {
    const { result } = await sampleWorld().pipeline.call('fail', { how: 'known' }, someone);
    expect(errorOf(result)).toMatchObject({
      class: 'ambiguous',
      message: 'Two things are called so.',
      remedy: 'Name one by its id.',
      candidates: [
        { id: 'A-1', name: 'first' },
        { id: 'A-2', name: 'second' },
      ],
      next: [{ tool: 'repeat_word', arguments: { word: 'A-1' } }],
    });
    for (const fact of ['Two things are called so.', 'Name one by its id.', 'id: A-2, name: second', 'Next: repeat_word {"word":"A-1"}']) {
      expect(textOf(result)).toContain(fact);
    }
  });

  it('that nobody foresaw show a correlation id and nothing else', async () => {
    const world = sampleWorld();
    const { result } = await world.pipeline.call('fail', { how: 'unknown' }, someone);
    const { class: errorClass, correlationId } = errorOf(result);
    expect(errorClass).toBe('internal');
    expect(JSON.stringify(result)).not.toMatch(/secret|db\.internal/);
    expect(world.log).toHaveLength(1);
    expect(world.log[0]?.details).toMatchObject({ correlationId, tool: 'fail', client: 'tests' });
  });

  it('that say something of the question are remembered for a minute', async () => {
    const world = sampleWorld();
    const ask = async () => errorOf((await world.pipeline.call('fail', { how: 'known' }, someone)).result);
    const first = await ask();
    const again = await ask();
    expect({ ...again, correlationId: '' }).toEqual({ ...first, correlationId: '' });
    expect(world.repos.asked.count).toBe(1);
    world.now = new Date(world.now.getTime() + 60_001);
    await ask();
    expect(world.repos.asked.count).toBe(2);
    expect(world.metrics.figures()).toMatchObject({ errors: 3, answeredFrom: { miss: 2, memory: 1 } });
  });

  it.each(['unknown', 'broken_answer'])('of the moment (%s) are never cached', async (how) => {
    const world = sampleWorld();
    await world.pipeline.call('fail', { how }, someone);
    await world.pipeline.call('fail', { how }, someone);
    expect(world.metrics.figures()).toMatchObject({ errors: 2, answeredFrom: { miss: 2, memory: 0 } });
  });

  it('say which scope is missing (T6)', async () => {
    const error = errorOf((await sampleWorld().pipeline.call('operate', {}, someone)).result);
    expect(error.class).toBe('forbidden');
    expect(error.message).toContain('dashboard:operate');
  });
});

describe('deadline and cancellation', () => {
  it('ends a call that takes too long', async () => {
    const world = sampleWorld({ deadlineMs: 100 });
    const began = performance.now();
    const error = errorOf((await world.pipeline.call('dawdle', { seconds: 30 }, someone)).result);
    expect(error.class).toBe('timeout');
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it('gives a tool the longer time it asks for, and that only', async () => {
    const world = sampleWorld({ deadlineMs: 60, tools: toolsWith('dawdle', { deadlineMs: 5_000 }) });
    const { result } = await world.pipeline.call('dawdle', { seconds: 0.2 }, someone);
    expect(result.structuredContent.data).toEqual({ slept: 0.2 });
    world.repos.asked.delayMs = 5_000;
    expect(errorOf((await world.pipeline.call('repeat_word', { word: 'sol' }, someone)).result).class).toBe('timeout');
  });

  it('gives no tool less time than the settings do', async () => {
    const world = sampleWorld({ deadlineMs: 5_000, tools: toolsWith('dawdle', { deadlineMs: 20 }) });
    expect((await world.pipeline.call('dawdle', { seconds: 0.1 }, someone)).result.isError).toBeUndefined();
  });

  it('ends a call whose caller has left', async () => {
    const left = new AbortController();
    setTimeout(() => left.abort(), 30);
    const began = performance.now();
    const { result } = await sampleWorld().pipeline.call('dawdle', { seconds: 30 }, someone, { signal: left.signal });
    expect(errorOf(result).class).toBe('timeout');
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('cache', () => {
  it('answers an equal question from memory and says how old the answer is', async () => {
    const world = sampleWorld();
    await world.pipeline.call('repeat_word', { word: 'sol', times: 2 }, someone);
    world.now = new Date(world.now.getTime() + 35_000);
    // Defaults filled and other names read: the same question in other words.
    const { result } = await world.pipeline.call('repeat_word', { text: 'sol' }, someone);
    expect(result.structuredContent.cache).toEqual({ hit: true, ageSeconds: 35 });
    expect(textOf(result)).toContain('From the cache, 35 s old.');
    expect(world.repos.asked.count).toBe(1);
  });

  it.each<[string, object, Partial<Pick<SampleWorld, 'now' | 'today' | 'data'>>]>([
    ['other arguments', { word: 'mar' }, {}],
    ['fresh: true', { word: 'sol', fresh: true }, {}],
    ['newer data', { word: 'sol' }, { data: { version: '8', asOf: new Map() } }],
    ['another day', { word: 'sol' }, { today: '2026-11-22' }],
    ['half an hour later', { word: 'sol' }, { now: new Date('2026-11-21T12:30:31Z') }],
  ])('asks anew for %s', async (_what, args, change) => {
    const world = sampleWorld();
    await world.pipeline.call('repeat_word', { word: 'sol' }, someone);
    Object.assign(world, change);
    const { result } = await world.pipeline.call('repeat_word', args, someone);
    expect(result.structuredContent.cache).toEqual({ hit: false, ageSeconds: 0 });
    expect(world.repos.asked.count).toBe(2);
  });

  it('does not show one caller what another may see', async () => {
    const world = sampleWorld();
    await world.pipeline.call('repeat_word', { word: 'sol' }, { ...someone, scopes: new Set(['dashboard:read', 'crm:pii']) });
    await world.pipeline.call('repeat_word', { word: 'sol' }, someone);
    expect(world.repos.asked.count).toBe(2);
  });

  it('keeps the answer that a fresh question brought', async () => {
    const world = sampleWorld();
    await world.pipeline.call('repeat_word', { word: 'sol', fresh: true }, someone);
    const { result } = await world.pipeline.call('repeat_word', { word: 'sol' }, someone);
    expect(result.structuredContent.cache).toMatchObject({ hit: true });
  });

  it('keeps nothing while the state of the data is unknown', async () => {
    const world = sampleWorld();
    world.data = undefined;
    await world.pipeline.call('repeat_word', { word: 'sol' }, someone);
    const { result } = await world.pipeline.call('repeat_word', { word: 'sol' }, someone);
    expect(world.repos.asked.count).toBe(2);
    expect(result.structuredContent).toMatchObject({ dataAsOf: {}, cache: { hit: false } });
  });

  it('works once on equal questions asked at the same time', async () => {
    const world = sampleWorld();
    const results = await Promise.all(Array.from({ length: 20 }, () => world.pipeline.call('repeat_word', { word: 'sol' }, someone)));
    expect(world.repos.asked.count).toBe(1);
    expect(new Set(results.map(({ result }) => textOf(result))).size).toBe(1);
    expect(world.metrics.figures().answeredFrom).toMatchObject({ miss: 1, shared: 19 });
  });

  it('does not hand work on older data to a question of newer', async () => {
    const world = sampleWorld();
    world.repos.asked.delayMs = 30;
    const before = world.pipeline.call('repeat_word', { word: 'sol' }, someone);
    await new Promise((resolve) => setTimeout(resolve, 5));
    world.data = { version: '8', asOf: new Map() };
    await Promise.all([before, world.pipeline.call('repeat_word', { word: 'sol' }, someone)]);
    expect(world.repos.asked.count).toBe(2);
  });
});

describe('what is remembered', () => {
  const recall = (world: SampleWorld, args: unknown, caller = someone) => world.pipeline.remembered('repeat_word', args, caller);

  it('is the answer that call() would give', async () => {
    const world = sampleWorld();
    await world.pipeline.call('repeat_word', { word: 'sol' }, someone);
    const { result } = await world.pipeline.call('repeat_word', { word: 'sol' }, someone);
    expect(JSON.parse(`${recall(world, { text: 'sol' })?.openResult}}`)).toEqual(result);
    expect(world.metrics.figures()).toMatchObject({ calls: 3, answeredFrom: { memory: 2 } });
  });

  it('is nothing for whom call() would refuse, and nothing is counted then', async () => {
    const world = sampleWorld({ limits: { callsPerMinute: 2, toolCallsPerHour: 100 } });
    await world.pipeline.call('repeat_word', { word: 'sol' }, someone);
    expect(recall(world, { word: 'sol' }, { ...someone, scopes: new Set() })).toBeUndefined();
    expect(recall(world, { wrod: 'sol' })).toBeUndefined();
    expect(recall(world, { word: 'sol', fresh: true })).toBeUndefined();
    expect(recall(world, { word: 'sol' })).toBeDefined();
    expect(recall(world, { word: 'sol' })).toBeUndefined();
    expect(errorOf((await world.pipeline.call('repeat_word', { word: 'sol' }, someone)).result).class).toBe('rate_limited');
  });

  it('is nothing while the state of the data is unknown', async () => {
    const world = sampleWorld();
    await world.pipeline.call('repeat_word', { word: 'sol' }, someone);
    world.data = undefined;
    expect(recall(world, { word: 'sol' })).toBeUndefined();
  });
});

describe('a tool called by another of its names', () => {
  const again = 'say_again';

  it('answers from what was kept for its own name, and the other way round', async () => {
    const world = sampleWorld();
    await world.pipeline.call('repeat_word', { word: 'sol' }, someone);
    const { result } = await world.pipeline.call(again, { text: 'sol' }, someone);
    expect(result.structuredContent).toMatchObject({ data: { repeated: 'sol sol' }, cache: { hit: true } });
    await world.pipeline.call(again, { word: 'mar' }, someone);
    expect((await world.pipeline.call('repeat_word', { word: 'mar' }, someone)).result.structuredContent.cache).toMatchObject({
      hit: true,
    });
    expect(world.repos.asked.count).toBe(2);
    const remembered = (name: string) => world.pipeline.remembered(name, { word: 'sol' }, someone)?.openResult;
    expect(remembered(again)).toBe(remembered('repeat_word'));
  });

  it('spends the same limits', async () => {
    const world = sampleWorld({ limits: { callsPerMinute: 100, toolCallsPerHour: 3 } });
    await world.pipeline.call('repeat_word', { word: 'sol' }, someone);
    await world.pipeline.call(again, { word: 'sol' }, someone);
    expect(world.pipeline.remembered(again, { word: 'sol' }, someone)).toBeDefined();
    expect(world.pipeline.remembered(again, { word: 'sol' }, someone)).toBeUndefined();
    expect(errorOf((await world.pipeline.call(again, { word: 'sol' }, someone)).result).class).toBe('rate_limited');
  });

  it.each([['repeat_word'], [again]])('is allowed to a client whose permissions name %s', async (named) => {
    const world = sampleWorld({ permissions: { tools: [named] } });
    for (const name of ['repeat_word', again]) {
      expect((await world.pipeline.call(name, { word: 'sol' }, someone)).result.isError).toBeUndefined();
      expect(world.pipeline.remembered(name, { word: 'sol' }, someone)).toBeDefined();
    }
    expect(errorOf((await world.pipeline.call('ask_database', { a: 1, b: 2 }, someone)).result).class).toBe('forbidden');
  });

  it('is named by its own name where it refuses', async () => {
    const world = sampleWorld({ permissions: { tools: ['dawdle'] } });
    expect(errorOf((await world.pipeline.call(again, { word: 'sol' }, someone)).result).message).toBe(
      'The client tests may not use repeat_word.',
    );
    const other = errorOf((await sampleWorld().pipeline.call('say_agian', {}, someone)).result);
    expect(other.message).toContain("did you mean 'repeat_word'?");
    expect(other.remedy).not.toContain(again);
  });

  it('shares no name with another tool of its server', () => {
    const taken = (terms: Partial<Tool>) => () => sampleWorld({ tools: toolsWith('dawdle', terms) });
    expect(taken({ otherNames: ['fail'] })).toThrow("two tools of sample answer to the name 'fail': dawdle and fail");
    expect(taken({ otherNames: [again] })).toThrow(`two tools of sample answer to the name '${again}': repeat_word and dawdle`);
    expect(taken({ name: 'operate' })).toThrow("two tools of sample answer to the name 'operate'");
    expect(taken({ otherNames: ['nap'] })).not.toThrow();
  });
});

describe('limits (S6)', () => {
  it('refuse calls beyond the minute and say when it ends', async () => {
    const world = sampleWorld({ limits: { callsPerMinute: 2, toolCallsPerHour: 100 } });
    const ask = async () => (await world.pipeline.call('repeat_word', { word: 'sol' }, someone)).result;
    await ask();
    await ask();
    const refused = errorOf(await ask());
    expect(refused).toMatchObject({ class: 'rate_limited', retryAfterSeconds: 30 });
    world.now = new Date(world.now.getTime() + 30_000);
    expect((await ask()).isError).toBeUndefined();
  });

  it('count each client for itself', async () => {
    const world = sampleWorld({ limits: { callsPerMinute: 1, toolCallsPerHour: 100 } });
    await world.pipeline.call('repeat_word', { word: 'sol' }, someone);
    const { result } = await world.pipeline.call('repeat_word', { word: 'sol' }, { ...someone, client: 'other' });
    expect(result.isError).toBeUndefined();
  });
});
