import { serveLater } from '../../shared/mcp/served_tool.ts';
import { defineServer } from '../../shared/mcp/server_definition.ts';
import { experimentReadout } from './prompts/experiment_readout.ts';
import { weeklyBudgetReview } from './prompts/weekly_budget_review.ts';
import { whyDidCpaRise } from './prompts/why_did_cpa_rise.ts';
import { type AdsOptimizerRepos, openRepos } from './repo/repos.ts';
import { analyzeExperiment } from './tools/analyze_experiment.ts';
import { applyBudgetPlan } from './tools/apply_budget_plan.ts';
import { findAdAnomalies } from './tools/find_ad_anomalies.ts';
import { getAttribution } from './tools/get_attribution.ts';
import { getCampaignPacing } from './tools/get_campaign_pacing.ts';
import { recommendBudget } from './tools/recommend_budget.ts';

/** Where the money should go, whether it goes as planned, what it brought, and moving it (T3). */
export const adsOptimizer = defineServer<AdsOptimizerRepos>({
  name: 'ads_optimizer',
  title: 'PromptSales ads optimizer',
  instructions: [
    'Budget advice with its evidence, spend against plan, attribution, A/B experiments, anomalies, and applying an approved budget plan. Questions in Spanish or English; campaigns and clients by name or id.',
    'Say the interval and what a recommendation assumes along with it; "no_change" and "cannot_say" are answers. Money moves only by apply_budget_plan, after the user has seen its plan and agreed.',
  ].join('\n'),
  tools: [
    serveLater(recommendBudget, async () => (await import('./handlers/recommend_budget.ts')).handleRecommendBudget),
    serveLater(getCampaignPacing, async () => (await import('./handlers/get_campaign_pacing.ts')).handleGetCampaignPacing),
    serveLater(getAttribution, async () => (await import('./handlers/get_attribution.ts')).handleGetAttribution),
    serveLater(analyzeExperiment, async () => (await import('./handlers/analyze_experiment.ts')).handleAnalyzeExperiment),
    serveLater(findAdAnomalies, async () => (await import('./handlers/find_ad_anomalies.ts')).handleFindAdAnomalies),
    serveLater(applyBudgetPlan, async () => (await import('./handlers/apply_budget_plan.ts')).handleApplyBudgetPlan),
  ],
  prompts: [weeklyBudgetReview, whyDidCpaRise, experimentReadout],
  openRepos,
});
