import { deadlineIn } from '../../shared/domain/deadline.ts';
import { sum } from '../../shared/domain/money.ts';
import type { LabResult, LabRun } from './experiment.ts';
import { type LabStatement, openRecord } from './lab_session.ts';
import type { LabWorld } from './lab_world.ts';

const LEAD = 9_000_000_002;

const addedUp = (stage: string): LabStatement => ({
  did: `adds up the leads that are in stage ${stage}`,
  sql: `SELECT coalesce(sum(value_usd), 0) AS value FROM crm.leads WHERE client_id = 'CLI-LAB' AND stage = $1`,
  values: [stage],
});

/** A report adds up part by part while something moves from a part it has yet to read to one it has read, or the other way round. */
export async function incorrectSummary(world: LabWorld): Promise<LabResult> {
  return {
    name: 'incorrect_summary',
    title: 'Incorrect summary',
    harm: 'A lead that is moved while the pipeline is added up stage by stage is counted twice, or not at all: the report tells of money that nobody has offered.',
    runs: [await reported(world, 'READ COMMITTED'), await reported(world, 'REPEATABLE READ')],
  };
}

async function reported(world: LabWorld, isolation: 'READ COMMITTED' | 'REPEATABLE READ'): Promise<LabRun> {
  await world.reset();
  const before = await world.pipeline();
  const record = await openRecord(world.crmUrl);
  try {
    const report = await record.session('T1', world.crmUrl);
    await report.begin(`${isolation} READ ONLY`);
    const [qualified] = await report.run(addedUp('qualified'));
    // As update_lead_stage moves it: through PromptCRM's port.
    const at = new Date('2026-02-10T12:00:00Z');
    const change = { leadId: LEAD, expected: 'qualified', stage: 'proposal', at, note: null } as const;
    const { outcome } = await world.crmStore.applyLeads(
      { planId: `move in ${isolation}`, changedBy: 'laboratory', at, now: at, changes: [change] },
      deadlineIn(20_000),
    );
    record.note('T2', 'moves the lead of 250 from qualified to proposal and commits', outcome);
    const [proposal] = await report.run(addedUp('proposal'));
    await report.commit();
    const told = sum([String(qualified?.value), String(proposal?.value)]).toFixed(2);
    return {
      title:
        isolation === 'READ COMMITTED'
          ? 'Provoked: READ COMMITTED, every statement of the report sees another moment'
          : 'Fixed: one snapshot for the whole report (REPEATABLE READ; SNAPSHOT on SQL Server), as the ETL reads its sources',
      events: record.events,
      victims: record.victims,
      sums: [
        { of: 'pipeline as reported', before, after: told, right: before },
        { of: 'pipeline as it is', before, after: await world.pipeline(), right: before },
      ],
      shows:
        isolation === 'READ COMMITTED'
          ? 'The lead is counted in both stages: the total is 250 dollars more than there ever were.'
          : 'The report adds up the moment it began at; nobody waits for it and it waits for nobody.',
    };
  } finally {
    await record.end();
  }
}
