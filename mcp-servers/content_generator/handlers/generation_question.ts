import type { z } from 'zod';
import { addUsage, NO_MODEL_USAGE } from '../../../shared/ai/model_usage.ts';
import type { AnsweredCampaign } from '../../../shared/domain/campaign.ts';
import { canonicalHash } from '../../../shared/domain/canonical_json.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { resolveCampaign } from '../../../shared/domain/entity_resolution.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { CallContext } from '../../../shared/mcp/contract.ts';
import { offeredImages } from '../repo/offered_images.ts';
import type { ContentGeneratorRepos } from '../repo/repos.ts';
import { type RequestedBy, recordSearch, UNRECORDED } from '../repo/request_records.ts';
import type { AskedPopulations } from '../service/generation_answer.ts';
import { limitsOf } from '../service/platform_limits.ts';
import { populationHash, readPopulation } from '../service/population.ts';
import { voiceFor } from '../service/regional_voice.ts';
import { generateCampaignMessages } from '../tools/generate_campaign_messages.ts';

/** Everything that is known of a call before anything is written. */
export type GenerationQuestion = AskedPopulations & {
  readonly campaign: AnsweredCampaign;
  readonly withImages: boolean;
  readonly idempotencyKey: string | undefined;
  readonly confirmationToken: string | undefined;
  /** Names what is asked for, whatever is known of the campaign: for idempotency keys and plans. */
  readonly requestHash: string;
  readonly by: RequestedBy;
  /** Grows while the call goes on. */
  readonly warnings: string[];
};

/**
 * Reads the arguments and gathers what a writer needs to know. Throws ToolError 'invalid_input' for a channel or a population that cannot be
 * read or is there twice, and what looking the campaign up throws.
 */
export async function readQuestion(
  asked: z.output<(typeof generateCampaignMessages)['input']>,
  { repos, clock, caller }: CallContext<ContentGeneratorRepos>,
  deadline: Deadline,
): Promise<GenerationQuestion> {
  const limits = limitsOf(asked.channel);
  const populations = asked.populations.map((population) => readPopulation(population));
  if (new Set(populations.map(({ population }) => populationHash(population))).size < populations.length) {
    throw new ToolError('invalid_input', 'Two of the populations are the same people.', { remedy: 'Give each population once.' });
  }
  const [campaign, images] = await Promise.all([
    resolveCampaign(repos.campaigns, asked.campaignName, deadline),
    repos.images.all(deadline),
  ]);
  const { country, ...known } = await repos.materials.of(campaign, deadline);
  const warnings: string[] = [];
  const by: RequestedBy = {
    tool: generateCampaignMessages.name,
    caller: caller.client,
    today: clock.today(),
    now: clock.now,
    clientId: campaign.clientId,
    campaignId: campaign.campaignId,
    onUnrecorded: () => {
      if (!warnings.includes(UNRECORDED)) warnings.push(UNRECORDED);
    },
  };

  let searched = NO_MODEL_USAGE;
  const segments: GenerationQuestion['segments'][number][] = [];
  for (const read of populations) {
    const { interests, place } = read.population;
    const description = [known.campaign.message, known.campaign.description, interests.join(' '), place].filter(Boolean).join('. ');
    const scope = { description: description.slice(0, 1_000), campaignId: campaign.campaignId, clientId: campaign.clientId, images };
    const offered = asked.images ? await offeredImages(repos.search, scope, deadline) : { images: [], searches: [] };
    for (const search of offered.searches) {
      for (const warning of search.warnings) if (!warnings.includes(warning)) warnings.push(warning);
      searched = addUsage(searched, search.usage);
      await recordSearch(repos.content, by, search);
    }
    segments.push({
      ...read,
      material: {
        ...known,
        population: read.population,
        limits,
        language: asked.language,
        voice: voiceFor(asked.language, place, country),
        tone: asked.tone ?? null,
        images: offered.images.map(({ contentId, description: shows, hashtags, category }) => ({
          imageId: contentId,
          description: shows,
          hashtags,
          category,
        })),
      },
    });
  }
  return {
    campaign,
    segments,
    limits,
    language: asked.language,
    withImages: asked.images,
    idempotencyKey: asked.idempotencyKey,
    confirmationToken: asked.confirmationToken,
    images: new Map(images.map((image) => [image.contentId, image])),
    requestHash: canonicalHash({
      campaignId: campaign.campaignId,
      populations: populations.map(({ population }) => populationHash(population)),
      channel: limits.channelId,
      language: asked.language,
      tone: asked.tone ?? null,
      images: asked.images,
    }),
    by,
    warnings,
    searched,
  };
}
