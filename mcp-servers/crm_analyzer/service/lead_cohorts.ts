import { addDays, addMonths, type Day, type DayRange, endOfMonth, startOfMonth } from '../../../shared/domain/calendar_day.ts';
import { formatCount } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import type { LeadCohort } from '../repo/leads.ts';
import { percentOf } from './lead_metrics_percent.ts';
import { isSmall } from './small_groups.ts';

/** A month's leads and what share of them had got to a stage at 30, 60, … days of age, in percent; as many ages as all of them have lived. */
export type CohortRow = {
  readonly month: string;
  readonly leads: number | null;
  readonly contactedPercent: readonly number[];
  readonly qualifiedPercent: readonly number[];
  readonly proposalPercent: readonly number[];
  readonly convertedPercent: readonly number[];
};

const MOST_COHORTS = 12;
const AGE_DAYS = 30;

/** The whole months that a period touches, at most the last twelve, cut at today. */
export function cohortRange({ from, to }: DayRange, today: Day): DayRange {
  const last = endOfMonth(to);
  const earliest = addMonths(startOfMonth(to), 1 - MOST_COHORTS);
  const first = startOfMonth(from);
  return { from: first > earliest ? first : earliest, to: last < today ? last : today };
}

/** Follows the leads of each month; one of few customers is told by its name only, unless the caller may see persons. */
export function followCohorts(cohorts: readonly LeadCohort[], today: Day, mayIdentify: boolean): readonly CohortRow[] {
  return cohorts.map(({ month, leads, customers, ...reached }) => {
    const youngest = endOfMonth(`${month}-01`);
    const shares = (counts: readonly number[]): readonly number[] =>
      counts.filter((_, index) => addDays(youngest, (index + 1) * AGE_DAYS) < today).map((count) => percentOf(count, leads) ?? 0);
    const hidden = !mayIdentify && isSmall(customers);
    const none: readonly number[] = [];
    return {
      month,
      leads: hidden ? null : leads,
      contactedPercent: hidden ? none : shares(reached.contacted),
      qualifiedPercent: hidden ? none : shares(reached.qualified),
      proposalPercent: hidden ? none : shares(reached.proposal),
      convertedPercent: hidden ? none : shares(reached.won),
    };
  });
}

export function cohortText(cohorts: readonly CohortRow[]): string {
  const ages = (shares: readonly number[]): string => (shares.length === 0 ? 'too young' : shares.join(' '));
  return [
    'Cohorts: percent that had got to a stage at 30, 60, … days of age',
    table<CohortRow>(
      [
        { header: 'Month', cell: ({ month }) => month },
        { header: 'Leads', cell: ({ leads }) => (leads === null ? '<5' : formatCount(leads)) },
        { header: 'Contacted', cell: ({ contactedPercent, leads }) => (leads === null ? '' : ages(contactedPercent)) },
        { header: 'Qualified', cell: ({ qualifiedPercent, leads }) => (leads === null ? '' : ages(qualifiedPercent)) },
        { header: 'Proposal', cell: ({ proposalPercent, leads }) => (leads === null ? '' : ages(proposalPercent)) },
        { header: 'Converted', cell: ({ convertedPercent, leads }) => (leads === null ? '' : ages(convertedPercent)) },
      ],
      cohorts,
    ),
  ].join('\n');
}
