import type { DayRange } from '../../../shared/domain/calendar_day.ts';
import { change, formatFigure, type MetricUnit } from '../../../shared/domain/metrics.ts';
import { decimal, formatChange, formatCount, formatPercent, formatUsd, sum, toAnswerNumber } from '../../../shared/domain/money.ts';
import { type Column, table } from '../../../shared/domain/table.ts';
import type { LeadGroup, LeadGroupSize, LeadGroupTotals, LeadStays, LeadTotals } from '../repo/leads.ts';
import { type CohortRow, cohortText } from './lead_cohorts.ts';
import { STEPS, type Step } from './lead_funnel_steps.ts';
import { percentOf } from './lead_metrics_percent.ts';
import { isSmall, withheld } from './small_groups.ts';

type LeadMetric = {
  readonly id: string;
  readonly label: string;
  readonly unit: MetricUnit | 'days';
  readonly digits: number;
  readonly of: (totals: LeadTotals) => number | null;
};

const openOf = ({ leads, won, lost }: LeadTotals): number => leads - won - lost;
const shareOf = (count: 'contacted' | 'qualified' | 'proposal' | 'won') => (totals: LeadTotals) => percentOf(totals[count], totals.leads);
const daysOf = (text: string | null): number | null => (text === null ? null : toAnswerNumber(text, 2));

const METRICS: readonly LeadMetric[] = [
  { id: 'leads', label: 'Leads', unit: 'count', digits: 0, of: ({ leads }) => leads },
  { id: 'qualified', label: 'Qualified', unit: 'count', digits: 0, of: ({ qualified }) => qualified },
  { id: 'converted', label: 'Converted (won)', unit: 'count', digits: 0, of: ({ won }) => won },
  { id: 'lost', label: 'Lost', unit: 'count', digits: 0, of: ({ lost }) => lost },
  { id: 'open', label: 'Open', unit: 'count', digits: 0, of: openOf },
  { id: 'contactedPercent', label: 'Reached contacted', unit: '%', digits: 1, of: shareOf('contacted') },
  { id: 'qualifiedPercent', label: 'Reached qualified', unit: '%', digits: 1, of: shareOf('qualified') },
  { id: 'proposalPercent', label: 'Reached proposal', unit: '%', digits: 1, of: shareOf('proposal') },
  { id: 'convertedPercent', label: 'Reached won', unit: '%', digits: 1, of: shareOf('won') },
  { id: 'openValue', label: 'Open pipeline', unit: 'USD', digits: 2, of: ({ openValue }) => toAnswerNumber(openValue) },
  { id: 'wonValue', label: 'Won value', unit: 'USD', digits: 2, of: ({ wonValue }) => toAnswerNumber(wonValue) },
  {
    id: 'medianDaysToContact',
    label: 'Median days to contact',
    unit: 'days',
    digits: 2,
    of: ({ medianDaysToContact }) => daysOf(medianDaysToContact),
  },
  { id: 'medianDaysToWin', label: 'Median days to win', unit: 'days', digits: 2, of: ({ medianDaysToWin }) => daysOf(medianDaysToWin) },
];

export type LeadMetricRow = {
  readonly metric: string;
  readonly unit: string;
  readonly value: number | null;
  readonly previous: number | null;
  readonly changePercent: number | null;
};

export type LeadStageRow = {
  readonly stage: Step;
  /** Went on or were lost, and are still in it. */
  readonly left: number;
  readonly stillThere: number;
  readonly medianDays: number | null;
  readonly p90Days: number | null;
};

export type LeadGroupRow = {
  readonly key: string | null;
  readonly name: string;
  readonly leads: number;
  readonly sharePercent: number | null;
  readonly qualified: number;
  readonly converted: number;
  readonly lost: number;
  readonly open: number;
  readonly contactedPercent: number | null;
  readonly qualifiedPercent: number | null;
  readonly proposalPercent: number | null;
  readonly convertedPercent: number | null;
  readonly openValue: number;
  readonly wonValue: number;
  readonly medianDaysToContact: number | null;
  readonly medianDaysToWin: number | null;
  readonly previousLeads: number | null;
  readonly leadsChangePercent: number | null;
};

