import { addDays } from '../../../shared/domain/calendar_day.ts';
import { answeredPeriods, previousPeriod } from '../../../shared/domain/periods.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import { cohortRange, followCohorts } from '../service/lead_cohorts.ts';
import { describeLeads, leadMetricsText } from '../service/lead_metrics.ts';
import { NO_LEADS, NO_STAYS } from '../service/lead_metrics_none.ts';
import type { getLeadMetrics } from '../tools/get_lead_metrics.ts';
import { type LeadRepos, noLeadsWarning, readLeadPeriod, readLeadScope, TOO_FEW } from './lead_scope.ts';

export const handleGetLeadMetrics: Handler<typeof getLeadMetrics, LeadRepos> = async (
  { groupBy, cohorts: asksCohorts, limit, clientName, campaignName, source, ...asked },
  { repos: { leads, ...names }, clock, deadline, caller },
) => {
  const scope = await readLeadScope({ clientName, campaignName, source }, { leads, ...names }, deadline);
  const { period, isWholeCampaign } = readLeadPeriod(asked, scope.campaign, clock, 'last 30 days');
  const today = clock.today();
  const mayIdentify = caller.scopes.has('crm:pii');
  const wanted = period === undefined ? undefined : (period.compareTo ?? (isWholeCampaign ? undefined : previousPeriod(period)));
  const beforeCampaign = wanted !== undefined && scope.campaign !== undefined && wanted.to < scope.campaign.startDate;
  const compared = beforeCampaign ? undefined : wanted;
  const read = async () => {
    const days = period ?? { from: today, to: today };
    const window = { from: days.from, to: days.to };
    const common = { scope: scope.named, window, groupBy, limit, mayIdentify };
    if (period === undefined) {
      return { ...common, totals: NO_LEADS, previous: undefined, stays: NO_STAYS, groups: [], previousGroups: undefined, cohorts: null };
    }
    const { filters } = scope;
    const zone = period.timeZone;
    const [totals, previous, stays, groups, previousGroups, cohorts] = await Promise.all([
      leads.totals(filters, period, zone, deadline),
      compared === undefined ? undefined : leads.totals(filters, compared, zone, deadline),
      leads.stays(filters, period, zone, deadline),
      groupBy === 'none' ? [] : leads.groups(groupBy, filters, period, zone, deadline),
      groupBy === 'none' || compared === undefined ? undefined : leads.groupSizes(groupBy, filters, compared, zone, deadline),
      asksCohorts ? leads.cohorts(filters, cohortRange(period, today), zone, deadline) : null,
    ]);
    return {
      ...common,
      totals,
      previous,
      stays,
      groups,
      previousGroups,
      cohorts: cohorts === null ? null : followCohorts(cohorts, today, mayIdentify),
    };
  };
  const figures = await read();
  const data = describeLeads(figures);
  const isKnown = data.status === 'data';
  const warnings: string[] = [];
  if (data.status === 'no_data') warnings.push(noLeadsWarning(scope, period));
  if (data.status === 'too_few') warnings.push(TOO_FEW);
  if (isKnown && beforeCampaign) warnings.push(`Nothing to compare with: the campaign started on ${scope.campaign?.startDate}.`);
  if (isKnown && !beforeCampaign && compared !== undefined && (figures.previous?.leads ?? 0) === 0) {
    warnings.push(`Nothing to compare with: no lead was created between ${compared.from} and ${compared.to}.`);
  }
  const slow = figures.previous?.p90DaysToWin ?? figures.totals.p90DaysToWin;
  const mature = slow === null ? today : addDays(today, -Math.ceil(Number(slow)));
  if (isKnown && period !== undefined && period.to > mature) {
    warnings.push(
      `Leads created after ${mature} may still convert (90 % of sales come within ${Math.ceil(Number(slow))} days): conversion of this period reads low. get_lead_funnel compares at equal age.`,
    );
  }
  if (data.smallGroups > 0) warnings.push(`${data.smallGroups} groups are told only within "others": a group has <5 customers.`);
  const subject = {
    ...(scope.campaign === undefined ? {} : { campaignName: scope.campaign.campaignId }),
    ...(scope.filters.clientId === undefined ? {} : { clientName: scope.filters.clientId }),
    ...(source === undefined ? {} : { source }),
  };
  return {
    data,
    text: leadMetricsText(data),
    campaign: scope.campaign,
    ...(period === undefined ? {} : answeredPeriods({ ...period, compareTo: isKnown ? compared : undefined })),
    warnings,
    next:
      isKnown && period !== undefined
        ? [
            {
              tool: 'get_lead_funnel',
              arguments: { ...subject, startDate: period.from, endDate: period.to },
              why: 'where leads get stuck, and whether that is worse than usual',
            },
          ]
        : [],
  };
};
