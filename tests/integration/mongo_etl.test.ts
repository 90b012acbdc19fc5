import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { failure, type Script } from '../support/mongo_endpoint.ts';
import { IMAGES, imageSaying, type MongoEtlWorld, startMongoEtlWorld } from '../support/mongo_etl_world.ts';

let world: MongoEtlWorld;

beforeAll(async () => {
  world = await startMongoEtlWorld();
});
afterAll(async () => {
  await world?.stop();
});

const standing = () => world.hub(`SELECT position FROM etl.watermarks WHERE table_name = 'content.images'`);
const loaded = () => world.hub(`SELECT content_id, description FROM content.images ORDER BY 1`);

/** Begins a round and kills its process the moment it asks for what `at` tells, whose answer it never gets. */
async function killedAt(at: (command: Parameters<Script>[0], name: string) => boolean): Promise<void> {
  const child = world.begin();
  let asked = false;
  world.endpoint.answer((command, name) => {
    if (!at(command, name)) return world.history.script(command, name);
    asked = true;
    child.kill('SIGKILL');
    return 'cut';
  });
  const [, signal] = await once(child, 'exit');
  world.endpoint.answer(world.history.script);
  expect({ asked, signal }).toEqual({ asked: true, signal: 'SIGKILL' });
}

async function caughtUp(): Promise<void> {
  // A killed runner's server process may hold its locks until it notices.
  await expect.poll(async () => (await world.round()).runs.every((run) => run.status === 'done'), { timeout: 10_000 }).toBe(true);
  expect(await world.differences()).toEqual([]);
}

it('keeps no position and no row of a first load that was killed in its middle, and loads all the next time', async () => {
  let finds = 0;
  await killedAt((command, name) => {
    if (command.find === 'imagenes') finds++;
    return name === 'getMore' && command.collection === 'imagenes' && Number(command.getMore) !== 1 && finds > 0;
  });
  expect(await standing()).toEqual([]);
  expect(await loaded()).toEqual([]);
  await caughtUp();
  expect(await loaded()).toHaveLength(IMAGES);
});

it('brings a changed, a new and a deleted image within one round', async () => {
  world.history.write('imagenes', 'IMG-1', imageSaying(1, 'otra vez'));
  world.history.write('imagenes', 'IMG-91', imageSaying(91, 'nueva'));
  world.history.write('imagenes', 'IMG-2');
  const images = (await world.round()).runs.find((run) => run.table === 'content.images');
  expect(images).toMatchObject({ mode: 'delta', status: 'done', read: 2, written: 2, deleted: 1 });
  expect(await world.differences()).toEqual([]);
});

it('never stands further than what was loaded: killed between the events and their documents, it reads the events again', async () => {
  const before = { position: await standing(), rows: await loaded() };
  for (let number = 10; number < 70; number++) world.history.write('imagenes', `IMG-${number}`, imageSaying(number, 'después'));
  world.history.write('imagenes', 'IMG-3');
  await killedAt((command) => command.find === 'imagenes');
  expect(await standing()).toEqual(before.position);
  expect(await loaded()).toEqual(before.rows);
  await killedAt((command, name) => name === 'getMore' && command.collection === 'imagenes' && Number(command.getMore) !== 1);
  expect(await standing()).toEqual(before.position);
  expect(await loaded()).toEqual(before.rows);
  await caughtUp();
  expect(
    (await world.hub(`SELECT mode FROM etl.runs WHERE table_name = 'content.images' AND status = 'done' ORDER BY run_id DESC LIMIT 1`))[0],
  ).toEqual({
    mode: 'delta',
  });
});

it.each([
  [286, 'ChangeStreamHistoryLost'],
  [280, 'ChangeStreamFatalError'],
])('reads all again when its token is lost (%i), and misses nothing of what happened meanwhile', async (code, codeName) => {
  world.history.write('imagenes', 'IMG-4', imageSaying(4, `antes de ${code}`));
  world.history.write('imagenes', 'IMG-5');
  world.history.write('imagenes', `IMG-${code}`, imageSaying(code, 'nueva'));
  world.endpoint.answer((command, name) => {
    const isResumed = command.aggregate === 'imagenes' && command.pipeline[0].$changeStream.resumeAfter !== undefined;
    return isResumed ? failure(code, codeName, ['NonResumableChangeStreamError']) : world.history.script(command, name);
  });
  const images = (await world.round()).runs.find((run) => run.table === 'content.images');
  world.endpoint.answer(world.history.script);
  expect(images).toMatchObject({ mode: 'snapshot', status: 'done' });
  expect(await world.differences()).toEqual([]);
  world.history.write('imagenes', 'IMG-4', imageSaying(4, `después de ${code}`));
  expect((await world.round()).runs.find((run) => run.table === 'content.images')).toMatchObject({ mode: 'delta', read: 1, written: 1 });
  expect(await world.differences()).toEqual([]);
});

it('saves where the streams stand in a round that finds nothing', async () => {
  const before = await standing();
  world.history.write('elsewhere', 'X-1', {});
  const report = await world.round();
  expect(report.runs.map((run) => [run.status, run.read, run.deleted])).toEqual(report.runs.map(() => ['done', 0, 0]));
  expect(await standing()).not.toEqual(before);
});

it('brings from a single server what was written within one round, and what was deleted within the hour (E1)', async () => {
  const single = await startMongoEtlWorld('single server');
  const imagesOf = async () => (await single.round()).runs.find((run) => run.table === 'content.images');
  try {
    expect(await imagesOf()).toMatchObject({ mode: 'snapshot', status: 'done', written: IMAGES });
    single.history.write('imagenes', 'IMG-1', imageSaying(1, 'otra vez'));
    single.history.write('imagenes', 'IMG-91', imageSaying(91, 'nueva'));
    single.history.write('imagenes', 'IMG-2');
    expect(await imagesOf()).toMatchObject({ mode: 'delta', status: 'done', written: 2, deleted: 0 });
    expect(await single.differences()).toEqual(['has IMG-2 al principio']);
    single.history.pass(3_600);
    expect(await imagesOf()).toMatchObject({ mode: 'snapshot', status: 'done', written: 0, deleted: 1 });
    expect(await single.differences()).toEqual([]);
  } finally {
    await single.stop();
  }
});
