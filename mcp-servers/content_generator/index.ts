import { serveLater } from '../../shared/mcp/served_tool.ts';
import { defineServer } from '../../shared/mcp/server_definition.ts';
import { campaignBrief } from './prompts/campaign_brief.ts';
import { imageBrief } from './prompts/image_brief.ts';
import { writeMessages } from './prompts/write_messages.ts';
import { type ContentGeneratorRepos, openRepos } from './repo/repos.ts';
import { generateCampaignMessages } from './tools/generate_campaign_messages.ts';
import { getContent } from './tools/get_content.ts';
import { getGenerationUsage } from './tools/get_generation_usage.ts';
import { saveCampaignContent } from './tools/save_campaign_content.ts';

/** Images found by what they show, messages written for populations, what it took, and saving it (T1); prompts for hosts that write by themselves. */
export const contentGenerator = defineServer<ContentGeneratorRepos>({
  name: 'content_generator',
  title: 'PromptSales content generator',
  instructions: [
    'Images of campaigns found by a description, messages written for target populations, what generation cost and what a plan has left, and saving what the user chose. Questions in Spanish or English; campaigns by name or id.',
    'Say by which method images were ranked: "lexical" compares words, not meanings. Show written messages as they are. Status needs_confirmation: show the plan and go on only when the user agrees.',
  ].join('\n'),
  tools: [
    serveLater(getContent, async () => (await import('./handlers/get_content.ts')).handleGetContent),
    serveLater(
      generateCampaignMessages,
      async () => (await import('./handlers/generate_campaign_messages.ts')).handleGenerateCampaignMessages,
    ),
    serveLater(getGenerationUsage, async () => (await import('./handlers/get_generation_usage.ts')).handleGetGenerationUsage),
    serveLater(saveCampaignContent, async () => (await import('./handlers/save_campaign_content.ts')).handleSaveCampaignContent),
  ],
  prompts: [campaignBrief, writeMessages, imageBrief],
  openRepos,
});
