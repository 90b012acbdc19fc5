import { z } from 'zod';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { resolveCampaign } from '../../../shared/domain/entity_resolution.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { AnsweredCampaign, Handler } from '../../../shared/mcp/contract.ts';
import type { CampaignCreative, ContentStore, StoredImage, SubscribedClient } from '../../../shared/sources/content_store.ts';
import type { ContentGeneratorRepos } from '../repo/repos.ts';
import { contentToSave, missingFrom, savePlan } from '../service/content_to_save.ts';
import { type SavedContent, savedContent, savedContentText } from '../service/saved_content.ts';
import { saveCampaignContent } from '../tools/save_campaign_content.ts';

/** What of a plan is read before the rest is compared. */
const Seen = z.looseObject({ seenAt: z.iso.datetime() });

/**
 * First call: checks, and a signed plan. The same call with its token: the same checks, then everything in one write, if the campaign is
 * still as the plan saw it. What is in the campaign already is not written again, so a repeated confirmation does nothing.
 */
export const handleSaveCampaignContent: Handler<typeof saveCampaignContent, ContentGeneratorRepos> = async (
  { campaignName, messages, images, confirmationToken },
  { repos, clock, deadline, caller },
) => {
  const binding = { caller: caller.client, tool: saveCampaignContent.name };
  const token = confirmationToken;
  const seen = token === undefined ? undefined : Seen.parse(repos.plans.confirmed(token, binding, clock.now()).plan);
  const campaign = await resolveCampaign(repos.campaigns, campaignName, deadline);
  const store = await repos.content();
  const { creative, client } = await creativeSide(store, campaign, deadline);
  const asked = [...new Set([...messages.flatMap(({ imageIds }) => imageIds), ...images])];
  const stored = await store.images(asked, deadline);
  const content = contentToSave(
    { campaignId: campaign.campaignId, messages, images },
    {
      clientId: campaign.clientId,
      banned: client.restrictions,
      images: stored,
      ownersOf: await ownersOf(stored, campaign, repos, deadline),
    },
  );
  const parts = missingFrom(creative, content);
  const isAllThere = parts.missing.versions.length === 0 && parts.missing.images.length === 0;
  const answer = (saved: SavedContent) => ({ data: saved, text: savedContentText(saved), campaign });

  if (token === undefined || seen === undefined) {
    if (isAllThere) return answer(savedContent(creative, parts, { updatedAt: creative.updatedAt }));
    const plan = repos.plans.sign(savePlan(campaign.campaignId, creative.updatedAt, content), binding, clock.now());
    return answer(savedContent(creative, parts, { plan, updatedAt: creative.updatedAt }));
  }
  const seenAt = new Date(seen.seenAt);
  repos.plans.confirmed(token, { ...binding, expected: savePlan(campaign.campaignId, seenAt, content) }, clock.now());
  if (isAllThere) return answer(savedContent(creative, parts, { updatedAt: creative.updatedAt }));
  return answer(await save(store, creative, parts, { seenAt, now: clock.now() }, deadline));
};

/** The campaign and its client in PromptContent. Throws ToolError 'not_found' when it has only the hub's word for one of them. */
async function creativeSide(
  store: ContentStore,
  { campaignId, clientId, name, clientName }: AnsweredCampaign,
  deadline: Deadline,
): Promise<{ readonly creative: CampaignCreative; readonly client: SubscribedClient }> {
  const [creative, client] = await Promise.all([store.campaign(campaignId, deadline), store.client(clientId, deadline)]);
  if (creative === undefined) {
    throw new ToolError('not_found', `PromptContent has no campaign ${campaignId} (${name}) that content could be saved to.`, {
      remedy: 'It is known from advertising only; whoever keeps PromptContent creates it.',
    });
  }
  if (client === undefined) {
    throw new ToolError(
      'not_found',
      `PromptContent has no client ${clientId} (${clientName}): what it must not be made to say is not known.`,
      {
        remedy: 'Whoever keeps PromptContent adds the client.',
      },
    );
  }
  return { creative, client };
}

/** Whose campaigns use an image. PromptContent names the campaigns, at times sooner than the hub knows them: then their clients are not known. */
async function ownersOf(
  stored: readonly StoredImage[],
  campaign: AnsweredCampaign,
  repos: ContentGeneratorRepos,
  deadline: Deadline,
): Promise<(image: StoredImage) => ReadonlySet<string>> {
  const inHub = stored.length === 0 ? [] : await repos.images.all(deadline);
  const clientOf = new Map(inHub.flatMap(({ campaigns }) => campaigns.map(({ campaignId, clientId }) => [campaignId, clientId])));
  clientOf.set(campaign.campaignId, campaign.clientId);
  const unknown = [...new Set(stored.flatMap(({ campaignIds }) => campaignIds))].filter((id) => !clientOf.has(id));
  for (const found of await Promise.all(unknown.map((id) => repos.campaigns.byId(id, deadline)))) {
    if (found !== undefined) clientOf.set(found.campaignId, found.clientId);
  }
  return ({ campaignIds }) => new Set(campaignIds.map((id) => clientOf.get(id) ?? `of ${id}`));
}

/** Writes what is missing, if the campaign is still as it was seen. Throws ToolError with both times when it is not. */
async function save(
  store: ContentStore,
  creative: CampaignCreative,
  parts: ReturnType<typeof missingFrom>,
  { seenAt, now }: { readonly seenAt: Date; readonly now: Date },
  deadline: Deadline,
): Promise<SavedContent> {
  const { campaignId } = creative;
  const outcome = await store.saveVersions({ campaignId, ...parts.missing, expectedUpdatedAt: seenAt, at: now }, deadline);
  if (outcome.outcome === 'no_such_campaign') {
    throw new ToolError('not_found', `PromptContent has no campaign ${campaignId} any more; nothing was saved.`);
  }
  if (outcome.outcome === 'conflict') {
    throw new ToolError(
      'invalid_input',
      `Somebody changed the campaign: the plan was made of its state of ${seenAt.toISOString()}, now it is of ${outcome.updatedAt.toISOString()}. Nothing was saved.`,
      {
        remedy: 'Call save_campaign_content again without a token, show its new plan to the user, and confirm with the token of that plan.',
      },
    );
  }
  // A call with the same plan may have been a moment faster: then all is there, and nothing of it was added by this one.
  const wasFaster = outcome.addedVersions + outcome.addedImages === 0;
  return savedContent(creative, wasFaster ? allThere(parts) : parts, { updatedAt: outcome.updatedAt });
}

function allThere({ missing, there }: ReturnType<typeof missingFrom>): ReturnType<typeof missingFrom> {
  return {
    missing: { versions: [], images: [] },
    there: { versions: [...there.versions, ...missing.versions], images: [...there.images, ...missing.images] },
  };
}
