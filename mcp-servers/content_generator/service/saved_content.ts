import type { SignedPlan } from '../../../shared/access/plan_token.ts';
import { table } from '../../../shared/domain/table.ts';
import type { CampaignCreative } from '../../../shared/sources/content_store.ts';
import type { ContentToSave, MessageVersion } from './content_to_save.ts';

export type SavedMessage = {
  readonly messageId: string;
  readonly channel: string;
  readonly headline: string | null;
  readonly text: string;
  readonly hashtags: readonly string[];
  readonly images: readonly string[];
};

/** The data of the answer, of a plan as of what was done. */
export type SavedContent = {
  readonly status: 'needs_confirmation' | 'saved' | 'already_saved';
  readonly added: { readonly messages: readonly SavedMessage[]; readonly images: readonly string[] };
  readonly alreadyThere: {
    readonly messages: readonly string[];
    readonly images: readonly string[];
    readonly versions: number;
    readonly usedImages: number;
  };
  readonly campaignUpdatedAt: string;
  readonly confirmationToken: string | null;
  readonly expiresAt: string | null;
};

/** What is added to a campaign, and what it had before. With a signed plan nothing has been done yet. */
export function savedContent(
  campaign: CampaignCreative,
  { missing, there }: { readonly missing: ContentToSave; readonly there: ContentToSave },
  done: { readonly plan?: SignedPlan | undefined; readonly updatedAt: Date },
): SavedContent {
  const isNothing = missing.versions.length === 0 && missing.images.length === 0;
  return {
    status: done.plan !== undefined ? 'needs_confirmation' : isNothing ? 'already_saved' : 'saved',
    added: { messages: missing.versions.map(shown), images: missing.images },
    alreadyThere: {
      messages: there.versions.map(({ messageId }) => messageId),
      images: there.images,
      versions: campaign.versions.length,
      usedImages: campaign.usedImages.length,
    },
    campaignUpdatedAt: done.updatedAt.toISOString(),
    confirmationToken: done.plan?.token ?? null,
    expiresAt: done.plan?.expiresAt.toISOString() ?? null,
  };
}

function shown({ messageId, platform, headline, text, hashtags, images, contentId }: MessageVersion): SavedMessage {
  return {
    messageId,
    channel: platform,
    headline: headline ?? null,
    text,
    hashtags: hashtags ?? [],
    // Without an image a message is known by its own id.
    images: images ?? (contentId === messageId ? [] : [contentId]),
  };
}

const HEADINGS: Readonly<Record<SavedContent['status'], string>> = {
  needs_confirmation: 'Nothing is saved yet. To be added:',
  saved: 'Saved:',
  already_saved: 'All of it was saved before; nothing was added.',
};

/** The same as text; a plan says how it is confirmed. */
export function savedContentText({ status, added, alreadyThere, campaignUpdatedAt, confirmationToken, expiresAt }: SavedContent): string {
  const list = (items: readonly string[]): string => (items.length === 0 ? 'none' : items.join(', '));
  return [
    HEADINGS[status],
    ...(added.messages.length === 0
      ? []
      : [
          table<SavedMessage>(
            [
              { header: 'message', cell: ({ messageId }) => messageId },
              { header: 'channel', cell: ({ channel }) => channel },
              { header: 'headline', cell: ({ headline }) => headline ?? '' },
              { header: 'text', cell: ({ text }) => text },
              { header: 'hashtags', cell: ({ hashtags }) => hashtags.join(' ') },
              { header: 'images', cell: ({ images }) => images.join(' ') },
            ],
            added.messages,
          ),
        ]),
    ...(status === 'already_saved' ? [] : [`Images added to the campaign: ${list(added.images)}`]),
    `There before: ${alreadyThere.versions} content versions and ${alreadyThere.usedImages} images`,
    `Of these asked for again: messages ${list(alreadyThere.messages)}; images ${list(alreadyThere.images)}`,
    `State of the campaign: ${campaignUpdatedAt}`,
    ...(confirmationToken === null
      ? []
      : [
          `To save, once the user agrees: call again with the same arguments and confirmationToken ${confirmationToken} before ${expiresAt ?? ''}.`,
        ]),
  ].join('\n');
}