/** Groups that are not listed, together. */
export type OtherLeads = {
  readonly groups: number;
  readonly leads: number;
  readonly qualified: number;
  readonly converted: number;
  readonly lost: number;
  readonly open: number;
  readonly openValue: number;
  readonly wonValue: number;
};

export type LeadMetrics = {
  readonly status: 'data' | 'no_data' | 'too_few';
  readonly scope: string;
  readonly metrics: readonly LeadMetricRow[];
  readonly stages: readonly LeadStageRow[];
  readonly groups: readonly LeadGroupRow[];
  readonly others: OtherLeads | null;
  /** Groups among the others that are below five customers, or would give one away. */
  readonly smallGroups: number;
  readonly cohorts: readonly CohortRow[] | null;
  readonly basis: {
    readonly window: DayRange;
    readonly leads: number | null;
    readonly customers: number | null;
    readonly method: string;
    readonly assumes: readonly string[];
  };
};

/** What was read of the leads; `previous` is undefined where there is nothing to compare with. */
export type LeadFigures = {
  readonly scope: string;
  readonly window: DayRange;
  readonly groupBy: LeadGroup;
  readonly limit: number;
  readonly mayIdentify: boolean;
  readonly totals: LeadTotals;
  readonly previous: LeadTotals | undefined;
  readonly stays: LeadStays;
  readonly groups: readonly LeadGroupTotals[];
  readonly previousGroups: readonly LeadGroupSize[] | undefined;
  readonly cohorts: readonly CohortRow[] | null;
};

const METHOD =
  'Leads created in the window, state as of the last load; a stage that was passed over counts as reached. Days in a stage: exact percentiles of those who left it.';
const ASSUMES = ['Leads of the period before have had longer to move on', 'Stays that go on are counted (stillThere), not timed'];

/** Figures of the leads of a period. Of fewer than five customers nothing is told but that, unless the caller may see persons. */
export function describeLeads(read: LeadFigures): LeadMetrics {
  const { totals, scope, window, mayIdentify } = read;
  const tooFew = !mayIdentify && isSmall(totals.customers);
  const basis = { window, method: METHOD, assumes: ASSUMES };
  if (totals.leads === 0 || tooFew) {
    return {
      status: totals.leads === 0 ? 'no_data' : 'too_few',
      scope,
      metrics: [],
      stages: [],
      groups: [],
      others: null,
      smallGroups: 0,
      cohorts: null,
      basis: { ...basis, leads: tooFew ? null : 0, customers: tooFew ? null : 0 },
    };
  }
  const isCompared = read.previous !== undefined && read.previous.leads > 0 && (mayIdentify || !isSmall(read.previous.customers));
  const before = isCompared ? read.previous : undefined;
  return {
    status: 'data',
    scope,
    metrics: METRICS.map(({ id, unit, of }) => metricRow(id, unit, of(totals), before === undefined ? null : of(before))),
    stages: STEPS.map((stage) => {
      const { left, stillThere, median, p90 } = read.stays[stage];
      return { stage, left, stillThere, medianDays: daysOf(median), p90Days: daysOf(p90) };
    }),
    ...groupParts(read, before === undefined ? undefined : read.previousGroups),
    cohorts: read.cohorts,
    basis: { ...basis, leads: totals.leads, customers: totals.customers },
  };
}

const metricRow = (metric: string, unit: string, value: number | null, previous: number | null): LeadMetricRow => ({
  metric,
  unit,
  value,
  previous,
  changePercent: change(value, previous).percent,
});

const NOT_GIVEN: Readonly<Record<LeadGroup, string>> = {
  none: '',
  source: 'no source',
  campaign: 'no campaign',
  industry: 'no industry given',
  region: 'no region known',
  channel: 'no channel',
  client: 'no client',
};

