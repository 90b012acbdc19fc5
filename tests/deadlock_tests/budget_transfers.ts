import type { ProvingSum } from './experiment.ts';
import type { LabStatement } from './lab_session.ts';
import { CAMPAIGN, type LabWorld, MONTH } from './lab_world.ts';

export type Channel = 'facebook' | 'instagram' | 'tiktok';

/** What a transaction adds to one channel's plan, whole dollars; below 0: takes away. */
export type Move = { readonly channel: Channel; readonly by: number };

export function moveOf({ channel, by }: Move): LabStatement {
  return {
    did: by < 0 ? `takes ${-by} from ${channel}` : `gives ${by} to ${channel}`,
    sql: 'UPDATE ads.campaign_budgets SET planned = planned + $1 WHERE campaign_id = $2 AND channel_id = $3 AND month = $4',
    values: [by, CAMPAIGN, channel, MONTH],
  };
}

/** In the order of the rows' keys, as ads.apply_budget_plan locks them. */
export function inKeyOrder(moves: readonly Move[]): readonly Move[] {
  return moves.toSorted((one, other) => (one.channel < other.channel ? -1 : 1));
}

type Planned = Awaited<ReturnType<LabWorld['planned']>>;

/** The sums of February's plan before and after, beside what is right. */
export function plannedSums(before: Planned, after: Planned, right: Partial<Planned>): readonly ProvingSum[] {
  return (['facebook', 'instagram', 'tiktok', 'total'] as const).map((of) => ({
    of: of === 'total' ? 'planned in all' : `planned on ${of}`,
    before: before[of],
    after: after[of],
    right: right[of] ?? before[of],
  }));
}
