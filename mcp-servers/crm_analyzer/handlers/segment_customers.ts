import { SMALLEST_GROUP } from '../../../shared/access/smallest_group.ts';
import { type EntityLookup, resolveEntity } from '../../../shared/domain/entity_resolution.ts';
import { answeredPeriods, previousPeriod, resolvePeriod } from '../../../shared/domain/periods.ts';
import { CLIENT_KIND } from '../../../shared/hub/client_kind.ts';
import type { Client } from '../../../shared/hub/clients.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import type { CustomerOrders } from '../repo/customer_orders.ts';
import { cutPointText, segmentPopulation, segmentRows, segmentText } from '../service/segments.ts';
import type { segmentCustomers } from '../tools/segment_customers.ts';

export type SegmentRepos = { readonly clients: EntityLookup<Client>; readonly customerOrders: CustomerOrders };

/** Most segments that are offered as populations. */
const OFFERED = 2;

export const handleSegmentCustomers: Handler<typeof segmentCustomers, SegmentRepos> = async (
  { method, clientName, ...asked },
  { repos, clock, deadline, caller },
) => {
  const client = clientName === undefined ? undefined : await resolveEntity(CLIENT_KIND, repos.clients, clientName, deadline);
  const period = resolvePeriod(asked, clock, { default: 'last 365 days' });
  const compared = period.compareTo ?? previousPeriod(period);
  const mayIdentify = caller.scopes.has('crm:pii');
  const scope = { clientId: client?.entity.clientId, timeZone: clock.timeZone };
  const periods = { now: { from: period.from, to: period.to }, before: { from: compared.from, to: compared.to } };
  const rfm = method === 'rfm' ? await repos.customerOrders.byRfm(scope, periods, deadline) : undefined;
  const totals = method === 'rfm' ? (rfm?.totals ?? []) : await repos.customerOrders.byAttribute(scope, periods, method, deadline);
  const segments = segmentRows(totals, mayIdentify);
  const data = {
    scope: client === undefined ? 'all clients' : `${client.entity.company} (${client.entity.clientId})`,
    method,
    segments,
    basis: {
      from: period.from,
      to: period.to,
      customers: totals.reduce((sum, row) => sum + row.customers, 0),
      method:
        method === 'rfm'
          ? 'customers with a paid order in the period; days since order count to its last day'
          : 'all customers, their attribute as of today; figures of paid orders in the period',
      cutPoints: rfm === undefined ? '' : cutPointText(rfm.cuts),
      movement:
        method === 'rfm'
          ? `against ${compared.from} to ${compared.to}, both by these cut points; coming from or going to no order counts`
          : `customers who bought now and not in ${compared.from} to ${compared.to}, and the other way round; attributes have no history`,
    },
  };
  const isWithheld = segments.some(({ customers, revenue }) => customers === null || revenue === null);
  const bySize = segments.flatMap(({ segment, customers }) => totals.filter((row) => row.segment === segment && customers !== null));
  const populations = bySize.flatMap((row) => {
    const population = segmentPopulation(row);
    return population === undefined ? [] : [{ segment: row.segment, population }];
  });
  return {
    data,
    text: segmentText(data),
    ...answeredPeriods({ ...period, compareTo: compared }),
    warnings: [
      ...(isWithheld
        ? [`Segments below ${SMALLEST_GROUP} customers are not told without crm:pii (null), nor those that would tell them by subtraction.`]
        : []),
      ...(segments.length === 0 ? ['No data, which is not zero.'] : []),
    ],
    next: populations.slice(0, OFFERED).map(({ segment, population }) => ({
      tool: 'generateCampaignMessages',
      arguments: { populations: [population] },
      why: `messages for the people of "${segment}", as they are; add campaignName`,
    })),
  };
};