/** The groups that may be told, the largest first up to the limit, and the sum of all others. */
function groupParts(
  { groups, groupBy, limit, mayIdentify, totals }: LeadFigures,
  previousGroups: readonly LeadGroupSize[] | undefined,
): Pick<LeadMetrics, 'groups' | 'others' | 'smallGroups'> {
  const hidden = mayIdentify ? groups.map(() => false) : withheld(groups.map(({ customers }) => customers));
  const shown = groups.filter((_, index) => hidden[index] !== true).slice(0, limit);
  const rest = groups.filter((group) => !shown.includes(group));
  const previous = previousLeads(shown, previousGroups, mayIdentify);
  return {
    groups: shown.map((group) => groupRow(group, groupBy, totals.leads, previous(group.key))),
    others: rest.length === 0 ? null : othersOf(rest),
    smallGroups: hidden.filter((isHidden) => isHidden).length,
  };
}

/** Leads of a group in the period before: 0 where it had none, null where that may not be told or nothing is compared. */
function previousLeads(
  shown: readonly LeadGroupTotals[],
  groups: readonly LeadGroupSize[] | undefined,
  mayIdentify: boolean,
): (key: string | null) => number | null {
  if (groups === undefined) return () => null;
  const keys = new Set(shown.map(({ key }) => key));
  const hidden = mayIdentify
    ? groups.map(() => false)
    : withheld(
        groups.map(({ customers }) => customers),
        groups.map(({ key }) => !keys.has(key)),
      );
  const told = new Map(groups.map(({ key, leads }, index) => [key, hidden[index] === true ? null : leads]));
  return (key) => {
    const leads = told.get(key);
    return leads === undefined ? 0 : leads;
  };
}

function groupRow(totals: LeadGroupTotals, groupBy: LeadGroup, allLeads: number, previous: number | null): LeadGroupRow {
  return {
    key: totals.key,
    name: totals.name ?? totals.key ?? NOT_GIVEN[groupBy],
    leads: totals.leads,
    sharePercent: percentOf(totals.leads, allLeads),
    qualified: totals.qualified,
    converted: totals.won,
    lost: totals.lost,
    open: openOf(totals),
    contactedPercent: percentOf(totals.contacted, totals.leads),
    qualifiedPercent: percentOf(totals.qualified, totals.leads),
    proposalPercent: percentOf(totals.proposal, totals.leads),
    convertedPercent: percentOf(totals.won, totals.leads),
    openValue: toAnswerNumber(totals.openValue),
    wonValue: toAnswerNumber(totals.wonValue),
    medianDaysToContact: daysOf(totals.medianDaysToContact),
    medianDaysToWin: daysOf(totals.medianDaysToWin),
    previousLeads: previous,
    leadsChangePercent: change(totals.leads, previous).percent,
  };
}

function othersOf(groups: readonly LeadGroupTotals[]): OtherLeads {
  const count = (of: (group: LeadGroupTotals) => number): number => groups.reduce((total, group) => total + of(group), 0);
  return {
    groups: groups.length,
    leads: count(({ leads }) => leads),
    qualified: count(({ qualified }) => qualified),
    converted: count(({ won }) => won),
    lost: count(({ lost }) => lost),
    open: count(openOf),
    openValue: toAnswerNumber(sum(groups.map(({ openValue }) => openValue))),
    wonValue: toAnswerNumber(sum(groups.map(({ wonValue }) => wonValue))),
  };
}

const shown = (value: number | null, unit: string, digits: number): string => {
  if (value === null) return 'no data';
  return unit === 'days' ? String(value) : formatFigure(decimal(String(value)), unit as MetricUnit, digits);
};

