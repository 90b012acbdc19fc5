import type { ShownPerson } from '../../../shared/access/personal_data.ts';
import { formatCount, formatUsd, ratio, toAnswerNumber } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import type { Customer, HistoryEvent, HistoryTotals, ReachingCampaign } from '../repo/customer_profile.ts';

/** Longer histories are told by their latest events. */
export const MOST_EVENTS = 50;
/** Further campaigns are in the count. */
const MOST_CAMPAIGNS = 12;

export type CustomerFacts = {
  readonly customer: Customer;
  readonly person: ShownPerson;
  readonly totals: HistoryTotals;
  readonly events: readonly HistoryEvent[];
  readonly campaigns: readonly ReachingCampaign[];
};

/** A customer's history, with what the caller may see. Null: no data. */
export function profileAnswer(
  { customer, person, totals, events, campaigns }: CustomerFacts,
  { matchedBy, mayIdentify, timeZone }: { readonly matchedBy: string; readonly mayIdentify: boolean; readonly timeZone: string },
) {
  const { latitude, longitude, customerId, ...known } = customer;
  const { revenue, refunds, firstOrder, lastOrder, ...counts } = totals;
  return {
    customerId,
    matchedBy,
    ...person,
    ...known,
    latitude: mayIdentify ? latitude : null,
    longitude: mayIdentify ? longitude : null,
    value: {
      revenue: toAnswerNumber(revenue),
      refunds: toAnswerNumber(refunds),
      averageOrder: toAnswerNumber(ratio(revenue, counts.ordersPaid)),
      firstOrder,
      lastOrder,
    },
    counts: { ...counts, campaigns: campaigns.length },
    campaigns: campaigns.slice(0, MOST_CAMPAIGNS).map((campaign) => ({ ...campaign, revenue: toAnswerNumber(campaign.revenue) })),
    timeline: events.map((event) => ({ ...event, amount: toAnswerNumber(event.amount) })),
    basis: {
      masked: !mayIdentify,
      timeZone,
      assumes: [
        'Revenue: paid orders of all time, US dollars. A campaign has the orders whose last touch within 30 days was its own.',
        `Timeline: the latest ${MOST_EVENTS} events, the oldest first; each stage of a lead is one, with the lead's value.`,
        ...(mayIdentify ? [] : ['Without crm:pii what identifies a person is masked, and the place is the city.']),
      ],
    },
  };
}

export type ProfileAnswer = ReturnType<typeof profileAnswer>;

/** The same as text. */
export function profileText(profile: ProfileAnswer): string {
  const { name, customerId, matchedBy, clientName, clientId, value, counts, campaigns, timeline, basis } = profile;
  const { latitude, longitude } = profile;
  return [
    `Customer ${customerId} (found by ${matchedBy}): ${name}, ${profile.customerType}${profile.industry === null ? '' : ` in ${profile.industry}`}, of ${clientName} (${clientId}) since ${profile.since}`,
    `E-mail ${profile.email}; phone ${profile.phone}; document ${profile.document}${profile.birthDate === null ? '' : `; born ${profile.birthDate}`}`,
    `${profile.city}, ${profile.region}, ${profile.country}${latitude === null || longitude === null ? '' : ` (${latitude}, ${longitude})`}; segment ${profile.segment}, potential ${profile.potential}`,
    `Value: revenue ${formatUsd(value.revenue)} in ${formatCount(counts.ordersPaid)} paid orders (average ${formatUsd(value.averageOrder)}), ${
      value.firstOrder === null ? 'none yet' : `first ${value.firstOrder}, last ${value.lastOrder}`
    }; refunded ${formatUsd(value.refunds)} in ${formatCount(counts.ordersRefunded)}, cancelled ${formatCount(counts.ordersCancelled)}`,
    `Leads ${formatCount(counts.leads)} (won ${formatCount(counts.leadsWon)}), touches ${formatCount(counts.touches)}, interactions ${formatCount(counts.interactions)}, campaigns ${formatCount(counts.campaigns)}, events ${formatCount(counts.events)}`,
    ...(campaigns.length === 0
      ? []
      : [
          table<(typeof campaigns)[number]>(
            [
              { header: 'Campaign', cell: ({ campaign, campaignId }) => `${campaign} (${campaignId})` },
              { header: 'Touches', cell: ({ touches }) => formatCount(touches) },
              { header: 'Leads', cell: ({ leads }) => formatCount(leads) },
              { header: 'Orders', cell: ({ orders }) => formatCount(orders) },
              { header: 'Revenue', cell: ({ revenue }) => formatUsd(revenue) },
              { header: 'Last', cell: ({ last }) => last },
            ],
            campaigns,
          ),
        ]),
    ...(timeline.length === 0
      ? ['No events yet.']
      : [
          table<(typeof timeline)[number]>(
            [
              { header: `When (${basis.timeZone})`, cell: ({ at }) => at },
              { header: 'What', cell: ({ kind, id, what }) => `${kind} ${id}: ${what}` },
              {
                header: 'Campaign, channel',
                cell: ({ campaign, channel }) => [campaign, channel].filter((part) => part !== null).join(', '),
              },
              { header: 'USD', cell: ({ amount }) => (amount === null ? '' : formatUsd(amount)) },
            ],
            timeline,
          ),
        ]),
    ...basis.assumes.map((assumed) => `- ${assumed}`),
  ].join('\n');
}
