import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import { earlier } from '../../../shared/domain/calendar_day.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { attributeTotals, type RfmTotals, rfmTotals, type SegmentPeriods, type SegmentSources } from '../service/segment_totals.ts';
import type { SegmentMethod, SegmentTotals } from '../service/segments.ts';
import { type BuyersOf, type Of, openBuyers, TRAITS, toPackedTraits } from './buyers.ts';
import { cityRegions } from './city_regions.ts';
import { dayStarts } from './day_starts.ts';

export type CustomerScope = { readonly clientId: string | undefined; readonly timeZone: string };

export type CustomerOrders = {
  /** Buyers of the period by RFM segment. */
  readonly byRfm: (scope: CustomerScope, periods: SegmentPeriods, deadline: Deadline) => Promise<RfmTotals>;
  /** All customers by an attribute. */
  readonly byAttribute: (
    scope: CustomerScope,
    periods: SegmentPeriods,
    method: Exclude<SegmentMethod, 'rfm'>,
    deadline: Deadline,
  ) => Promise<readonly SegmentTotals[]>;
};

const population = (of: Of): Statement => ({
  name: `crm_population_of_${of}`,
  text: `
  SELECT ${TRAITS}, string_agg(int4send(city_id) || int4send(coalesce(birth_year, 0)) || int8send(${of === 'client' ? '1' : 'customers'}), ''::bytea) AS packed
    FROM ${of === 'client' ? 'crm.customers WHERE client_id = $1' : 'sales.customer_counts'}
   GROUP BY ${TRAITS}`,
});

/** Customers and what they bought, by segment. */
export function openCustomerOrders(hub: SqlDatabase, buyersOf: BuyersOf = openBuyers(hub)): CustomerOrders {
  const sources = async ({ clientId, timeZone }: CustomerScope, periods: SegmentPeriods, deadline: Deadline): Promise<SegmentSources> => {
    const { now, before } = periods;
    const both = { from: earlier(now.from, before.from), to: now.to > before.to ? now.to : before.to };
    const [days, buyers, cities] = await Promise.all([
      dayStarts(hub, both, timeZone, deadline),
      buyersOf(clientId, deadline),
      cityRegions(hub, deadline),
    ]);
    return { periods, days, buyers, cities };
  };
  return {
    byRfm: async (scope, periods, deadline) => rfmTotals(await sources(scope, periods, deadline)),
    byAttribute: async (scope, periods, method, deadline) => {
      const { clientId } = scope;
      const [everyone, known] = await Promise.all([
        clientId === undefined
          ? hub.rows(population('everybody'), [], toPackedTraits, deadline)
          : hub.rows(population('client'), [clientId], toPackedTraits, deadline),
        sources(scope, periods, deadline),
      ]);
      return attributeTotals(known, everyone, method);
    },
  };
}
