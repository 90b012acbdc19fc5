import { describe, expect, it } from 'vitest';
import { campaignBrief } from '../../mcp-servers/content_generator/prompts/campaign_brief.ts';
import { imageBrief } from '../../mcp-servers/content_generator/prompts/image_brief.ts';
import { writeMessages } from '../../mcp-servers/content_generator/prompts/write_messages.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';
import type { Caller } from '../../shared/mcp/contract.ts';
import { completeFromValues, type Prompt, renderPrompt } from '../../shared/mcp/prompt.ts';
import { openPrompts } from '../../shared/mcp/prompts.ts';
import type { ResourceParts } from '../../shared/mcp/resource.ts';

const prompts: readonly Prompt[] = [campaignBrief, writeMessages, imageBrief];
const caller: Caller = { client: 'tests', role: 'marketing', scopes: new Set(['content:read']) };
const parts = {} as ResourceParts;

describe('the prompts of content_generator', () => {
  const given: Readonly<Record<string, string>> = {
    campaignName: 'Verano 2026 "edición" {x}',
    population: 'mujeres 18-25 en San José interesadas en yoga',
    idea: 'una mujer al amanecer',
  };
  const filled = (prompt: Prompt, language: string) =>
    renderPrompt(
      prompt,
      Object.fromEntries([
        ...prompt.arguments.filter(({ required }) => required).map(({ name }) => [name, given[name] ?? '']),
        ['language', language],
      ]),
    );

  it.each(prompts)('$name is told whole, in Spanish and in English', async (prompt) => {
    expect({ es: await filled(prompt, 'es'), en: await filled(prompt, 'en') }).toMatchSnapshot();
  });

  it.each(prompts)('$name keeps the user’s words in their quotation', async (prompt) => {
    const [message] = await filled(prompt, 'es');
    expect(message?.text).toContain(JSON.stringify(given.campaignName));
  });

  it.each(prompts)('$name describes each argument and completes the campaign', ({ arguments: args, description, title }) => {
    expect(title).not.toBe('');
    expect(description.length).toBeGreaterThan(40);
    for (const argument of args) expect(argument.description.length).toBeGreaterThan(10);
    expect(args.find(({ name }) => name === 'campaignName')?.completion).toBeDefined();
  });

  it('write messages by the rules of the channel and the voice of the place', async () => {
    const [message] = await renderPrompt(writeMessages, { campaignName: 'V', population: 'mujeres en Heredia', channel: 'google_search' });
    expect(message?.text).toContain('como máximo 90 caracteres');
    expect(message?.text).toContain('vos, como en Costa Rica');
    const [other] = await renderPrompt(writeMessages, { campaignName: 'V', population: 'mujeres en Bogotá' });
    expect(other?.text).toContain('español neutro');
  });
});

describe('filling in a prompt', () => {
  it.each([
    [{}, /needs 'campaignName'/],
    [{ campaignName: '  ' }, /needs 'campaignName'/],
    [{ campaignName: 'x', foo: 'y' }, /no argument 'foo'/],
    [{ campaignName: 'x', language: 'fr' }, /'language' is one of es, en/],
    [{ campaignName: 'x'.repeat(2_001) }, /longer than 2000 characters/],
  ])('is refused with what is wrong: %j', async (args, message) => {
    const refused = renderPrompt(campaignBrief, args as Record<string, string>);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ errorClass: 'invalid_input' });
  });

  it('tells of a population that cannot be read', async () => {
    const refused = renderPrompt(writeMessages, { campaignName: 'x', population: 'hola' });
    await expect(refused).rejects.toThrow(/says nothing about whom/);
  });

  it('speaks Spanish where no language is chosen', async () => {
    const unasked = await renderPrompt(campaignBrief, { campaignName: 'x' });
    expect(unasked).toEqual(await renderPrompt(campaignBrief, { campaignName: 'x', language: 'es' }));
  });
});