const GROUP_COLUMNS: readonly Column<LeadGroupRow>[] = [
  { header: 'Group', cell: ({ name, key }) => (key === null || key === name ? name : `${name} (${key})`) },
  { header: 'Leads', cell: ({ leads }) => formatCount(leads) },
  { header: 'Share', cell: ({ sharePercent }) => formatPercent(sharePercent, 1) },
  { header: 'Qualified', cell: ({ qualified, qualifiedPercent }) => `${formatCount(qualified)} (${formatPercent(qualifiedPercent, 1)})` },
  { header: 'Converted', cell: ({ converted, convertedPercent }) => `${formatCount(converted)} (${formatPercent(convertedPercent, 1)})` },
  { header: 'Lost', cell: ({ lost }) => formatCount(lost) },
  { header: 'Open', cell: ({ open }) => formatCount(open) },
  { header: 'Contacted', cell: ({ contactedPercent }) => formatPercent(contactedPercent, 1) },
  { header: 'Proposal', cell: ({ proposalPercent }) => formatPercent(proposalPercent, 1) },
  { header: 'Open pipeline', cell: ({ openValue }) => formatUsd(openValue) },
  { header: 'Won value', cell: ({ wonValue }) => formatUsd(wonValue) },
  { header: 'Days to contact', cell: ({ medianDaysToContact }) => shown(medianDaysToContact, 'days', 2) },
  { header: 'Days to win', cell: ({ medianDaysToWin }) => shown(medianDaysToWin, 'days', 2) },
];
const CHANGE_COLUMNS: readonly Column<LeadGroupRow>[] = [
  { header: 'Leads before', cell: ({ previousLeads: leads }) => (leads === null ? 'not told' : formatCount(leads)) },
  { header: 'Change', cell: ({ leadsChangePercent }) => formatChange(leadsChangePercent) },
];

/** The same figures as tables. */
export function leadMetricsText(data: LeadMetrics): string {
  const { metrics, stages, groups, others, smallGroups, cohorts, basis, scope } = data;
  if (data.status === 'no_data') return `No leads of ${scope} in this period.`;
  if (data.status === 'too_few') return `${scope}: <5 customers, not broken down.`;
  const isCompared = metrics.some(({ previous }) => previous !== null);
  const digits = new Map(METRICS.map(({ id, ...metric }) => [id, metric]));
  const written = (value: number | null, { metric, unit }: LeadMetricRow): string => shown(value, unit, digits.get(metric)?.digits ?? 0);
  const parts = [
    `${scope}: ${formatCount(basis.leads)} leads of ${formatCount(basis.customers)} customers.`,
    table<LeadMetricRow>(
      [
        { header: 'Metric', cell: ({ metric }) => digits.get(metric)?.label ?? metric },
        { header: 'Value', cell: (row) => written(row.value, row) },
        ...(isCompared
          ? [
              { header: 'Before', cell: (row: LeadMetricRow) => written(row.previous, row) },
              { header: 'Change', cell: (row: LeadMetricRow) => formatChange(row.changePercent) },
            ]
          : []),
      ],
      metrics,
    ),
    table<LeadStageRow>(
      [
        { header: 'Stage', cell: ({ stage }) => stage },
        { header: 'Left', cell: ({ left }) => formatCount(left) },
        { header: 'Still there', cell: ({ stillThere }) => formatCount(stillThere) },
        { header: 'Median days', cell: ({ medianDays }) => shown(medianDays, 'days', 2) },
        { header: '90 % within days', cell: ({ p90Days }) => shown(p90Days, 'days', 2) },
      ],
      stages,
    ),
  ];
  if (groups.length > 0) parts.push(table([...GROUP_COLUMNS, ...(isCompared ? CHANGE_COLUMNS : [])], groups));
  if (others !== null) {
    const small = smallGroups === 0 ? '' : `, ${smallGroups} of them because a group has <5 customers`;
    parts.push(
      `Others (${others.groups} groups${small}): ${formatCount(others.leads)} leads, ${formatCount(others.qualified)} qualified, ${formatCount(others.converted)} converted, ${formatCount(others.lost)} lost, ${formatCount(others.open)} open, open ${formatUsd(others.openValue)}, won ${formatUsd(others.wonValue)}.`,
    );
  }
  if (cohorts !== null) parts.push(cohortText(cohorts));
  return [...parts, `${basis.method} ${basis.assumes.join('; ')}.`].join('\n');
}
