import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import type { SqlDatabase } from '../../shared/db/sql_database.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';
import { answerOf, defineTool, lines, readOnly } from '../../shared/mcp/define_tool.ts';
import { serve } from '../../shared/mcp/served_tool.ts';
import { defineServer } from '../../shared/mcp/server_definition.ts';

/** A server of tiny tools that do what can happen to any tool: answer, ask the database, dawdle, fail. */
export type SampleRepos = { readonly hub: SqlDatabase; readonly asked: Asked };

/** How often the tools' work was done, and what a test makes of it: slow, or impossible just now. */
type Asked = { count: number; delayMs: number; outage: boolean };

const repeatWord = defineTool({
  name: 'repeat_word',
  title: 'Repeat a word',
  description: lines('Says a word several times.', 'Example: {"word":"sol","times":3}'),
  input: z.object({
    word: z.string().min(1).max(200).describe('The word'),
    times: z.int().min(1).max(10).default(2).describe('How often'),
    letterCase: z.enum(['upper', 'lower']).optional(),
  }),
  output: answerOf(z.object({ repeated: z.string(), times: z.number() })),
  annotations: readOnly,
  scopes: ['dashboard:read'],
  cache: 'until-next-load',
  otherNames: ['say_again'],
  aliases: { text: 'word' },
});

const askDatabase = defineTool({
  name: 'ask_database',
  title: 'Ask the database',
  description: 'Adds two numbers in the database.',
  input: z.object({ a: z.int(), b: z.int() }),
  output: answerOf(z.object({ sum: z.number() })),
  annotations: readOnly,
  scopes: ['dashboard:read'],
  cache: 'none',
});

const dawdle = defineTool({
  name: 'dawdle',
  title: 'Dawdle',
  description: 'Sleeps in the database.',
  input: z.object({ seconds: z.number().min(0).max(60) }),
  output: answerOf(z.object({ slept: z.number() })),
  annotations: readOnly,
  scopes: ['dashboard:read'],
  cache: 'none',
});

const fail = defineTool({
  name: 'fail',
  title: 'Fail',
  description: 'Fails in the way asked for.',
  input: z.object({ how: z.enum(['known', 'unknown', 'broken_answer', 'later']) }),
  output: answerOf(z.object({ never: z.string() })),
  annotations: readOnly,
  scopes: ['dashboard:read'],
  cache: 'until-next-load',
});

const writeText = defineTool({
  name: 'write_text',
  title: 'Write a text',
  description: 'Writes so many characters, as if a model had: 120 tokens, and those of the parts that were kept from before.',
  input: z.object({ length: z.int().min(1).max(1_000_000), keptTokens: z.int().min(0).default(0) }),
  output: answerOf(z.object({ text: z.string() })),
  annotations: readOnly,
  scopes: ['dashboard:read'],
  cache: 'until-next-load',
});

const operate = defineTool({
  name: 'operate',
  title: 'Operate',
  description: 'Needs a scope that not every role has.',
  input: z.object({}),
  output: answerOf(z.object({ done: z.boolean() })),
  annotations: readOnly,
  scopes: ['dashboard:operate'],
  cache: 'none',
});

export const sampleServer = defineServer<SampleRepos>({
  name: 'sample',
  title: 'Sample',
  instructions: 'Tools for tests.',
  openRepos: (hub) => ({ hub, asked: { count: 0, delayMs: 0, outage: false } }),
  tools: [
    serve(repeatWord, async ({ word, times, letterCase }, { repos, deadline }) => {
      repos.asked.count += 1;
      if (repos.asked.outage) throw new ToolError('unavailable', 'The database cannot be reached.');
      if (repos.asked.delayMs > 0) await setTimeout(repos.asked.delayMs, undefined, { signal: deadline.signal });
      const cased = letterCase === 'upper' ? word.toUpperCase() : letterCase === 'lower' ? word.toLowerCase() : word;
      const repeated = Array.from({ length: times }, () => cased).join(' ');
      return { data: { repeated, times }, text: `${repeated} (${times} times)` };
    }),
    serve(askDatabase, async ({ a, b }, { repos, deadline }) => {
      const [sum] = await repos.hub.rows(
        { name: 'sum', text: 'SELECT $1::int + $2::int AS sum' },
        [a, b],
        (row) => Number(row.sum),
        deadline,
      );
      return { data: { sum: sum ?? null }, text: `${a} + ${b} = ${sum}` };
    }),
    serve(dawdle, async ({ seconds }, { repos, deadline, progress }) => {
      progress(`sleeping for ${seconds} s`);
      await repos.hub.rows({ name: 'dawdle', text: 'SELECT pg_sleep($1)' }, [seconds], () => undefined, deadline);
      return { data: { slept: seconds }, text: `slept ${seconds} s` };
    }),
    serve(fail, async ({ how }, { repos }) => {
      repos.asked.count += 1;
      switch (how) {
        case 'known':
          throw new ToolError('ambiguous', 'Two things are called so.', {
            remedy: 'Name one by its id.',
            candidates: [
              { id: 'A-1', name: 'first' },
              { id: 'A-2', name: 'second' },
            ],
            next: [{ tool: 'repeat_word', arguments: { word: 'A-1' }, why: 'the first one' }],
          });
        case 'unknown':
          throw new Error('password=secret at db.internal:5432');
        case 'broken_answer':
          return { data: { never: 7 }, text: 'seven' };
        case 'later':
          void setTimeout(1).then(() => Promise.reject(new Error('nobody waits for this')));
          return { data: { never: 'well' }, text: 'well' };
      }
    }),
    serve(writeText, async ({ length, keptTokens }, { repos }) => {
      repos.asked.count += 1;
      const text = 'sol y mar, '.repeat(Math.ceil(length / 11)).slice(0, length);
      const saved = keptTokens === 0 ? undefined : { tokens: keptTokens, costUsd: (keptTokens * 2e-8).toFixed(8) };
      return { data: { text }, text, usage: { tokens: 120, costUsd: '0.000360', segment: 'jóvenes' }, saved };
    }),
    serve(operate, async () => ({ data: { done: true }, text: 'done' })),
  ],
});
