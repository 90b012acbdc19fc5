import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readCsv } from '../../cli/generate/csv.ts';
import { generationJobs } from '../../shared/cache/job_queue.ts';
import { generationQueueKey, jobKey, lockKey } from '../../shared/cache/keys.ts';
import { decimal, sum } from '../../shared/domain/money.ts';
import { query } from '../support/etl_databases.ts';
import { goodMessages } from '../support/message_model.ts';
import { type OpenAiEndpoint, startOpenAiEndpoint } from '../support/openai_endpoint.ts';
import { CLI, type RunningStack, startStack } from '../support/running_stack.ts';

const MODEL = 'test-writer';
const PRICES = JSON.stringify({ [MODEL]: { inputPerMillion: '2.00', outputPerMillion: '8.00' } });

let stack: RunningStack;
let model: OpenAiEndpoint;
let eye: Redis;
let folder: string;
/** PromptContent as its owner. */
let contentOwner: string;
/** Campaigns of different clients, each with an active subscription and images. */
let campaigns: readonly { readonly campaignId: string; readonly clientId: string; readonly name: string }[];

type Ran = { readonly code: number | null; readonly out: string; readonly err: string };
type Summary = Readonly<
  Record<'lines' | 'written' | 'fromCache' | 'failed' | 'earlier' | 'left' | 'repeated' | 'bad' | 'tokens', number>
> & {
  readonly ended: string;
  readonly costUsd: string;
  readonly results: string;
};
type Row = Readonly<Record<string, string>>;

beforeAll(async () => {
  model = await startOpenAiEndpoint({ writes: goodMessages });
  const settings = { OPENAI_BASE_URL: model.url, PROMPTSALES_TEXT_MODEL: MODEL, PROMPTSALES_MODEL_PRICES: PRICES };
  stack = await startStack(settings);
  eye = new Redis(stack.urls.redis);
  folder = await mkdtemp(join(tmpdir(), 'promptsales-generate-'));
  const owner = new URL(stack.urls.hubAdmin);
  owner.pathname = new URL(stack.urls.content).pathname;
  contentOwner = owner.href;
  campaigns = (await query(
    contentOwner,
    `SELECT DISTINCT ON (c.id) k.id AS "campaignId", c.id AS "clientId", k.document ->> 'name' AS name
       FROM content.clientes c
       JOIN content.campanas k ON k.document ->> 'clientId' = c.id
       JOIN content.imagenes i ON i.document -> 'campanas_asociadas' ? k.id AND (i.document #>> '{metadata,aprobado}')::boolean
      WHERE c.document ->> 'status' = 'active' AND c.document @? '$.subscriptions[*] ? (@.status == "active")'
      ORDER BY c.id, k.id`,
  )) as unknown as typeof campaigns;
  for (const { clientId } of campaigns) await setUsage(clientId, 0, 1_000);
});
afterAll(async () => {
  eye?.disconnect();
  await stack?.stop();
  await model?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});
beforeEach(() => model.forget());

/** Sets how much of the client's plan is used, and the limit. */
async function setUsage(clientId: string, used: number, limit: number): Promise<void> {
  const state = { used, limit, resetDate: '2026-12-05' };
  await query(
    contentOwner,
    `UPDATE content.clientes SET document = jsonb_set(document, '{subscriptions}', (
       SELECT jsonb_agg(s || jsonb_build_object('usageTracking', $2::jsonb)) FROM jsonb_array_elements(document -> 'subscriptions') s))
      WHERE id = $1`,
    [clientId, JSON.stringify({ generacion_contenido: state, imagenes_ia: state })],
  );
}

const campaign = (index: number) => {
  const found = campaigns[index];
  if (found === undefined) throw new Error(`the data set has only ${campaigns.length} clients with images and an active subscription`);
  return found;
};
/** Populations that no other test asks for. */
let people = 0;
const population = () => `mujeres de ${18 + (people % 60)} a ${20 + (people % 60)} años en Cartago interesadas en tema${people++}`;

