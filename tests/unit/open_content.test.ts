import { expect, it } from 'vitest';
import { openContent } from '../../mcp-servers/content_generator/repo/open_content.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';

it.each([
  [undefined, /no way into PromptContent/],
  ['mongodb://user:secret@documents.example:27017/content', /adapter for MongoDB is not there yet/],
  ['mongodb+srv://user:secret@documents.example/content', /adapter for MongoDB is not there yet/],
  ['mysql://user:secret@documents.example/content', /no PostgreSQL database/],
])('%s is no address that PromptContent is written at: the refusal names the setting and no part of the address', async (url, reason) => {
  const failure = await openContent(url)().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ToolError);
  expect(failure).toMatchObject({
    errorClass: 'unavailable',
    message: expect.stringMatching(reason),
    remedy: expect.stringContaining('CONTENT_WRITER_DATABASE_URL'),
  });
  expect(JSON.stringify(failure) + String(failure)).not.toMatch(/secret|documents\.example/);
});

it('one of PostgreSQL is opened once, by who first needs it, and connected to at first use', async () => {
  const content = openContent('postgres://user@127.0.0.1:1/content');
  const [one, other] = await Promise.all([content(), content()]);
  expect(other).toBe(one);
  await one.close();
});
