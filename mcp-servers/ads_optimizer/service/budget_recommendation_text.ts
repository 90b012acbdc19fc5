import { formatChange, formatCount, formatRatio, formatUsd } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import type { BudgetRecommendation, RecommendedChannel } from './budget_recommendation.ts';
import type { Interval } from './statistics/bootstrap.ts';

const VERDICTS = {
  change: 'change: the proposal is better beyond noise, or the target lies elsewhere than today',
  no_change: "no_change: the difference is within the noise; keep today's split",
  no_data: 'no_data: nothing to fit, which is not zero',
} as const;

/** The recommendation as text: the same figures as the data. */
export function recommendationText(recommendation: BudgetRecommendation): string {
  const { verdict, objective, horizonDays, totalBudget, channels, expected, sensitivities } = recommendation;
  const head = `Verdict: ${VERDICTS[verdict]}`;
  if (expected === null) return head;
  const result = (value: number): string => (objective === 'revenue' ? formatUsd(value) : formatRatio(value));
  const within = (interval: Interval | null, format: (value: number) => string): string =>
    interval === null ? '' : ` (90 %: ${format(interval.low)} to ${format(interval.high)})`;
  const marginal = (value: number | null): string => formatRatio(value, 4);
  return [
    head,
    `Over ${formatCount(horizonDays)} days, ${formatUsd(totalBudget)} in all, objective ${objective}`,
    table<RecommendedChannel>(
      [
        { header: 'Channel', cell: ({ channel }) => channel },
        { header: 'Today', cell: ({ today }) => formatUsd(today) },
        { header: 'Proposed', cell: ({ proposed }) => formatUsd(proposed) },
        { header: 'Change', cell: ({ changePercent }) => formatChange(changePercent) },
        { header: 'A day', cell: ({ todayPerDay, proposedPerDay }) => `${formatUsd(todayPerDay)} → ${formatUsd(proposedPerDay)}` },
        {
          header: 'Expected',
          cell: ({ expectedToday, expectedProposed }) => `${result(expectedToday)} → ${result(expectedProposed)}`,
        },
        {
          header: objective === 'revenue' ? 'Marginal ROAS today' : 'Conversions for one more dollar today',
          cell: ({ marginalToday, marginalTodayInterval }) => `${marginal(marginalToday)}${within(marginalTodayInterval, marginal)}`,
        },
        { header: 'then', cell: ({ marginalProposed }) => marginal(marginalProposed) },
        { header: 'Days; pooled', cell: ({ days, pooledPercent }) => `${days}; ${pooledPercent} %` },
      ],
      channels,
    ),
    `Expected ${objective}: today ${result(expected.today)}${within(expected.todayInterval, result)}; proposed ${result(expected.proposed)}${within(expected.proposedInterval, result)}`,
    `Against today's split of the same money (${result(expected.sameMix)}): ${result(expected.difference)}${within(expected.differenceInterval, result)}; better in ${expected.chanceBetterPercent} % of the draws`,
    ...sensitivities,
  ].join('\n');
}
