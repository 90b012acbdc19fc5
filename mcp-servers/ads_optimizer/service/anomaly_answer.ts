import { formatChange, formatCount, formatPercent, formatUsd, toAnswerNumber } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import {
  type Anomaly,
  type AnomalyReading,
  BASELINE_DAYS,
  CLOSING_DAYS,
  LEARNING_DAYS,
  SENSITIVITIES,
  type Sensitivity,
} from './anomalies.ts';

export type AnomalyAnswer = {
  readonly status: 'data' | 'no_data';
  readonly scope: string;
  readonly anomalies: readonly Anomaly[];
  readonly basis: {
    readonly window: { readonly from: string; readonly to: string };
    readonly daysUsed: number;
    readonly campaigns: number;
    readonly series: number;
    readonly tests: number;
    readonly level: number;
    readonly method: string;
    readonly assumes: readonly string[];
  };
};

/** One page of a reading, with figures as answers carry them. */
export function anomalyAnswer(
  reading: AnomalyReading,
  page: readonly Anomaly[],
  {
    scope,
    window,
    sensitivity,
  }: { readonly scope: string; readonly window: { readonly from: string; readonly to: string }; readonly sensitivity: Sensitivity },
): AnomalyAnswer {
  const { q, change } = SENSITIVITIES[sensitivity];
  return {
    status: reading.series === 0 ? 'no_data' : 'data',
    scope,
    anomalies: page.map(rounded),
    basis: {
      window,
      daysUsed: reading.daysUsed,
      campaigns: reading.campaigns,
      series: reading.series,
      tests: reading.tests,
      level: 0.9,
      method: 'CUSUM of a quasi-Poisson (spend: log-normal) model a series; gaps: negative binomial; Benjamini-Hochberg over all',
      assumes: [
        `Reported is what changes by ${formatPercent(100 * change, 0)} or more; of what is reported ${formatPercent(100 * q, 0)} is expected to be chance.`,
        `Weekdays, a straight trend and ad fatigue are normal; so are spend that follows the month's plan, the first ${LEARNING_DAYS} days and the last ${CLOSING_DAYS}. The ${BASELINE_DAYS} days before the period are read too.`,
        'Change is with those taken out; before and after are plain figures. Breaks of fewer than 4 days are seen only in tracking.',
        'At stake: spend beyond or below the old level, or spend that brought less (or more) than it did before; it is not all lost.',
      ],
    },
  };
}

const DIGITS = { spend: 2, ctr: 3, cpa: 2, tracking_gap: 2 } as const;

function rounded(anomaly: Anomaly): Anomaly {
  const { kind, before, after, changePercent, lowPercent, highPercent, z, p, q, atStake } = anomaly;
  const figure = (value: number | null): number | null => (value === null ? null : toAnswerNumber(value, DIGITS[kind]));
  const percent = (value: number | null): number | null => (value === null ? null : toAnswerNumber(value, 1));
  return {
    ...anomaly,
    before: figure(before),
    after: figure(after),
    changePercent: toAnswerNumber(changePercent, 1),
    lowPercent: percent(lowPercent),
    highPercent: percent(highPercent),
    z: z === null ? null : toAnswerNumber(z, 1),
    p: shortened(p),
    q: shortened(q),
    atStake: toAnswerNumber(atStake),
  };
}

/** Two digits that count; nothing is surer than 1e-12. */
const shortened = (probability: number): number => Number(Math.max(1e-12, probability).toPrecision(2));

const KINDS = { spend: 'spend a day', ctr: 'CTR', cpa: 'CPA', tracking_gap: 'tracking gap (conversions a day)' } as const;

export function anomalyText({ status, scope, anomalies, basis }: AnomalyAnswer): string {
  const level = ({ kind }: Anomaly, value: number | null): string => {
    if (value === null) return 'no data';
    return kind === 'ctr' ? formatPercent(value, 3) : kind === 'tracking_gap' ? String(value) : formatUsd(value);
  };
  return [
    `Breaks in advertising, ${scope}`,
    ...(status === 'no_data'
      ? ['No data: nothing that fits advertised on these days.']
      : anomalies.length === 0
        ? ['None found.']
        : [
            table<Anomaly>(
              [
                { header: 'What', cell: ({ kind }) => KINDS[kind] },
                { header: 'Campaign', cell: ({ campaign, campaignId, clientName }) => `${campaign} (${campaignId}), ${clientName}` },
                { header: 'Channel', cell: ({ channel }) => channel },
                {
                  header: 'From',
                  cell: ({ firstDate, lastDate }) => (lastDate === null ? `${firstDate}, still` : `${firstDate} to ${lastDate}`),
                },
                { header: 'Days (before)', cell: ({ days, daysBefore }) => `${days} (${daysBefore})` },
                { header: 'Before', cell: (row) => level(row, row.before) },
                { header: 'After', cell: (row) => level(row, row.after) },
                {
                  header: `Change [${formatPercent(100 * basis.level, 0)}]`,
                  cell: ({ changePercent, lowPercent, highPercent }) =>
                    lowPercent === null || highPercent === null
                      ? formatChange(changePercent)
                      : `${formatChange(changePercent)} [${formatChange(lowPercent)} to ${formatChange(highPercent)}]`,
                },
                { header: 'z', cell: ({ z }) => (z === null ? '-' : String(z)) },
                { header: 'p', cell: ({ p }) => String(p) },
                { header: 'q', cell: ({ q }) => String(q) },
                { header: 'At stake', cell: ({ atStake, severity }) => `${formatUsd(atStake)}, ${severity}` },
              ],
              anomalies,
            ),
          ]),
    `Basis: ${basis.window.from} to ${basis.window.to}, ${formatCount(basis.daysUsed)} days read; ${formatCount(basis.campaigns)} campaigns, ${formatCount(basis.series)} series, ${formatCount(basis.tests)} tests. Method: ${basis.method}.`,
    ...basis.assumes.map((assumed) => `- ${assumed}`),
  ].join('\n');
}
