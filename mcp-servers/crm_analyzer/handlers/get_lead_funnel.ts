import { addDays, addMonths } from '../../../shared/domain/calendar_day.ts';
import { answeredPeriods } from '../../../shared/domain/periods.ts';
import type { Handler } from '../../../shared/mcp/contract.ts';
import { describeFunnel, followUpDays, lacksMoves, leadFunnelText } from '../service/lead_funnel.ts';
import { NO_FUNNEL, NO_TIMES } from '../service/lead_funnel_none.ts';
import { ofSteps } from '../service/lead_funnel_steps.ts';
import type { getLeadFunnel } from '../tools/get_lead_funnel.ts';
import { type LeadRepos, noLeadsWarning, readLeadPeriod, readLeadScope, TOO_FEW } from './lead_scope.ts';

const USUAL_MONTHS = 12;

export const handleGetLeadFunnel: Handler<typeof getLeadFunnel, LeadRepos> = async (
  { clientName, campaignName, source, ...asked },
  { repos, clock, deadline, caller },
) => {
  const scope = await readLeadScope({ clientName, campaignName, source }, repos, deadline);
  const { period } = readLeadPeriod(asked, scope.campaign, clock, 'last 90 days');
  const today = clock.today();
  const days = period ?? { from: today, to: today };
  const window = { from: days.from, to: days.to };
  const usualWindow = { from: addMonths(window.from, -USUAL_MONTHS), to: addDays(window.from, -1) };
  const common = {
    scope: scope.named,
    window,
    usualWindow,
    usualOf: `leads of ${scope.owner.named} in the ${USUAL_MONTHS} months before`,
    mayIdentify: caller.scopes.has('crm:pii'),
  };
  const read = async () => {
    if (period === undefined) return { ...common, counts: NO_FUNNEL, usual: NO_FUNNEL, times: NO_TIMES, days: ofSteps(() => 1) };
    const { leads } = repos;
    const owner = { clientId: scope.owner.clientId };
    const [usualTimes, times] = await Promise.all([
      leads.stepTimes(owner, usualWindow, period.timeZone, deadline),
      leads.stepTimes(scope.filters, window, period.timeZone, deadline),
    ]);
    const wider =
      owner.clientId !== undefined && lacksMoves(usualTimes)
        ? await leads.stepTimes({}, usualWindow, period.timeZone, deadline)
        : undefined;
    const allowed = followUpDays(usualTimes, wider);
    const [counts, usual] = await Promise.all([
      leads.funnel(scope.filters, window, allowed, today, period.timeZone, deadline),
      leads.funnel(owner, usualWindow, allowed, today, period.timeZone, deadline),
    ]);
    return { ...common, counts, usual, times, days: allowed };
  };
  const data = describeFunnel(await read());
  const warnings: string[] = [];
  if (data.status === 'no_data') warnings.push(noLeadsWarning(scope, period));
  if (data.status === 'too_few') warnings.push(TOO_FEW);
  if (data.status === 'data' && data.basis.usualLeads === 0) {
    warnings.push(`Nothing to compare with: no lead between ${usualWindow.from} and ${usualWindow.to} that may be told.`);
  }
  const young = data.steps.filter(({ followed, entered }) => followed === 0 && (entered ?? 0) > 0);
  if (young.length > 0) {
    warnings.push(
      `Too young to judge: ${young.map(({ from, to, followDays }) => `${from} → ${to} (needs ${followDays} days)`).join(', ')}. Ask for an earlier or longer period.`,
    );
  }
  if (data.steps.some(({ entered }) => entered === null))
    warnings.push('Steps with <5 customers are not broken down without the scope crm:pii.');
  const subject = {
    ...(scope.campaign === undefined ? {} : { campaignName: scope.campaign.campaignId }),
    ...(scope.filters.clientId === undefined ? {} : { clientName: scope.filters.clientId }),
  };
  return {
    data,
    text: leadFunnelText(data),
    campaign: scope.campaign,
    ...(period === undefined ? {} : answeredPeriods({ ...period, compareTo: undefined })),
    warnings,
    next:
      data.status === 'data' && source === undefined
        ? [
            {
              tool: 'get_lead_metrics',
              arguments: { ...subject, startDate: window.from, endDate: window.to, groupBy: 'source' },
              why: 'from which sources the leads that get stuck come',
            },
          ]
        : [],
  };
};
