import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { IMAGES, imageSaying, type MongoEtlWorld, startMongoEtlWorld } from '../support/mongo_etl_world.ts';

const KILLS = 40;
const LONGEST_LIFE_MS = 250;
let world: MongoEtlWorld;

beforeAll(async () => {
  world = await startMongoEtlWorld();
});
afterAll(async () => {
  await world?.stop();
});

/** Kills a round so many milliseconds after it began. Whether it was killed before it was done. */
async function begunAndKilled(afterMs: number): Promise<boolean> {
  const child = world.begin();
  child.once('message', () => setTimeout(() => child.kill('SIGKILL'), afterMs));
  const [, signal] = await once(child, 'exit');
  return signal === 'SIGKILL';
}

it(`loses and doubles nothing of MongoDB's when the runner is killed ${KILLS} times in its life, the first load included (E2)`, async () => {
  let seed = 20_260_101;
  let killed = 0;
  for (let number = 0; killed < KILLS; number++) {
    expect(number).toBeLessThan(3 * KILLS);
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    killed += Number(await begunAndKilled((seed / 2 ** 31) * LONGEST_LIFE_MS));
    for (let image = 1 + (number % 7); image <= IMAGES; image += 7)
      world.history.write('imagenes', `IMG-${image}`, imageSaying(image, `vez ${number}`));
    world.history.write('imagenes', `IMG-${1000 + number}`, imageSaying(1000 + number, 'nueva'));
    if (number % 3 === 0) world.history.write('imagenes', `IMG-${1 + (number % IMAGES)}`);
  }

  // A killed runner's server process may hold its locks until it notices.
  await expect.poll(async () => (await world.round()).runs.every((run) => run.status === 'done'), { timeout: 10_000 }).toBe(true);
  expect(await world.differences()).toEqual([]);
  const [cutShort] = await world.hub(`SELECT count(*)::int AS loads FROM etl.runs WHERE error = 'ended without a report'`);
  expect(cutShort?.loads).toBeGreaterThan(KILLS / 2);
}, 240_000);
