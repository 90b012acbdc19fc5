import { formatCount, formatPercent, formatUsd, ratio, round, toAnswerNumber } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import type { CacheReport } from '../repo/cache_use.ts';

type Models = {
  readonly tokens: number;
  /** US dollars. */
  readonly costUsd: number;
  readonly tokensSaved: number;
  readonly costSavedUsd: number;
};

export type UseOfCache = Models & {
  readonly status: 'data' | 'no_data';
  /** 'all clients', or the one asked for. */
  readonly client: string;
  /** 'YYYY-MM-DD', UTC. */
  readonly day: string;
  readonly requests: number;
  readonly errors: number;
  readonly cacheHits: number;
  readonly hitRatePercent: number | null;
  readonly meanHitAgeSeconds: number | null;
  readonly averageMs: number | null;
  /** Tool → calls, most first. */
  readonly tools: Readonly<Record<string, number>>;
  readonly month: (Models & { readonly generations: number }) | null;
  readonly servers: CacheReport['servers'];
  /** How many tables there are, of how many Redis mirrors the last load, and when the oldest of those was. */
  readonly loads: { readonly tables: number; readonly mirrored: number; readonly oldest: string | null };
};

/** Fractions of a cent are what a generation costs. */
const DOLLAR_DIGITS = 6;

/** Reads a report of Redis as people ask for it. */
export function useOfCache(
  { day, month, servers, loads }: CacheReport,
  asked: { readonly client: string | undefined; readonly day: string; readonly tables: number },
): UseOfCache {
  return {
    status: day === null ? 'no_data' : 'data',
    client: asked.client ?? 'all clients',
    day: asked.day,
    requests: day?.requests ?? 0,
    errors: day?.errors ?? 0,
    cacheHits: day?.cacheHits ?? 0,
    hitRatePercent: day === null ? null : toAnswerNumber(ratio(day.cacheHits * 100, day.requests), 1),
    meanHitAgeSeconds: day?.meanHitAgeSeconds == null ? null : toAnswerNumber(day.meanHitAgeSeconds, 1),
    averageMs: day === null ? null : toAnswerNumber(day.averageMs, 2),
    ...modelsOf(day),
    tools: Object.fromEntries((day?.tools ?? []).map(({ tool, calls }) => [tool, calls])),
    month: month === null ? null : { generations: month.generations, ...modelsOf(month) },
    servers,
    loads: {
      tables: asked.tables,
      mirrored: loads.length,
      oldest: loads.reduce<string | null>((oldest, { at }) => (oldest === null || at < oldest ? at : oldest), null),
    },
  };
}

function modelsOf(
  spent: { readonly tokens: number; readonly costUsd: string; readonly tokensSaved: number; readonly costSavedUsd: string } | null,
): Models {
  return {
    tokens: spent?.tokens ?? 0,
    costUsd: toAnswerNumber(spent?.costUsd ?? 0, DOLLAR_DIGITS),
    tokensSaved: spent?.tokensSaved ?? 0,
    costSavedUsd: toAnswerNumber(spent?.costSavedUsd ?? 0, DOLLAR_DIGITS),
  };
}

export function useOfCacheText(use: UseOfCache): string {
  const { status, client, day, requests, errors, cacheHits, hitRatePercent, meanHitAgeSeconds, averageMs, tools, month, servers, loads } =
    use;
  const models = ({ tokens, costUsd, tokensSaved, costSavedUsd }: Models): string =>
    `${formatCount(tokens)} tokens for ${formatUsd(costUsd, DOLLAR_DIGITS)}; saved ${formatCount(tokensSaved)} tokens, ${formatUsd(costSavedUsd, DOLLAR_DIGITS)}`;
  return [
    ...(status === 'no_data'
      ? [`No data: ${client} asked nothing on ${day} (UTC).`]
      : [
          `${day} (UTC), ${client}: ${formatCount(requests)} calls, ${formatCount(cacheHits)} from the cache (${formatPercent(hitRatePercent, 1)}), ${formatCount(errors)} failed; ${round(averageMs ?? 0, 2)} ms a call`,
          `Cached answers were ${meanHitAgeSeconds === null ? 'not asked for' : `${round(meanHitAgeSeconds, 1)} s old on average`}.`,
          `Models: ${models(use)}`,
          table(
            [
              { header: 'Tool', cell: ([tool]) => tool },
              { header: 'Calls', cell: ([, calls]) => formatCount(calls) },
            ],
            Object.entries(tools),
          ),
        ]),
    ...(month === null ? [] : [`Models in ${day.slice(0, 7)}: ${formatCount(month.generations)} generations, ${models(month)}`]),
    ...(servers.length === 0
      ? []
      : [
          table(
            [
              { header: 'Server', cell: ({ server }) => server },
              { header: 'State', cell: ({ status }) => status },
              { header: 'Seen', cell: ({ at }) => at },
              { header: 'Calls in the last minute', cell: ({ requestsLastMinute }) => formatCount(requestsLastMinute) },
              { header: 'ms', cell: ({ averageMs }) => String(averageMs) },
              { header: 'Errors in the last hour', cell: ({ errorsLastHour }) => formatCount(errorsLastHour) },
            ],
            servers,
          ),
        ]),
    `Loads that Redis mirrors: ${formatCount(loads.mirrored)} of ${formatCount(loads.tables)} tables${loads.oldest === null ? '' : `, the oldest of ${loads.oldest}`}`,
  ].join('\n');
}