describe('completing an argument of a prompt', () => {
  const counting = (complete: (typed: string) => Promise<readonly string[]>) => {
    let opened = 0;
    const prompt: Prompt = {
      ...campaignBrief,
      arguments: [
        {
          name: 'campaignName',
          description: 'Campaign',
          required: true,
          completion: {
            scopes: ['content:read'],
            open: async () => {
              opened += 1;
              return complete;
            },
          },
        },
      ],
    };
    return { prompt, opened: () => opened };
  };
  const ask = { prompt: 'campaign_brief', argument: 'campaignName', typed: 'ver' };

  it('opens nothing before it is asked, and once', async () => {
    const { prompt, opened } = counting(async (typed) => [`${typed}ano`]);
    const complete = openPrompts([prompt], parts, { deadlineMs: 1_000, logger: { error: () => {}, warn: () => {} } });
    expect(opened()).toBe(0);
    await complete(ask, caller, {});
    expect(await complete(ask, caller, {})).toEqual({ completion: { values: ['verano'], hasMore: false } });
    expect(opened()).toBe(1);
  });

  it('names nothing to a caller without the scope, and opens nothing for one', async () => {
    const { prompt, opened } = counting(async () => ['secret']);
    const complete = openPrompts([prompt], parts, { deadlineMs: 1_000, logger: { error: () => {}, warn: () => {} } });
    expect(await complete(ask, { ...caller, scopes: new Set(['crm:read']) }, {})).toEqual({ completion: { values: [], hasMore: false } });
    expect(await complete({ ...ask, argument: 'other' }, caller, {})).toEqual({ completion: { values: [], hasMore: false } });
    expect(opened()).toBe(0);
  });

  it('names at most 100, and says that there are more', async () => {
    const { prompt } = counting(async () => Array.from({ length: 101 }, (_, index) => `c${index}`));
    const complete = openPrompts([prompt], parts, { deadlineMs: 1_000, logger: { error: () => {}, warn: () => {} } });
    const { completion } = await complete(ask, caller, {});
    expect(completion.values).toHaveLength(100);
    expect(completion.hasMore).toBe(true);
  });

  it('tells no more than a correlation id of what went wrong, and tries again', async () => {
    const logged: unknown[] = [];
    let times = 0;
    const { prompt, opened } = counting(async () => {
      times += 1;
      if (times === 1) throw new Error('relation ads.campaigns does not exist');
      return ['verano'];
    });
    const complete = openPrompts([prompt], parts, { deadlineMs: 1_000, logger: { error: (entry) => logged.push(entry), warn: () => {} } });
    const failure = await complete(ask, caller, {}).catch((error: unknown) => error);
    expect(failure).toMatchObject({ errorClass: 'internal', remedy: expect.stringMatching(/correlation id [\w-]{36}/) });
    expect(String(failure)).not.toContain('ads.campaigns');
    expect(logged).toHaveLength(1);
    expect((await complete(ask, caller, {})).completion.values).toEqual(['verano']);
    expect(opened()).toBe(2);
  });

  it('opens anew what could not be opened, whatever the reason', async () => {
    const failures = [new ToolError('unavailable', 'The hub cannot be reached.'), new Error('relation does not exist')];
    let opened = 0;
    const open = async () => {
      const failure = failures[opened++];
      if (failure !== undefined) throw failure;
      return async () => ['verano'];
    };
    const argument = { name: 'campaignName', description: 'Campaign', required: true, completion: { scopes: ['content:read'], open } };
    const prompt: Prompt = { ...campaignBrief, arguments: [argument] };
    const complete = openPrompts([prompt], parts, { deadlineMs: 1_000, logger: { error: () => {}, warn: () => {} } });
    await expect(complete(ask, caller, {})).rejects.toMatchObject({ errorClass: 'unavailable' });
    await expect(complete(ask, caller, {})).rejects.toMatchObject({ errorClass: 'internal' });
    for (let i = 0; i < 2; i += 1) expect((await complete(ask, caller, {})).completion.values).toEqual(['verano']);
    expect(opened).toBe(3);
  });

  it('knows fixed values by itself', () => {
    const complete = (argument: string, typed: string) => completeFromValues(prompts, { prompt: 'write_messages', argument, typed });
    expect(complete('channel', 'G')?.completion.values).toEqual(['google_display', 'google_search']);
    expect(complete('language', '')?.completion.values).toEqual(['es', 'en']);
    expect(complete('tone', 'a')?.completion.values).toEqual([]);
    expect(complete('campaignName', 'a')).toBeUndefined();
  });
});
