import type { Audit } from '../../../shared/access/audit.ts';
import { SMALLEST_GROUP } from '../../../shared/access/smallest_group.ts';
import { type EntityLookup, resolveEntity } from '../../../shared/domain/entity_resolution.ts';
import { toAnswerNumber } from '../../../shared/domain/money.ts';
import { CLIENT_KIND } from '../../../shared/hub/client_kind.ts';
import type { Client } from '../../../shared/hub/clients.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import type { CustomerProfiles } from '../repo/customer_profile.ts';
import type { CustomerRanking, RankedPage } from '../repo/customer_ranking.ts';
import { METRIC_METHOD, MODEL_ASSUMES, type RankingData, rankingText } from '../service/customer_ranking.ts';
import { readRankingCursor, writeRankingCursor } from '../service/customer_ranking_cursor.ts';
import type { FittedPurchases } from '../service/purchase_model_fit.ts';
import { rankCustomers } from '../tools/rank_customers.ts';
import { personalReading } from './personal_reading.ts';
import { shownPeople } from './shown_people.ts';

export type RankingRepos = {
  readonly clients: EntityLookup<Client>;
  readonly customerRanking: CustomerRanking;
  readonly customerProfiles: Pick<CustomerProfiles, 'people'>;
  readonly audit: Audit;
};

const NOBODY: RankedPage = { rows: [], ranked: 0, told: 0, smallGroups: 0 };

export const handleRankCustomers: Handler<typeof rankCustomers, RankingRepos> = async (
  { metric, partition, top, clientName, limit, cursor, reason },
  { repos, clock, caller, deadline },
) => {
  const reading = personalReading(caller, reason);
  const [client, version] = await Promise.all([
    clientName === undefined ? undefined : resolveEntity(CLIENT_KIND, repos.clients, clientName, deadline),
    repos.customerRanking.dataVersion(deadline),
  ]);
  const scope = { clientId: client?.entity.clientId, timeZone: clock.timeZone, today: clock.today() };
  const question = [version, scope, metric, partition, partition === 'none' ? null : top];
  const after = cursor === undefined ? undefined : readRankingCursor(cursor, question);
  const seen = after?.seen ?? 0;
  const needsModel = metric === 'churn_risk' || metric === 'expected_value';
  const model = needsModel ? await repos.customerRanking.model(scope, version, deadline) : undefined;
  const fitted = model?.kind === 'fitted' ? model : undefined;
  const cannotSay = model?.kind === 'too_few';
  const page = cannotSay
    ? NOBODY
    : await repos.customerRanking.page(
        {
          ...scope,
          metric,
          partition,
          lowestRank: partition === 'none' ? seen + limit : top,
          smallestGroup: reading.mayIdentify ? 1 : SMALLEST_GROUP,
          limit,
          after,
        },
        fitted,
        deadline,
      );
  const ids = page.rows.map(({ customerId }) => customerId);
  const { people, warnings } = await shownPeople(repos.customerProfiles, ids, reading, deadline);
  if (reading.mayIdentify) {
    await repos.audit.recordReads(
      {
        actor: caller.client,
        action: rankCustomers.name,
        subjects: ids.map((id) => `customer:${id}`),
        reason: reading.reason,
        details: { metric, partition, clientId: scope.clientId ?? null },
      },
      deadline,
    );
  }
  const data: RankingData = {
    status: cannotSay ? 'cannot_say' : page.rows.length === 0 ? 'no_data' : 'data',
    scope: client === undefined ? 'all clients' : `${client.entity.company} (${client.entity.clientId})`,
    metric,
    partition,
    customers: page.rows.map((row) => ({
      rank: row.rank,
      tied: row.tied,
      partition: row.partition,
      customerId: row.customerId,
      name: people.get(row.customerId)?.name ?? '',
      value: row.value,
      orders: row.orders,
      revenue: toAnswerNumber(row.revenue),
      lastOrder: row.lastOrder,
    })),
    basis: {
      asOf: scope.today,
      ranked: page.ranked,
      method: METRIC_METHOD[metric],
      ties: 'equal values share a rank and the next is left out (1, 2, 2, 4)',
      model: model === undefined ? null : modelText(model),
      calibration: fitted === undefined ? null : calibrationText(fitted),
      assumes: fitted === undefined ? null : MODEL_ASSUMES,
    },
  };
  const last = page.rows.at(-1);
  const isLastPage = page.rows.length < limit;
  const [first] = data.customers;
  return {
    data,
    text: rankingText(data),
    page: {
      returned: page.rows.length,
      total: page.told,
      nextCursor: last === undefined || isLastPage ? null : writeRankingCursor({ ...last, seen: seen + page.rows.length }, question),
    },
    warnings: [
      ...warnings,
      ...(page.smallGroups === 0 ? [] : [`${page.smallGroups} groups below ${SMALLEST_GROUP} customers are left out without crm:pii.`]),
      ...(data.status === 'no_data' ? ['No data, which is not zero.'] : []),
    ],
    next:
      first === undefined
        ? cannotSay
          ? [
              {
                tool: rankCustomers.name,
                arguments: { metric: 'recency', partition, ...(scope.clientId === undefined ? {} : { clientName: scope.clientId }) },
                why: 'the same customers without a model',
              },
            ]
          : []
        : [{ tool: 'get_customer_profile', arguments: { customer: String(first.customerId) }, why: 'the history of one of them' }],
  };
};

function modelText(model: FittedPurchases): string {
  if (model.kind === 'too_few') return model.why;
  const { purchases, baskets, customers, repeaters } = model;
  const parameters = Object.entries({ ...purchases, ...baskets }).map(([name, value]) => `${name} ${value.toFixed(3)}`);
  return `fitted to ${customers} customers, ${repeaters} of whom bought again (weeks, US dollars): ${parameters.join(', ')}`;
}

function calibrationText({
  calibration: { holdoutDays, customers, predicted, actual, tenths },
}: Extract<FittedPurchases, { kind: 'fitted' }>): string {
  const each = tenths.map((tenth) => `${tenth.predicted.toFixed(1)}/${tenth.actual}`).join(', ');
  return `of ${customers} customers the last ${holdoutDays} days were held out: ${predicted.toFixed(1)} repeat orders predicted, ${actual} happened; predicted/actual by tenth of prediction: ${each}`;
}
