import { pastCrossings } from '../../shared/sources/crossing_writes.ts';
import { applyRows, rowsOf, storeOf } from './budget_plans.ts';
import { plannedSums } from './budget_transfers.ts';
import type { LabResult, LabRun } from './experiment.ts';
import { type LabRecord, type LabSession, type LabStatement, openRecord, scriptedFirst } from './lab_session.ts';
import { CAMPAIGN, type LabWorld, MONTH } from './lab_world.ts';

/** T1 adds 50 to facebook's 300, T2 adds 25. */
const RIGHT = { facebook: '375.00', total: '1075.00' };

const read = (forUpdate = ''): LabStatement => ({
  did: `reads facebook’s plan${forUpdate === '' ? '' : ` ${forUpdate}`}`,
  sql: `SELECT planned FROM ads.campaign_budgets WHERE campaign_id = $1 AND channel_id = 'facebook' AND month = $2 ${forUpdate}`,
  values: [CAMPAIGN, MONTH],
});
/** Writes what the program worked out from what it had read. */
const write = (planned: number): LabStatement => ({
  did: `writes ${planned}`,
  sql: `UPDATE ads.campaign_budgets SET planned = $3 WHERE campaign_id = $1 AND channel_id = 'facebook' AND month = $2`,
  values: [CAMPAIGN, MONTH, planned],
});

/** Two read a value, both work out a new one from it, and the second write buries the first. */
export async function lostUpdate(world: LabWorld): Promise<LabResult> {
  return {
    name: 'lost_update',
    title: 'Lost update',
    harm: 'Ana adds 50 dollars to a channel’s month, Luis 25; both are told it is done, and 50 dollars are gone.',
    runs: [await provoked(world), await detected(world), await locked(world), await byProduct(world)],
  };
}

async function provoked(world: LabWorld): Promise<LabRun> {
  return inRun(world, async (_, one, two) => {
    await one.begin();
    await two.begin();
    const ofOne = await plannedIn(one);
    const ofTwo = await plannedIn(two);
    await one.run(write(ofOne + 50));
    await one.commit();
    await two.run(write(ofTwo + 25));
    await two.commit();
    return {
      title: 'Provoked: READ COMMITTED, each writes what it worked out from what it had read',
      shows: 'No error, no waiting, and 50 dollars less than both were told.',
    };
  });
}

async function detected(world: LabWorld): Promise<LabRun> {
  return inRun(world, async (_, one, two) => {
    await one.begin('REPEATABLE READ');
    await two.begin('REPEATABLE READ');
    const ofOne = await plannedIn(one);
    const ofTwo = await plannedIn(two);
    await one.run(write(ofOne + 50));
    await one.commit();
    await pastCrossings(
      'PromptAds',
      scriptedFirst(
        async () => void (await two.run(write(ofTwo + 25))),
        async () => {
          await two.begin('REPEATABLE READ');
          await two.run(write((await plannedIn(two)) + 25));
          await two.commit();
        },
      ),
    );
    return {
      title: 'Detected: in a snapshot (REPEATABLE READ) the second write is refused, and the product’s retry does it again',
      shows: 'The server knows that the value was read before somebody changed it. Done again, the transaction reads the new value.',
    };
  });
}

async function locked(world: LabWorld): Promise<LabRun> {
  return inRun(world, async (_, one, two) => {
    await one.begin();
    await two.begin();
    const ofOne = Number((await one.run(read('FOR UPDATE')))[0]?.planned);
    const waits = await two.wait(read('FOR UPDATE'));
    await one.run(write(ofOne + 50));
    await one.commit();
    const [row] = await waits.ends('is woken and reads what was committed');
    await two.run(write(Number(row?.planned) + 25));
    await two.commit();
    return {
      title: 'Fixed by locking: who reads in order to write takes the row at the reading',
      shows: 'The second waits before it reads, so what it works out is never out of date.',
    };
  });
}

async function byProduct(world: LabWorld): Promise<LabRun> {
  return inRun(world, async (record) => {
    const [ana, luis] = [storeOf(world, 0), storeOf(world, 1)];
    const ofAna = await rowsOf(ana, [{ channel: 'facebook', by: 50 }]);
    const ofLuis = await rowsOf(luis, [{ channel: 'facebook', by: 25 }]);
    record.note('T1', 'plans 350 where 300 is expected', await applyRows(ana, 'of Ana', ofAna));
    const second = await applyRows(luis, 'of Luis', ofLuis);
    record.note('T2', 'plans 325 where 300 is expected', second);
    if (second === 'conflict') record.noteVictim('T2', second);
    const anew = await rowsOf(luis, [{ channel: 'facebook', by: 25 }]);
    record.note(
      'T2',
      `reads the plan and plans ${anew[0]?.planned} where ${anew[0]?.expected} is expected`,
      await applyRows(luis, 'of Luis, anew', anew),
    );
    return {
      title: 'The product: ads.apply_budget_plan compares the value the plan was made of',
      shows:
        'Nothing is held between reading and writing, which a person may do an hour apart; an outdated plan changes nothing and is told why.',
    };
  });
}

async function inRun(
  world: LabWorld,
  experiment: (record: LabRecord, one: LabSession, two: LabSession) => Promise<Pick<LabRun, 'title' | 'shows'>>,
): Promise<LabRun> {
  await world.reset();
  const before = await world.planned();
  const record = await openRecord(world.adsUrl);
  try {
    const { title, shows } = await experiment(record, await record.session('T1', world.adsUrl), await record.session('T2', world.adsUrl));
    return { title, shows, events: record.events, victims: record.victims, sums: plannedSums(before, await world.planned(), RIGHT) };
  } finally {
    await record.end();
  }
}

async function plannedIn(session: LabSession): Promise<number> {
  const [row] = await session.run(read());
  return Number(row?.planned);
}
