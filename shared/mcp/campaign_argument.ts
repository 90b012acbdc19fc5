import type { Scope } from '../access/roles.ts';
import type { PromptArgument } from './prompt.ts';

/** A campaign by name, completed from the hub for who may use what the prompt asks for. */
export function campaignArgument(scope: Scope): PromptArgument {
  return {
    name: 'campaignName',
    description: 'Name or id of the campaign',
    required: true,
    completion: {
      scopes: [scope],
      open: async (parts) => (await import('./prompt_campaigns.ts')).openPromptCampaigns(parts),
    },
  };
}
