import { plannedSums } from './budget_transfers.ts';
import type { LabResult, LabRun } from './experiment.ts';
import { type LabStatement, openRecord } from './lab_session.ts';
import { CAMPAIGN, type LabWorld, MONTH } from './lab_world.ts';

const READ: LabStatement = {
  did: 'reads what is planned in all',
  sql: 'SELECT sum(planned) AS total FROM ads.campaign_budgets WHERE campaign_id = $1 AND month = $2',
  values: [CAMPAIGN, MONTH],
};
const WRITE: LabStatement = {
  did: 'plans 9,000 on facebook, not committed',
  sql: `UPDATE ads.campaign_budgets SET planned = 9000 WHERE campaign_id = $1 AND channel_id = 'facebook' AND month = $2`,
  values: [CAMPAIGN, MONTH],
};

/** Reading what another transaction has written and will take back. PostgreSQL has no such reading, whatever level is asked for. */
export async function dirtyRead(world: LabWorld): Promise<LabResult> {
  return {
    name: 'dirty_read',
    title: 'Dirty read',
    harm: 'A report is made of a plan that somebody took back a second later: it tells of money that was never planned.',
    runs: [await asked(world, 'READ UNCOMMITTED'), await asked(world, 'READ COMMITTED')],
  };
}

async function asked(world: LabWorld, isolation: 'READ UNCOMMITTED' | 'READ COMMITTED'): Promise<LabRun> {
  await world.reset();
  const before = await world.planned();
  const record = await openRecord(world.adsUrl);
  try {
    const writer = await record.session('T1', world.adsUrl);
    const reader = await record.session('T2', world.adsUrl);
    await writer.begin();
    await reader.begin(isolation);
    await writer.run(WRITE);
    const [during] = await reader.run(READ);
    await writer.rollback();
    const [after] = await reader.run(READ);
    await reader.commit();
    const sum = { of: 'planned in all, as read', before: before.total, right: before.total };
    return {
      title:
        isolation === 'READ UNCOMMITTED'
          ? 'Tried: the reader asks for READ UNCOMMITTED, which on SQL Server shows the 9,700'
          : 'The level both engines should use: READ COMMITTED (on SQL Server with READ_COMMITTED_SNAPSHOT on)',
      events: record.events,
      victims: record.victims,
      sums: [
        { ...sum, of: 'read during the write', after: String(during?.total) },
        { ...sum, of: 'read after it was taken back', after: String(after?.total) },
        ...plannedSums(before, await world.planned(), {}),
      ],
      shows:
        isolation === 'READ UNCOMMITTED'
          ? 'It cannot happen on PostgreSQL: a reader sees committed row versions alone, and READ UNCOMMITTED is read as READ COMMITTED.'
          : 'The reader neither waits for the writer nor sees what it has not committed.',
    };
  } finally {
    await record.end();
  }
}
