import { expect, it } from 'vitest';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { keptByVersion } from '../../shared/hub/data_version.ts';

/** A hub whose data is of the version said last, and work on it that is counted. */
function counted() {
  const hub = { version: '1', works: 0 };
  const kept = keptByVersion<string>(2);
  const versions = async () => hub.version;
  const ask = (key: string, dataVersion = versions) =>
    kept(
      dataVersion,
      key,
      async () => {
        hub.works++;
        return `${key} of ${hub.version}`;
      },
      deadlineIn(1_000),
    );
  return { hub, ask };
}

it('works a result out once for as long as the data stays the same, and anew after a load', async () => {
  const { hub, ask } = counted();
  expect([await ask('a'), await ask('a'), hub.works]).toEqual(['a of 1', 'a of 1', 1]);
  hub.version = '2';
  expect([await ask('a'), await ask('a'), hub.works]).toEqual(['a of 2', 'a of 2', 2]);
});

it('keeps the results that were asked for last', async () => {
  const { hub, ask } = counted();
  for (const key of ['a', 'b', 'a', 'c', 'a']) await ask(key);
  expect(hub.works).toBe(3);
  await ask('b');
  expect(hub.works).toBe(4);
});

it('keeps nothing of work that failed, and nothing of one hub for another', async () => {
  const { hub, ask } = counted();
  const kept = keptByVersion<string>(2);
  const versions = async () => '1';
  await expect(kept(versions, 'a', () => Promise.reject(new Error('away')), deadlineIn(1_000))).rejects.toThrow('away');
  expect(await kept(versions, 'a', async () => 'there', deadlineIn(1_000))).toBe('there');
  await ask('a');
  await ask('a', async () => '1');
  expect(hub.works).toBe(2);
});

it('does not take what was worked out of older data for newer, when a load comes meanwhile', async () => {
  const kept = keptByVersion<string>(2);
  let version = '1';
  const versions = async () => version;
  await kept(
    versions,
    'a',
    async () => {
      version = '2';
      return 'half of each';
    },
    deadlineIn(1_000),
  );
  expect(await kept(versions, 'a', async () => 'all of 2', deadlineIn(1_000))).toBe('all of 2');
});