/** Writes a file of segments; its lines are campaign and population, and more when the header says so. */
async function segmentsFile(name: string, lines: readonly (readonly string[])[], header = 'campaign,population,channel'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `${[header, ...lines.map((line) => line.join(','))].join('\n')}\n`);
  return path;
}

function start(words: readonly string[], settings: NodeJS.ProcessEnv = {}): { readonly child: ChildProcess; readonly ended: Promise<Ran> } {
  const child = spawn(process.execPath, [CLI, 'generate', ...words], {
    env: { ...stack.environment, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk) => (out += chunk));
  child.stderr?.on('data', (chunk) => (err += chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), 55_000);
  const ended = new Promise<Ran>((resolve) => {
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, out, err });
    });
  });
  return { child, ended };
}

const generate = (words: readonly string[], settings?: NodeJS.ProcessEnv): Promise<Ran> => start(words, settings).ended;
const summaryOf = ({ out, err }: Ran): Summary => {
  expect(out.trim().split('\n'), err).toHaveLength(1);
  return JSON.parse(out) as Summary;
};

async function rowsIn(path: string): Promise<readonly Row[]> {
  const [header, ...records] = readCsv(await readFile(path, 'utf8'));
  return records.map(({ fields }) => Object.fromEntries((header?.fields ?? []).map((name, at) => [name, fields[at] ?? ''])));
}
const linesIn = async (path: string) => (await rowsIn(path)).map(({ line, number }) => `${line}.${number}`).sort();
/** '2.1', '2.2', '2.3', '3.1' … of so many lines. */
const allOf = (count: number) =>
  Array.from({ length: count }, (_, at) => [1, 2, 3].map((number) => `${at + 2}.${number}`))
    .flat()
    .sort();

/** The populations that the model was asked for, in order. */
const asked = () => model.requests.filter(({ path }) => path.endsWith('/chat/completions'));
const queued = async () => (await Promise.all(generationJobs.lists.map(({ key }) => eye.llen(key)))).reduce((all, one) => all + one, 0);
async function until(what: () => Promise<boolean> | boolean): Promise<void> {
  for (let left = 400; !(await what()); left--) {
    if (left === 0) throw new Error('it did not come to that in 20 s');
    await sleep(50);
  }
}
const slow = (times: number, afterMs: number) => model.script(...Array.from({ length: times }, () => ({ as: 'usual', afterMs }) as const));

