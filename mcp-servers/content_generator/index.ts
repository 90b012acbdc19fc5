import { serve } from '../../shared/mcp/served_tool.ts';
import { defineServer } from '../../shared/mcp/server_definition.ts';
import { handleGenerateCampaignMessages } from './handlers/generate_campaign_messages.ts';
import { handleGetContent } from './handlers/get_content.ts';
import { handleGetGenerationUsage } from './handlers/get_generation_usage.ts';
import { handleSaveCampaignContent } from './handlers/save_campaign_content.ts';
import { campaignBrief } from './prompts/campaign_brief.ts';
import { imageBrief } from './prompts/image_brief.ts';
import { writeMessages } from './prompts/write_messages.ts';
import { type ContentGeneratorRepos, openRepos } from './repo/repos.ts';
import { generateCampaignMessages } from './tools/generate_campaign_messages.ts';
import { getContent } from './tools/get_content.ts';
import { getGenerationUsage } from './tools/get_generation_usage.ts';
import { saveCampaignContent } from './tools/save_campaign_content.ts';

/** Images found by what they show (T1), and prompts for hosts that write by themselves. */
export const contentGenerator = defineServer<ContentGeneratorRepos>({
  name: 'content_generator',
  title: 'PromptSales content generator',
  instructions: [
    'Images of campaigns, found by a description in Spanish or English. Campaigns are named by name or id.',
    'Say by which method images were ranked: "lexical" compares words, not meanings.',
  ].join('\n'),
  tools: [
    serve(getContent, handleGetContent),
    serve(generateCampaignMessages, handleGenerateCampaignMessages),
    serve(getGenerationUsage, handleGetGenerationUsage),
    serve(saveCampaignContent, handleSaveCampaignContent),
  ],
  prompts: [campaignBrief, writeMessages, imageBrief],
  openRepos,
});
