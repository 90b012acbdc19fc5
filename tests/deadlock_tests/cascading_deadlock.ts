import { pastCrossings } from '../../shared/sources/crossing_writes.ts';
import { whileHeld } from '../support/while_held.ts';
import { applyRows, rowsOf, storeOf } from './budget_plans.ts';
import { inKeyOrder, type Move, moveOf, plannedSums } from './budget_transfers.ts';
import type { LabResult, LabRun } from './experiment.ts';
import { openRecord, scriptedFirst } from './lab_session.ts';
import { CAMPAIGN, type LabWorld } from './lab_world.ts';

const T1: readonly Move[] = [
  { channel: 'facebook', by: -50 },
  { channel: 'instagram', by: 50 },
];
const T2: readonly Move[] = [
  { channel: 'instagram', by: -30 },
  { channel: 'tiktok', by: 20 },
  { channel: 'facebook', by: 10 },
];
const T3: readonly Move[] = [
  { channel: 'tiktok', by: -70 },
  { channel: 'facebook', by: 70 },
];
/** All three done: money moved, none made and none lost. */
const RIGHT = { facebook: '330.00', instagram: '420.00', tiktok: '250.00', total: '1000.00' };

/** Three transactions wait for each other in a circle; the end of that deadlock lets one of the others straight into the next. */
export async function cascadingDeadlock(world: LabWorld): Promise<LabResult> {
  return {
    name: 'cascading_deadlock',
    title: 'Cascading deadlock of three transactions',
    harm: 'Three people move budget between channels at once; two of them get an error although nothing is wrong with what they asked.',
    runs: [await provoked(world), await inOneOrder(world), await byProduct(world)],
  };
}

async function provoked(world: LabWorld): Promise<LabRun> {
  await world.reset();
  const before = await world.planned();
  const record = await openRecord(world.adsUrl);
  try {
    const [one, two, three] = [
      await record.session('T1', world.adsUrl),
      await record.session('T2', world.adsUrl),
      await record.session('T3', world.adsUrl),
    ];
    const [facebookLess, instagramMore] = T1.map(moveOf) as Pair;
    const [instagramLess, tiktokMore, facebookMore] = T2.map(moveOf) as Triple;
    const [tiktokLess, facebookMuchMore] = T3.map(moveOf) as Pair;
    for (const session of [one, two, three]) await session.begin();
    await one.run(facebookLess);
    await two.run(instagramLess);
    await three.run(tiktokLess);
    const oneWaits = await one.wait(instagramMore);
    const twoWaits = await two.wait(tiktokMore);
    const through = Promise.withResolvers<void>();
    const threeEnds = pastCrossings(
      'PromptAds',
      scriptedFirst(
        async () => void (await three.close(facebookMuchMore)),
        // Not before the others are through: who comes back at once may take the row from under the one who has just been woken.
        async () => {
          await through.promise;
          await three.whole('does its transfer again, whole', T3.map(moveOf));
        },
      ),
    );
    await twoWaits.ends('is woken: tiktok is free');
    const twoEnds = pastCrossings(
      'PromptAds',
      scriptedFirst(
        async () => void (await two.close(facebookMore)),
        async () => {
          await through.promise;
          await threeEnds;
          await two.whole('does its transfer again, whole', T2.map(moveOf));
        },
      ),
    );
    await oneWaits.ends('is woken: instagram is free');
    await one.commit();
    through.resolve();
    await Promise.all([threeEnds, twoEnds]);
    return {
      title: 'Provoked: each takes its rows in an order of its own; the victims are done again by the product’s retry',
      events: record.events,
      victims: record.victims,
      sums: plannedSums(before, await world.planned(), RIGHT),
      shows:
        'One deadlock follows from the end of another. Each victim is rolled back whole, and done again it finds what the others left.',
    };
  } finally {
    await record.end();
  }
}

async function inOneOrder(world: LabWorld): Promise<LabRun> {
  await world.reset();
  const before = await world.planned();
  const record = await openRecord(world.adsUrl);
  try {
    const [one, two, three] = [
      await record.session('T1', world.adsUrl),
      await record.session('T2', world.adsUrl),
      await record.session('T3', world.adsUrl),
    ];
    const [ofOne, ofTwo, ofThree] = [T1, T2, T3].map((moves) => inKeyOrder(moves).map(moveOf)) as [Pair, Triple, Pair];
    for (const session of [one, two, three]) await session.begin();
    await one.run(ofOne[0]);
    const twoWaits = await two.wait(ofTwo[0]);
    const threeWaits = await three.wait(ofThree[0]);
    await one.run(ofOne[1]);
    await one.commit();
    await twoWaits.ends('is woken: facebook is free');
    await two.run(ofTwo[1]);
    await two.run(ofTwo[2]);
    await two.commit();
    await threeWaits.ends('is woken: facebook is free');
    await three.run(ofThree[1]);
    await three.commit();
    return {
      title: 'Fixed: all take their rows in the order of the keys',
      events: record.events,
      victims: record.victims,
      sums: plannedSums(before, await world.planned(), RIGHT),
      shows: 'Whoever has to wait waits at the first row they share, holding nothing that another needs: no circle can come about.',
    };
  } finally {
    await record.end();
  }
}

/** The same three as budget plans through PromptAds' port, all released from the same moment, until each is applied. */
async function byProduct(world: LabWorld): Promise<LabRun> {
  await world.reset();
  const before = await world.planned();
  const record = await openRecord(world.adsUrl);
  try {
    const held = `SELECT FROM ads.campaigns WHERE campaign_id = '${CAMPAIGN}' FOR UPDATE`;
    const transfers = [T1, T2, T3];
    const rows = await Promise.all(transfers.map((moves, index) => rowsOf(storeOf(world, index), moves)));
    const outcomes = await whileHeld(world.adsUrl, held, transfers.length, () =>
      rows.map((planned, index) => applyRows(storeOf(world, index), `transfer ${index + 1}`, planned)),
    );
    // Which of the three comes first is left to the server; whom the comparison sends back makes the plan anew from what is planned now.
    const sentBack = outcomes.flatMap((outcome, index) => (outcome === 'applied' ? [] : [index]));
    record.note(
      'one of them',
      'all three plans at one moment, rows in an order of their own',
      `${transfers.length - sentBack.length} applied`,
    );
    for (const index of sentBack) {
      record.noteVictim('a plan', outcomes[index] ?? '');
      const outcome = await applyRows(
        storeOf(world, index),
        `transfer ${index + 1} anew`,
        await rowsOf(storeOf(world, index), transfers[index] ?? []),
      );
      record.note('the next', 'reads the plan and sends it anew', outcome);
    }
    return {
      title: 'The product: ads.apply_budget_plan, which locks in the order of the keys and compares what was expected',
      events: record.events,
      victims: record.victims,
      sums: plannedSums(before, await world.planned(), RIGHT),
      shows: 'Nobody is killed. Whose figures are out of date is told so (conflict) and changes nothing.',
    };
  } finally {
    await record.end();
  }
}

type Statement = ReturnType<typeof moveOf>;
type Pair = [Statement, Statement];
type Triple = [Statement, Statement, Statement];
