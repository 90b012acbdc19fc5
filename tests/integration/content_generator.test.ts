import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectHost, type Host, REVISIONS } from '../support/hosts.ts';
import { type OpenAiEndpoint, startOpenAiEndpoint } from '../support/openai_endpoint.ts';
import { type RunningStack, startStack } from '../support/running_stack.ts';

type Found = {
  readonly status: string;
  readonly method: string;
  readonly searched: number;
  readonly images: readonly {
    readonly contentId: string;
    readonly score: number;
    readonly description: string;
    readonly category: string;
    readonly hashtags: readonly string[];
    readonly approved: boolean;
    readonly campaigns: readonly { readonly campaignId: string }[];
  }[];
};

describe('getContent (T1) without an embedding model', () => {
  let stack: RunningStack;
  let host: Host;
  let eye: Redis;

  beforeAll(async () => {
    stack = await startStack();
    eye = new Redis(stack.urls.redis);
    host = await connectHost('2026-07-28', { url: `${stack.urls.http}/content_generator/mcp` });
    await host.listTools();
  });
  afterAll(async () => {
    await host?.close();
    eye?.disconnect();
    await stack?.stop();
  });

  const find = async (args: object): Promise<Found> => {
    const answer = await host.call('getContent', args);
    expect(answer.isError, answer.text).toBe(false);
    return answer.structuredContent.data as Found;
  };

  it.each(REVISIONS)('answers a host of %s over HTTP and stdio alike, and says that words were compared', async (revision) => {
    const question = { description: 'café con leche en una taza', limit: 3 };
    const places = [
      { url: `${stack.urls.http}/content_generator/mcp` },
      { command: [process.execPath, 'dist/mcp/content_generator.mjs'], environment: stack.environment as Record<string, string> },
    ];
    const answers = await Promise.all(
      places.map(async (place) => {
        const asker = await connectHost(revision, place);
        const answer = await asker.call('getContent', question);
        await asker.close();
        return answer;
      }),
    );
    expect(answers[0]?.structuredContent.data).toEqual(answers[1]?.structuredContent.data);
    expect(answers[0]?.structuredContent.data).toMatchObject({ status: 'data', method: 'lexical' });
    expect(answers[0]?.text).toContain('by the words they share (lexical');
  });

  it('puts the image first whose description is asked for, and carries what an asset needs to be used', async () => {
    const [some] = (await find({ description: 'perro', limit: 1 })).images;
    const { images } = await find({ description: some?.description ?? '', limit: 2 });
    expect(images[0]).toMatchObject({
      contentId: some?.contentId,
      url: expect.stringMatching(/^https:/),
      thumbnailUrl: expect.stringMatching(/^https:/),
      campaigns: expect.any(Array),
      approved: expect.any(Boolean),
    });
    expect(images[0]?.score).toBeGreaterThan(0.9);
    expect(images[1]?.score).toBeLessThan(images[0]?.score ?? 0);
  });

  it('applies filters in the search: as many images as are asked for, all of them fitting', async () => {
    const { images, searched } = await find({ description: 'gente feliz', category: 'TURISMO', approved: true, limit: 4 });
    expect(images).toHaveLength(Math.min(4, searched));
    expect(images.map(({ category, approved }) => [category, approved])).toEqual(images.map(() => ['turismo', true]));
    const [{ hashtags = [] } = {}] = images;
    const tagged = await find({ description: 'gente feliz', hashtag: hashtags[0]?.slice(1) ?? '', limit: 3 });
    expect(tagged.images.every((image) => image.hashtags.includes(hashtags[0] ?? ''))).toBe(true);
  });

  it('finds the images of a campaign by its name, and remembers the search and the images (R)', async () => {
    const [any] = (await find({ description: 'montaña', limit: 20 })).images.filter(({ campaigns }) => campaigns.length > 0);
    const campaignName = any?.campaigns[0]?.campaignId ?? '';
    const { images } = await find({ description: 'montaña', campaignName });
    expect(images.length).toBeGreaterThan(0);
    expect(await eye.keys(`content:search:${campaignName}:*`)).toHaveLength(1);
    expect(await eye.hget(`content:by_id:${images[0]?.contentId}`, 'descripcion')).toBe(images[0]?.description);
    const again = await find({ description: 'montaña', campaignName, fresh: true });
    expect(again.images.map(({ contentId }) => contentId)).toEqual(images.map(({ contentId }) => contentId));
  });

  it.each([
    ['an unknown category', { description: 'sol', category: 'cohetes' }, 'There are: alimentos'],
    ['an unknown campaign', { description: 'sol', campaignName: 'Zzyzx 1900' }, 'not_found'],
    ['an empty description', { description: ' ' }, 'description'],
    ['an absurd limit', { description: 'sol', limit: 5_000 }, 'at most 20'],
  ])('says what would be right for %s', async (_what, args, said) => {
    const answer = await host.call('getContent', args);
    expect(answer.isError).toBe(true);
    expect(answer.text).toContain(said);
  });

  it('says so when nothing passes the filters', async () => {
    const { images } = await find({ description: 'sol', limit: 20 });
    const unused = images.find(({ campaigns }) => campaigns.length > 0);
    const answer = await host.call('getContent', {
      description: 'sol',
      category: unused?.category === 'moda' ? 'turismo' : 'moda',
      hashtag: unused?.hashtags[0],
      campaignName: unused?.campaigns[0]?.campaignId,
      approved: false,
      format: 'webp',
    });
    expect(answer.structuredContent).toMatchObject({
      data: { status: 'no_data', images: [] },
      warnings: [expect.stringContaining('No image')],
    });
  });
});

describe('getContent (T1) with an embedding model', () => {
  let stack: RunningStack;
  let model: OpenAiEndpoint;

  beforeAll(async () => {
    model = await startOpenAiEndpoint({ writes: () => ({}) });
    stack = await startStack({ OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test-of-content' });
  });
  afterAll(async () => {
    await stack?.stop();
    await model?.stop();
  });

  const ask = async (args: object) => {
    const host = await connectHost('2026-07-28', { url: `${stack.urls.http}/content_generator/mcp` });
    const answer = await host.call('getContent', args);
    await host.close();
    return answer;
  };

  it('says that words were compared until the images are indexed, then ranks by meaning', async () => {
    const before = await ask({ description: 'una tarde en el mar' });
    expect(before.structuredContent).toMatchObject({
      data: { method: 'lexical' },
      warnings: [expect.stringContaining('promptsales index run')],
    });
    const { stdout } = await stack.cli('index', 'run', '--json');
    const report = JSON.parse(stdout) as { embedded: number; tokens: number };
    expect(report.embedded).toBeGreaterThanOrEqual(100);
    expect(report.tokens).toBeGreaterThan(0);
    expect(JSON.parse((await stack.cli('index', 'run', '--json')).stdout)).toMatchObject({
      embedded: 0,
      unchanged: report.embedded,
      tokens: 0,
    });
    expect(JSON.parse((await stack.cli('index', 'status', '--json')).stdout)).toMatchObject({ toEmbed: 0, vectors: report.embedded });

    const after = await ask({ description: 'una tarde en el mar', fresh: true });
    expect(after.structuredContent).toMatchObject({ data: { method: 'semantic', model: 'text-embedding-3-small' }, warnings: [] });
    expect(after.text).toContain('by meaning (semantic');
  });

  it('asks the model once for a question that is asked again', async () => {
    const count = () => model.requests.length;
    await ask({ description: 'un desayuno sencillo' });
    const once = count();
    await ask({ description: 'un desayuno sencillo', fresh: true });
    expect(count()).toBe(once);
  });
});
