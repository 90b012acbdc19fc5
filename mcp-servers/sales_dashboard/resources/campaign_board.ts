import type { ServedResource } from '../../../shared/mcp/resource.ts';

/** A campaign's current figures, as the ETL leaves them in Redis after each load. */
export const campaignBoard: ServedResource = {
  template: {
    uriTemplate: 'promptsales://campaigns/{campaignId}/board',
    name: 'campaign_board',
    title: 'Board of a campaign',
    description: [
      'One campaign at a glance: totals of its whole life, its content in figures, the business day so far, and its content by engagement.',
      'Money is US dollars; null is "no data", not zero. Each part says whether it came from redis or from the hub.',
      'The engagement rate of a piece is that of the channels it was published on since then: platforms do not report it by piece.',
      'For a period, places, channels or sales use the tools.',
    ].join('\n'),
    mimeType: 'application/json',
    scopes: ['dashboard:read'],
  },
  open: async (parts) => (await import('../../../shared/mcp/campaign_board.ts')).openCampaignBoards(parts),
};
