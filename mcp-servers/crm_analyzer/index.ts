import { serveLater } from '../../shared/mcp/served_tool.ts';
import { defineServer } from '../../shared/mcp/server_definition.ts';
import { mondayLeadReview } from './prompts/monday_lead_review.ts';
import { segmentForCampaign } from './prompts/segment_for_campaign.ts';
import { whoToCallThisWeek } from './prompts/who_to_call_this_week.ts';
import { type CrmAnalyzerRepos, openRepos } from './repo/repos.ts';
import { findNearbyCustomers } from './tools/find_nearby_customers.ts';
import { getCustomerProfile } from './tools/get_customer_profile.ts';
import { getLeadFunnel } from './tools/get_lead_funnel.ts';
import { getLeadMetrics } from './tools/get_lead_metrics.ts';
import { rankCustomers } from './tools/rank_customers.ts';
import { segmentCustomers } from './tools/segment_customers.ts';
import { updateLeadStage } from './tools/update_lead_stage.ts';

/** Who the customers are, who to call next, and where the leads stand (T4). */
export const crmAnalyzer = defineServer<CrmAnalyzerRepos>({
  name: 'crm_analyzer',
  title: 'PromptSales CRM analyzer',
  instructions: [
    'Leads and their funnel, customer segments, rankings with churn risk and expected value, customers near a place, one customer with its whole history, and moving leads to another stage. Questions in Spanish or English.',
    "People are shown masked; in full only to those who may, for a 'reason' that is written down. Groups of fewer than 5 customers are not broken down. A lead moves only by update_lead_stage, after the user has seen its plan and agreed.",
  ].join('\n'),
  tools: [
    serveLater(getLeadMetrics, async () => (await import('./handlers/get_lead_metrics.ts')).handleGetLeadMetrics),
    serveLater(getLeadFunnel, async () => (await import('./handlers/get_lead_funnel.ts')).handleGetLeadFunnel),
    serveLater(segmentCustomers, async () => (await import('./handlers/segment_customers.ts')).handleSegmentCustomers),
    serveLater(rankCustomers, async () => (await import('./handlers/rank_customers.ts')).handleRankCustomers),
    serveLater(findNearbyCustomers, async () => (await import('./handlers/find_nearby_customers.ts')).handleFindNearbyCustomers),
    serveLater(getCustomerProfile, async () => (await import('./handlers/get_customer_profile.ts')).handleGetCustomerProfile),
    serveLater(updateLeadStage, async () => (await import('./handlers/update_lead_stage.ts')).handleUpdateLeadStage),
  ],
  prompts: [mondayLeadReview, whoToCallThisWeek, segmentForCampaign],
  openRepos,
});
