import { type BudgetPlanRepos, handleApplyBudgetPlan } from '../../mcp-servers/ads_optimizer/handlers/apply_budget_plan.ts';
import { openAds } from '../../mcp-servers/ads_optimizer/repo/open_ads.ts';
import { applyBudgetPlan } from '../../mcp-servers/ads_optimizer/tools/apply_budget_plan.ts';
import { openContent } from '../../mcp-servers/content_generator/repo/open_content.ts';
import { crmAnalyzer } from '../../mcp-servers/crm_analyzer/index.ts';
import { updateLeadStage } from '../../mcp-servers/crm_analyzer/tools/update_lead_stage.ts';
import { planSigner } from '../../shared/access/plan_token.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { openCampaigns } from '../../shared/hub/campaigns.ts';
import { serve } from '../../shared/mcp/served_tool.ts';
import { defineServer } from '../../shared/mcp/server_definition.ts';
import type { BudgetState } from '../../shared/sources/ads_store.ts';
import type { QuotaState } from '../../shared/sources/content_store.ts';
import { readStack, type StackState } from '../../shared/stack/state.ts';
import { calledOverHttp, type HostCall } from './called_over_http.ts';
import { query } from './etl_databases.ts';
import type { RunningStack } from './running_stack.ts';

/** Of the showcase: active on the reference date, until December. */
export const CAMPAIGN = 'CMP-BLACK-FRIDAY-2026';
/** The client of the plan without a limit. */
export const CLIENT = 'CLI-001';
export const TODAY = '2026-11-21';

type Rows = Record<string, unknown>[];

/** The ways that servers have into the sources of a whole stack, as they are now: a start of it chooses its ports anew. */
export type SourceWriters = {
  readonly running: () => Pick<StackState, 'planKey'> & Required<Pick<StackState, 'urls'>>;
  /** SQL as owner of a source. */
  readonly asOwner: Readonly<Record<'ads' | 'crm' | 'content', (text: string) => Promise<Rows>>>;
  /** What is planned for {@link CAMPAIGN} in December, as ads_optimizer reads it. */
  readonly december: () => Promise<BudgetState>;
  /** The newest lead that is in a stage, as the source has it. */
  readonly leadIn: (stage: string) => Promise<number>;
  /** What the plans of {@link CLIENT} have left, as content_generator reads it. */
  readonly quotas: (url?: string) => Promise<readonly QuotaState[]>;
  /** apply_budget_plan as the host `marketing-desk` has it. */
  readonly budgetsOverHttp: <T>(use: (call: HostCall) => Promise<T>) => Promise<T>;
  /** update_lead_stage as the host `sales-desk` has it. */
  readonly leadsOverHttp: <T>(use: (call: HostCall) => Promise<T>) => Promise<T>;
};

const adsOptimizer = defineServer<BudgetPlanRepos>({
  name: 'ads_optimizer',
  title: 'Budget plans',
  instructions: 'Changes planned budgets.',
  tools: [serve(applyBudgetPlan, handleApplyBudgetPlan)],
  openRepos: (hub, settings) => ({
    campaigns: openCampaigns(hub),
    ads: openAds(settings.urls.adsWriter),
    plans: planSigner(settings.planKey),
  }),
});

/** Those of a stack that runs when they are used. */
export function sourceWriters(stack: () => RunningStack): SourceWriters {
  const running: SourceWriters['running'] = () => {
    const state = readStack(stack().home);
    if (state?.urls === undefined) throw new Error('no stack is up');
    return { urls: state.urls, planKey: state.planKey };
  };
  const asOwner = {
    ads: (text: string) => query(running().urls.ads, text),
    crm: (text: string) => query(running().urls.crm, text),
    content: (text: string) => query(running().urls.content, text),
  };
  return {
    running,
    asOwner,
    async december() {
      const store = await openAds(running().urls.adsWriter)();
      try {
        const state = await store.budgetState(CAMPAIGN, '2026-12-01', deadlineIn(10_000));
        if (state === undefined) throw new Error(`there is no ${CAMPAIGN}`);
        return state;
      } finally {
        await store.close();
      }
    },
    async leadIn(stage) {
      const [found] = await asOwner.crm(`SELECT lead_id::int AS id FROM crm.leads WHERE stage = '${stage}' ORDER BY lead_id DESC LIMIT 1`);
      if (found === undefined) throw new Error(`no lead is ${stage}`);
      return Number(found.id);
    },
    async quotas(url = running().urls.contentWriter) {
      const content = await openContent(url)();
      try {
        return await content.quotas(CLIENT, TODAY, deadlineIn(10_000));
      } finally {
        await content.close();
      }
    },
    budgetsOverHttp: (use) => calledOverHttp(stack(), adsOptimizer, { tool: applyBudgetPlan.name, host: 'marketing-desk' }, use),
    leadsOverHttp: (use) => calledOverHttp(stack(), crmAnalyzer, { tool: updateLeadStage.name, host: 'sales-desk' }, use),
  };
}