describe('promptsales generate', () => {
  it('writes three messages for every line of a file in Spanish, each request once, and the same file again costs nothing', async () => {
    const [first, second] = [population(), population()];
    const file = await segmentsFile(
      'entera.csv',
      [
        [campaign(0).campaignId, first, 'instagram', 'es', 'sí'],
        [campaign(1).campaignId, second, '', '', ''],
        [campaign(0).campaignId, first.toUpperCase(), 'Instagram', '', ''],
        [campaign(2).campaignId, `"${population()}"`, 'facebook', 'es', 'no'],
      ],
      'Campaña,Población,Canal,Idioma,Imágenes',
    );
    const ran = await generate(['--file', file, '--yes', '--json']);
    expect(ran.code, ran.err).toBe(0);
    const summary = summaryOf(ran);
    expect(summary).toMatchObject({ ended: 'done', lines: 4, repeated: 1, written: 3, fromCache: 0, failed: 0, left: 0 });
    expect(asked()).toHaveLength(3);
    expect(await queued()).toBe(0);

    const results = join(folder, 'entera.results.csv');
    expect(summary.results).toBe(results);
    const rows = await rowsIn(results);
    expect(rows).toHaveLength(9);
    expect(rows.find(({ line, number }) => line === '2' && number === '1')).toMatchObject({
      campaign_id: campaign(0).campaignId,
      campaign: campaign(0).name,
      population: expect.stringContaining('mujeres de'),
      channel: 'instagram',
      language: 'es',
      status: 'written',
      text: expect.stringMatching(/.{10}/),
      hashtags: expect.stringMatching(/^#idea1 #/),
      images: expect.stringMatching(/^IMG/),
      reason: expect.stringContaining('tema'),
      model: MODEL,
    });
    expect(rows.filter(({ line }) => line === '5').map(({ images }) => images)).toEqual(['', '', '']);
    expect(sum(rows.map(({ cost_usd }) => cost_usd || '0')).toFixed()).toBe(summary.costUsd);
    expect(rows.reduce((tokens, row) => tokens + Number(row.tokens), 0)).toBe(summary.tokens);
    expect(summary.tokens).toBeGreaterThan(0);

    const before = await readFile(results, 'utf8');
    const again = await generate(['--file', file, '--json']);
    expect(again.code, again.err).toBe(0);
    expect(summaryOf(again)).toMatchObject({ earlier: 3, written: 0, tokens: 0, costUsd: '0' });
    expect(await readFile(results, 'utf8')).toBe(before);
    // Without the results file the jobs, and without those the generations, tell what was written.
    await eye.del((await eye.keys(jobKey.glob)) as [string, ...string[]]);
    const anew = await generate(['--file', file, '--out', join(folder, 'anew.csv')]);
    expect(anew).toMatchObject({ code: 0, out: expect.stringContaining('0 written, 3 from what was kept') });
    expect(await linesIn(join(folder, 'anew.csv'))).toEqual(await linesIn(results));
    expect(asked()).toHaveLength(3);
  });

  it('goes on after kill -9 where it was, with the last line torn, and pays again for nothing but what was under way', async () => {
    const file = await segmentsFile(
      'killed.csv',
      Array.from({ length: 8 }, (_, at) => [campaign(at % 4).campaignId, population(), 'x']),
    );
    const out = join(folder, 'killed.results.csv');
    slow(8, 400);
    const { child, ended } = start(['--file', file, '--yes', '--concurrency', '2']);
    await until(async () => (await readFile(out, 'utf8').catch(() => '')).split('\r\n').length > 7);
    child.kill('SIGKILL');
    expect((await ended).code).toBeNull();
    const askedBefore = asked().length;
    expect(askedBefore).toBeLessThan(8);
    const written = (await rowsIn(out)).length / 3;
    // What a kill within a write leaves.
    await writeFile(out, `${await readFile(out, 'utf8')}9,gen_torn,CMP-1,"a cam`);
    // What the dead process held ends with its leases; a test need not wait half a minute for that.
    for (const { campaignId } of campaigns.slice(0, 4)) await eye.del(lockKey.of({ resource: 'content_generation', id: campaignId }));

    const ran = await generate(['--file', file, '--yes', '--json']);
    expect(ran.code, ran.err).toBe(0);
    expect(summaryOf(ran)).toMatchObject({ lines: 8, earlier: written, failed: 0, left: 0 });
    expect(await linesIn(out)).toEqual(allOf(8));
    // Every population once, and those under way at the kill at most once more: two workers, two requests.
    expect(asked().length).toBeLessThanOrEqual(8 + 2);
    const paid = new Map<string, number>();
    for (const { body } of asked()) {
      const topic = /tema\d+/.exec(JSON.stringify(body.messages))?.[0] ?? '';
      paid.set(topic, (paid.get(topic) ?? 0) + 1);
    }
    expect([...paid.values()].filter((times) => times > 1).length).toBeLessThanOrEqual(2);
    expect(await queued()).toBe(0);
  });

  it('shares the queue with another run of the same file, does what other programs queued, and both results are whole', async () => {
    const file = await segmentsFile(
      'shared.csv',
      Array.from({ length: 8 }, (_, at) => [campaign(at % 4).campaignId, population()]),
    );
    const foreign = JSON.stringify({ id: 'theirs', campana_id: campaign(4).campaignId, segmento: population() });
    await eye.lpush(generationQueueKey.of({ priority: 'high' }), foreign);
    slow(9, 150);
    const outs = ['one.csv', 'two.csv'].map((name) => join(folder, name));
    const ran = await Promise.all(outs.map((out) => generate(['--file', file, '--out', out, '--yes', '--json'])));
    expect(ran.map(({ code, err }) => `${code} ${code === 0 ? '' : err}`)).toEqual(['0 ', '0 ']);
    for (const out of outs) expect(await linesIn(out)).toEqual(allOf(8));
    const [one, two] = await Promise.all(outs.map(async (out) => (await rowsIn(out)).map(({ id, text }) => `${id} ${text}`).sort()));
    expect(one).toEqual(two);
    expect(asked()).toHaveLength(9);
    expect(JSON.parse((await eye.hget(jobKey.of({ id: 'theirs' }), 'result')) ?? '{}')).toMatchObject({
      status: 'written',
      messages: [{ number: 1 }, { number: 2 }, { number: 3 }],
    });
  });

  it('stops at Ctrl-C when what is under way is written, and goes on from there', async () => {
    const file = await segmentsFile(
      'stopped.csv',
      Array.from({ length: 6 }, (_, at) => [campaign(at % 3).campaignId, population()]),
    );
    slow(6, 400);
    const { child, ended } = start(['--file', file, '--yes', '--json']);
    await until(() => asked().length >= 2);
    child.kill('SIGINT');
    const stopped = await ended;
    expect(stopped).toMatchObject({ code: 130, err: expect.stringContaining('what is under way is finished first') });
    const { left, written } = summaryOf(stopped);
    expect(written).toBe(asked().length);
    expect(left + written).toBe(6);
    const rest = await generate(['--file', file, '--yes', '--json']);
    expect(rest.code, rest.err).toBe(0);
    expect(summaryOf(rest)).toMatchObject({ earlier: written, left: 0 });
    expect(asked()).toHaveLength(6);
  });

  it('tells every bad line and begins nothing, unless they are to be left out', async () => {
    const file = await segmentsFile('bad.csv', [
      ['No Such Campaign 1999', 'mujeres'],
      [campaign(0).campaignId, population()],
      [campaign(0).campaignId, 'mujeres', 'myspace'],
      [campaign(0).campaignId, 'algo'],
    ]);
    const ran = await generate(['--file', file, '--yes']);
    expect(ran).toMatchObject({ code: 2, out: '' });
    for (const line of [
      'line 2: There is no campaign called',
      'line 4: There are no limits known',
      'line 5: A population says nothing',
      'Nothing was started',
    ]) {
      expect(ran.err).toContain(line);
    }
    expect(ran.err).not.toContain('line 3');
    expect(asked()).toHaveLength(0);
    await expect(readFile(join(folder, 'bad.results.csv'))).rejects.toThrow('ENOENT');

    const skipped = await generate(['--file', file, '--yes', '--skip-bad', '--json']);
    expect(skipped.code).toBe(3);
    expect(summaryOf(skipped)).toMatchObject({ lines: 4, bad: 3, written: 1, failed: 0 });
    expect(await linesIn(join(folder, 'bad.results.csv'))).toEqual(['3.1', '3.2', '3.3']);

    expect((await generate(['--file', join(folder, 'nowhere.csv')])).err).toContain('cannot be read (ENOENT)');
  });

  it('stops for the client whose plan is used up, goes on for others, and tries again when asked to', async () => {
    const { clientId, campaignId } = campaign(5);
    await setUsage(clientId, 9, 10);
    const file = await segmentsFile('quota.csv', [
      ...Array.from({ length: 4 }, () => [campaignId, population()]),
      [campaign(0).campaignId, population()],
    ]);
    const out = join(folder, 'quota.results.csv');
    const ran = await generate(['--file', file, '--yes', '--json']);
    expect(ran.code, ran.err).toBe(3);
    expect(summaryOf(ran)).toMatchObject({ written: 2, failed: 3, left: 0 });
    expect(asked()).toHaveLength(2);
    const failed = (await rowsIn(out)).filter(({ status }) => status === 'failed');
    expect(failed).toHaveLength(3);
    for (const { why, number, campaign_id } of failed) {
      expect({ why, number, campaign_id }).toEqual({ why: expect.stringContaining('0 of 10'), number: '', campaign_id: campaignId });
    }
    expect(summaryOf(await generate(['--file', file, '--yes', '--json']))).toMatchObject({ earlier: 5, failed: 0, failedEarlier: 3 });

    await setUsage(clientId, 0, 1_000);
    const again = await generate(['--file', file, '--yes', '--retry-failed', '--json']);
    expect(again.code, again.err).toBe(0);
    expect(summaryOf(again)).toMatchObject({ earlier: 2, written: 3, failed: 0 });
    expect(await linesIn(out)).toEqual(allOf(5));
    expect(asked()).toHaveLength(5);
  });

  it('asks before it costs much, and never spends more than --max-cost', async () => {
    const file = await segmentsFile(
      'cost.csv',
      Array.from({ length: 6 }, (_, at) => [campaign(at % 3).campaignId, population()]),
    );
    const refused = await generate(['--file', file]);
    expect(refused).toMatchObject({
      code: 5,
      out: '',
      err: expect.stringMatching(/6 populations are to be written, for at most \$0\.\d+/),
    });
    expect([asked().length, await queued()]).toEqual([0, 0]);

    // Room for one line at its worst, and for little more: what a line really costs is a small part of that.
    const atWorst = decimal(/at most \$(\d+\.\d+)/.exec(refused.err)?.[1] ?? '0').div(6);
    const most = atWorst.plus('0.007').toFixed(6);
    const some = await generate(['--file', file, '--max-cost', most, '--json']);
    expect(some.code, some.err).toBe(6);
    const summary = summaryOf(some);
    expect(summary).toMatchObject({ ended: 'max cost', failed: 0 });
    expect(summary.written).toBeGreaterThan(0);
    expect(summary.left).toBe(6 - summary.written);
    expect(summary.left).toBeGreaterThan(0);
    expect(decimal(summary.costUsd).lessThanOrEqualTo(most)).toBe(true);
    expect(asked()).toHaveLength(summary.written);
    expect(await queued()).toBe(0);

    const none = await generate(['--file', file, '--max-cost', '0.01', '--json']);
    expect([none.code, summaryOf(none).written]).toEqual([6, 0]);
    const unknown = await generate(['--file', file, '--max-cost', '1', '--yes'], { PROMPTSALES_MODEL_PRICES: '{}' });
    expect(unknown).toMatchObject({ code: 5, err: expect.stringContaining('--max-cost cannot be kept') });
    expect((await generate(['--file', file, '--yes'], { PROMPTSALES_MODEL_PRICES: '{}' })).code).toBe(0);
    expect(asked()).toHaveLength(6);
  });

  it('says at once what is missing: a model, Redis', async () => {
    const file = await segmentsFile('missing.csv', [[campaign(0).campaignId, population()]]);
    const noModel = await generate(['--file', file, '--yes'], { PROMPTSALES_TEXT_MODEL: '' });
    expect(noModel).toMatchObject({ code: 4, out: '', err: expect.stringContaining('Set PROMPTSALES_TEXT_MODEL') });
    const noRedis = await generate(['--file', file, '--yes'], { REDIS_URL: 'redis://127.0.0.1:1' });
    expect(noRedis).toMatchObject({ code: 4, out: '', err: expect.stringContaining('Redis does not answer') });
    expect([asked().length, await queued()]).toEqual([0, 0]);
    expect((await generate(['--help'])).out).toMatch(/Exit codes:[\s\S]*130 /);
  });

  it('tries again what may go right another time, and says of the rest why it failed', async () => {
    const file = await segmentsFile('trouble.csv', [[campaign(0).campaignId, population()]]);
    // One call to the model asks so often by itself; then it is the job that is tried again.
    model.script(...Array.from({ length: 3 }, () => ({ as: 'error', status: 503 }) as const));
    const ran = await generate(['--file', file, '--yes', '--json']);
    expect(ran.code, ran.err).toBe(0);
    expect(summaryOf(ran)).toMatchObject({ written: 1, failed: 0 });
    const [{ id = '' } = {}] = await rowsIn(join(folder, 'trouble.results.csv'));
    expect(Number(await eye.hget(jobKey.of({ id }), 'attempts'))).toBeGreaterThan(1);
  });
});
