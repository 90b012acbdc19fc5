import type { PromptArgument } from '../../../shared/mcp/prompt.ts';

/** A campaign by name, completed from the hub. */
export const CampaignArgument: PromptArgument = {
  name: 'campaignName',
  description: 'Name or id of the campaign',
  required: true,
  completion: {
    scopes: ['ads:read'],
    open: async (parts) => (await import('../../../shared/mcp/prompt_campaigns.ts')).openPromptCampaigns(parts),
  },
};
