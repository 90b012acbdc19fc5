import { formatCount, formatUsd, sum } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import type { QuotaState } from '../../../shared/sources/content_store.ts';
import type { ToolDay } from '../repo/generation_usage.ts';

/** More rows than this are added up by month, and months by year. */
const MOST_ROWS = 62;
/** A token costs as little as 0.00000002 dollars. */
const DOLLAR_DIGITS = 12;

/** Whose use it is. A user is named as in the records, which may be a pseudonym. */
export type UsageOwner = { readonly kind: 'client' | 'user'; readonly id: string; readonly name: string };

/** What generation took. Money is exact decimal text; it is "at least" so much where a cost is unknown. */
export type UsageFigures = {
  readonly calls: number;
  readonly failedCalls: number;
  readonly tokens: number;
  readonly costUsd: string;
  readonly unknownCosts: number;
  readonly fromCache: number;
  readonly savedTokens: number;
  readonly savedCostUsd: string;
  readonly unknownSavings: number;
  readonly generations: number;
  readonly messages: number;
};

export type UsageRow = UsageFigures & { readonly when: string; readonly tool: string };

/** What is left of a feature of a plan; null limits are none. */
export type QuotaLeft = QuotaState & { readonly left: number | null };

/** The data of the answer. Totals are null when nothing is recorded: no data, not zero. */
export type UsageReport = {
  readonly status: 'data' | 'no_data';
  readonly subject: UsageOwner;
  readonly totals: UsageFigures | null;
  readonly by: 'day' | 'month' | 'year';
  readonly rows: readonly UsageRow[];
  readonly quota: readonly QuotaLeft[] | null;
};

const STEPS = [
  { by: 'day', characters: 10 },
  { by: 'month', characters: 7 },
  { by: 'year', characters: 4 },
] as const;

/** Adds up what each tool took, in total and by the finest of day, month and year that leaves at most 62 rows; years are never cut. */
export function usageReport(subject: UsageOwner, days: readonly ToolDay[], quotas: readonly QuotaState[] | null): UsageReport {
  const quota = quotas?.map((state) => ({ ...state, left: state.limit === null ? null : Math.max(0, state.limit - state.used) })) ?? null;
  if (days.length === 0) return { status: 'no_data', subject, totals: null, by: 'day', rows: [], quota };
  const cut = (characters: number) => Map.groupBy(days, ({ day, tool }) => `${day.slice(0, characters)} ${tool}`);
  const { by, characters } = STEPS.find((step) => cut(step.characters).size <= MOST_ROWS) ?? STEPS[2];
  const rows = [...cut(characters)]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, alike]) => ({ when: alike[0]?.day.slice(0, characters) ?? '', tool: alike[0]?.tool ?? '', ...added(alike) }));
  return { status: 'data', subject, totals: added(days), by, rows, quota };
}

function added(days: readonly ToolDay[]): UsageFigures {
  const count = (of: (day: ToolDay) => number): number => days.reduce((total, day) => total + of(day), 0);
  return {
    calls: count(({ requests }) => requests),
    failedCalls: count(({ failedRequests }) => failedRequests),
    tokens: count(({ tokens }) => tokens),
    costUsd: sum(days.map(({ costUsd }) => costUsd)).toFixed(),
    unknownCosts: count(({ unknownCosts }) => unknownCosts),
    fromCache: count(({ fromCache }) => fromCache),
    savedTokens: count(({ savedTokens }) => savedTokens),
    savedCostUsd: sum(days.map(({ savedCostUsd }) => savedCostUsd)).toFixed(),
    unknownSavings: count(({ unknownSavings }) => unknownSavings),
    generations: count(({ generations }) => generations),
    messages: count(({ messages }) => messages),
  };
}

/** What a reader would otherwise take for all there is: records that are not loaded yet, and costs that are not known. */
export function usageWarnings({ status, subject, totals, quota }: UsageReport, isToday: boolean): readonly string[] {
  return [
    ...(status === 'no_data' ? ['No data, which is not zero: no generation is recorded in this period.'] : []),
    ...(isToday
      ? ['Records come with the loads of PromptContent: what was generated since the last one is not in these figures yet.']
      : []),
    ...(totals !== null && totals.unknownCosts > 0
      ? [`The cost is at least so much: of ${totals.unknownCosts} of ${totals.calls} calls it is not known, or only in part.`]
      : []),
    ...(totals !== null && totals.unknownSavings > 0
      ? [`The cache saved at least so much: of ${totals.unknownSavings} of ${totals.fromCache} answers it is not known, or only in part.`]
      : []),
    ...(subject.kind === 'client' && quota?.length === 0 ? ['The client has no active subscription that includes generation.'] : []),
  ];
}

const cost = (usd: string, unknown: number): string => `${unknown > 0 ? 'at least ' : ''}${formatUsd(usd, DOLLAR_DIGITS)}`;

/** The same numbers as text: the total, a row a tool and day, and what is left of the plan. */
export function usageText({ subject, totals, by, rows, quota }: UsageReport): string {
  const owner = subject.kind === 'client' ? `${subject.name} (${subject.id})` : `the user ${subject.name}`;
  const all: readonly UsageRow[] = totals === null ? [] : [{ when: 'total', tool: 'all', ...totals }];
  return [
    `What generation took for ${owner}${totals === null ? ': no data' : `, by ${by} and tool`}`,
    ...(totals === null
      ? []
      : [
          table<UsageRow>(
            [
              { header: by, cell: ({ when }) => when },
              { header: 'tool', cell: ({ tool }) => tool },
              { header: 'calls', cell: ({ calls }) => formatCount(calls) },
              { header: 'failed', cell: ({ failedCalls }) => formatCount(failedCalls) },
              { header: 'tokens', cell: ({ tokens }) => formatCount(tokens) },
              { header: 'cost', cell: ({ costUsd, unknownCosts }) => cost(costUsd, unknownCosts) },
              { header: 'unknown costs', cell: ({ unknownCosts }) => formatCount(unknownCosts) },
              { header: 'from cache', cell: ({ fromCache }) => formatCount(fromCache) },
              { header: 'saved tokens', cell: ({ savedTokens }) => formatCount(savedTokens) },
              { header: 'saved cost', cell: ({ savedCostUsd, unknownSavings }) => cost(savedCostUsd, unknownSavings) },
              { header: 'unknown savings', cell: ({ unknownSavings }) => formatCount(unknownSavings) },
              { header: 'generations', cell: ({ generations }) => formatCount(generations) },
              { header: 'messages', cell: ({ messages }) => formatCount(messages) },
            ],
            [...all, ...rows],
          ),
        ]),
    ...(quota === null || quota.length === 0
      ? []
      : [
          'Left of the plan now:',
          table<QuotaLeft>(
            [
              { header: 'feature', cell: ({ feature }) => feature },
              { header: 'plan', cell: ({ planName, planId }) => `${planName} (${planId})` },
              { header: 'used', cell: ({ used }) => formatCount(used) },
              { header: 'limit', cell: ({ limit }) => (limit === null ? 'none' : formatCount(limit)) },
              { header: 'left', cell: ({ left }) => (left === null ? 'no limit' : formatCount(left)) },
              { header: 'resets on', cell: ({ resetDate }) => resetDate },
            ],
            quota,
          ),
        ]),
  ].join('\n');
}
