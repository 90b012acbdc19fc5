import { describe, expect, it } from 'vitest';
import { openAds } from '../../mcp-servers/ads_optimizer/repo/open_ads.ts';
import { openContent } from '../../mcp-servers/content_generator/repo/open_content.ts';
import { openCrm } from '../../mcp-servers/crm_analyzer/repo/open_crm.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';

const SOURCES = [
  {
    subject: 'PromptContent',
    open: (url: string | undefined) => openContent(url),
    setting: 'CONTENT_WRITER_DATABASE_URL',
    refused: [
      ['mongodb://user:secret@host.example:27017/x?colour=blue', /not one that MongoDB's driver understands/],
      ['mssql://user:secret@host.example/x', /neither PostgreSQL nor MongoDB/],
    ] as const,
  },
  {
    subject: 'PromptAds',
    open: (url: string | undefined) => openAds(url),
    setting: 'ADS_WRITER_DATABASE_URL',
    refused: [
      ['sqlserver://host.example;password=secret', /names no database/],
      ['mssql://user:secret@host.example/x?colour=blue', /no option colour/],
      ['mssql://user:secret@host.example/x?encrypt=maybe', /encrypt is true or false/],
      ['mongodb://user:secret@host.example/x', /neither PostgreSQL nor SQL Server/],
    ] as const,
  },
  {
    subject: 'PromptCRM',
    open: (url: string | undefined) => openCrm(url),
    setting: 'CRM_WRITER_DATABASE_URL',
    refused: [
      ['mssql://user:secret@host.example', /names no database/],
      ['mongodb://user:secret@host.example/x', /neither PostgreSQL nor SQL Server/],
    ] as const,
  },
];

describe.each(SOURCES)('the way into $subject', ({ subject, open, setting, refused }) => {
  it.each([
    [undefined, new RegExp(`no way into ${subject}`)] as const,
    ['user:secret@host.example', /neither PostgreSQL/] as const,
    ...refused,
  ])('is not at %s: the refusal names the setting and no part of the address', async (url, reason) => {
    const failure = await open(url)().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ToolError);
    expect(failure).toMatchObject({
      errorClass: 'unavailable',
      message: expect.stringMatching(reason),
      remedy: expect.stringContaining(setting),
    });
    expect(JSON.stringify(failure) + String(failure)).not.toMatch(/secret|host\.example/);
  });

  it.each([
    'postgres://user@127.0.0.1:1/x',
    ...(subject === 'PromptContent'
      ? ['mongodb://user:secret@127.0.0.1:1/x', 'mongodb+srv://host.invalid/x']
      : ['mssql://user@127.0.0.1:1/x', 'sqlserver://127.0.0.1:1;databaseName=x;user=u']),
  ])('at %s is opened once, by who first needs it, and connected to at first use', async (url) => {
    const store = open(url);
    const [one, other] = await Promise.all([store(), store()]);
    expect(other).toBe(one);
    await one.close();
  });
});
