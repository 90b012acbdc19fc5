import { z } from 'zod';
import { type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { AnsweredCampaign } from '../../../shared/domain/campaign.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { ContentStore } from '../../../shared/sources/content_store.ts';
import type { GenerationMaterial } from '../service/generation_brief.ts';

/** What is known of a campaign when messages are to be written for it, whatever the population. */
export type CampaignMaterial = Pick<GenerationMaterial, 'campaign' | 'similar' | 'banned'> & {
  /** Where it runs, ISO 3166 alpha-2; undefined when no country is known. */
  readonly country: string | undefined;
};

export type CampaignMaterials = {
  /** Throws ToolError 'not_found' for a campaign that PromptContent does not have yet. */
  readonly of: (campaign: AnsweredCampaign, deadline: Deadline) => Promise<CampaignMaterial>;
};

/** Campaigns of the same client that are most like one, itself first. Other clients' messages are nobody's business. */
const SIMILAR: Statement = {
  name: 'campaigns_like',
  text: `
  SELECT c.campaign_id, c.name
    FROM ads.campaigns asked
    JOIN ads.campaigns c ON c.client_id = asked.client_id
   WHERE asked.campaign_id = $1
   ORDER BY c.campaign_id = asked.campaign_id DESC, similarity(business.fold(c.name), business.fold(asked.name)) DESC,
            c.objective = asked.objective DESC, c.start_date DESC, c.campaign_id
   LIMIT $2`,
};
const SIMILAR_CAMPAIGNS = 20;
const PAST_GENERATIONS = 6;

export function openCampaignMaterials(
  hub: SqlDatabase,
  plan: (campaignId: string, deadline: Deadline) => Promise<{ readonly countries: readonly string[] } | undefined>,
  content: () => Promise<ContentStore>,
): CampaignMaterials {
  return {
    async of(campaign, deadline) {
      const store = await content();
      const [creative, client, planned, similar] = await Promise.all([
        store.campaign(campaign.campaignId, deadline),
        store.client(campaign.clientId, deadline),
        plan(campaign.campaignId, deadline),
        hub.rows(SIMILAR, [campaign.campaignId, SIMILAR_CAMPAIGNS], toNamed, deadline),
      ]);
      if (creative === undefined) {
        throw new ToolError('not_found', `PromptContent has no brief of ${campaign.name} (${campaign.campaignId}) yet.`, {
          remedy: 'Add the campaign to PromptContent, then ask again.',
        });
      }
      const names = new Map(similar.map(({ campaignId, name }) => [campaignId, name]));
      const past = await store.lastMessages([...names.keys()], PAST_GENERATIONS, deadline);
      const { campaignId, name, clientName, startDate, endDate } = campaign;
      const { description, targetAudience, message } = creative;
      return {
        campaign: { campaignId, name, clientName, description, targetAudience: inWords(targetAudience), message, startDate, endDate },
        country: planned?.countries[0],
        banned: client?.restrictions ?? { words: [], claims: [] },
        similar: past.flatMap(({ campaignId: of, populations }) =>
          populations.flatMap(({ messages }) => messages.map(({ text, tone }) => ({ campaignName: names.get(of) ?? of, text, tone }))),
        ),
      };
    },
  };
}

/** An audience is JSON of any shape; where it has a description in words, that says it best. */
function inWords(audience: unknown): string {
  if (typeof audience === 'string') return audience;
  const described = z.object({ descripcion: z.string().min(1) }).safeParse(audience);
  return described.success ? described.data.descripcion : JSON.stringify(audience);
}

function toNamed(row: Row): { readonly campaignId: string; readonly name: string } {
  return { campaignId: textOf(row, 'campaign_id'), name: textOf(row, 'name') };
}
