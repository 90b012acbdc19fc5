import { canonicalHash } from '../../../shared/domain/canonical_json.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { CampaignCreative, ContentVersion, StoredImage } from '../../../shared/sources/content_store.ts';
import { type BannedWords, type Complaint, complaintsAbout } from './message_rules.ts';
import { limitsOf, PLATFORM_LIMITS, type PlatformLimits } from './platform_limits.ts';

/** A message that was chosen for a campaign, as it is asked to be saved. */
export type ChosenMessage = {
  readonly channel: string;
  readonly text: string;
  readonly headline?: string | undefined;
  readonly hashtags: readonly string[];
  /** Content ids, the best first. */
  readonly imageIds: readonly string[];
};

/** A written message among a campaign's content versions. */
export type MessageVersion = ContentVersion & { readonly messageId: string; readonly text: string };

/** What is checked and may be saved: versions in the order they were asked for, and all their images with the others, each once. */
export type ContentToSave = { readonly versions: readonly MessageVersion[]; readonly images: readonly string[] };

/** What a confirmation token holds: which campaign, in which state it was seen, and what is to be added, told by its hash. */
export type SavePlan = { readonly campaignId: string; readonly seenAt: string; readonly content: string };

/** The rules that hold for a message by itself, whoever wrote it; its tone, reason and language are its writer's affair. */
const RULES: ReadonlySet<Complaint['rule']> = new Set(['text', 'length', 'headline', 'hashtags', 'banned', 'placeholder', 'images']);
const MOST_COMPLAINTS = 20;

/**
 * Checks messages and images as they are to be saved and makes versions of them. A message's version has its channel as platform, the type
 * 'mensaje', and as contentId its first image, or its own messageId where it goes without; `images` lists all when there are several.
 * messageId is the hash of campaign, channel and content: the same message is the same version whenever and by whomever it is saved.
 * `ownersOf` gives the clients whose campaigns use an image. Throws ToolError 'invalid_input' that names everything that is wrong.
 */
export function contentToSave(
  asked: { readonly campaignId: string; readonly messages: readonly ChosenMessage[]; readonly images: readonly string[] },
  known: {
    readonly clientId: string;
    readonly banned: BannedWords;
    readonly images: readonly StoredImage[];
    readonly ownersOf: (image: StoredImage) => ReadonlySet<string>;
  },
): ContentToSave {
  const complaints: string[] = [];
  const versions: MessageVersion[] = [];
  for (const [index, message] of asked.messages.entries()) {
    const name = `Message ${index + 1}`;
    const limits = knownLimits(message.channel);
    if (limits === undefined) {
      complaints.push(
        `${name}: there is no channel "${message.channel}"; channels: ${PLATFORM_LIMITS.map((one) => one.channelId).join(', ')}.`,
      );
      continue;
    }
    complaints.push(...complaintsOf(message, limits, known.banned).map((text) => `${name} (${limits.name}): ${text}`));
    const version = versionOf(asked.campaignId, message, limits);
    const twin = versions.findIndex(({ messageId }) => messageId === version.messageId);
    if (twin >= 0) complaints.push(`${name} is the same as message ${twin + 1}: give each once.`);
    versions.push(version);
  }
  const images = [...new Set([...asked.messages.flatMap(({ imageIds }) => imageIds), ...asked.images])];
  for (const contentId of images) {
    const image = known.images.find((one) => one.contentId === contentId);
    const owners = image === undefined ? undefined : known.ownersOf(image);
    if (image === undefined || owners === undefined) complaints.push(`There is no image ${contentId}; getContent finds those there are.`);
    else if (!image.approved) complaints.push(`The image ${contentId} is not approved.`);
    else if (owners.size > 0 && !owners.has(known.clientId))
      complaints.push(`The image ${contentId} belongs to campaigns of other clients.`);
  }
  if (complaints.length > 0) throw refused(complaints);
  return { versions, images };
}

/** What of it the campaign does not have yet, and what it has. */
export function missingFrom(campaign: CampaignCreative, { versions, images }: ContentToSave) {
  const kept = new Set(campaign.versions.map(({ messageId }) => messageId));
  const used = new Set(campaign.usedImages);
  return {
    missing: {
      versions: versions.filter(({ messageId }) => !kept.has(messageId)),
      images: images.filter((image) => !used.has(image)),
    } satisfies ContentToSave,
    there: {
      versions: versions.filter(({ messageId }) => kept.has(messageId)),
      images: images.filter((image) => used.has(image)),
    } satisfies ContentToSave,
  };
}

/** The plan to save that content to the campaign as it was seen at a time. */
export function savePlan(campaignId: string, seenAt: Date, content: ContentToSave): SavePlan {
  return { campaignId, seenAt: seenAt.toISOString(), content: canonicalHash(content) };
}

function versionOf(campaignId: string, { text, headline, hashtags, imageIds }: ChosenMessage, limits: PlatformLimits): MessageVersion {
  const line = headline === '' ? undefined : headline;
  const of = { campaignId, channel: limits.channelId, text, headline: line, hashtags, imageIds };
  const messageId = `MSG-${canonicalHash(of).slice(0, 20)}`;
  return {
    contentId: imageIds[0] ?? messageId,
    platform: limits.channelId,
    type: 'mensaje',
    messageId,
    text,
    hashtags,
    ...(line === undefined ? {} : { headline: line }),
    ...(imageIds.length > 1 ? { images: imageIds } : {}),
  };
}

function complaintsOf(message: ChosenMessage, limits: PlatformLimits, banned: BannedWords): readonly string[] {
  const { text, headline = '', hashtags, imageIds } = message;
  // No database keeps half a surrogate pair or a NUL, and nobody sees the other control characters.
  const isText = [text, headline, ...hashtags].every((part) => part.isWellFormed() && !/[^\P{Cc}\n\t\r]/u.test(part));
  const judged = { number: 1, headline, text, tone: '-', hashtags: [...hashtags], imageIds: [...imageIds], reason: '-' };
  // Language and voice are asked for by the type and judged by nobody here.
  const found = complaintsAbout({ messages: [judged] }, { limits, language: 'es', voice: 'neutral', banned, imageIds: judged.imageIds });
  return [
    ...(isText ? [] : ['It holds control characters or broken letters.']),
    ...found.filter(({ rule, message: about }) => about !== null && RULES.has(rule)).map((complaint) => complaint.text),
  ];
}

function knownLimits(channel: string): PlatformLimits | undefined {
  try {
    return limitsOf(channel);
  } catch (error) {
    // Told with everything else that is wrong.
    if (error instanceof ToolError) return undefined;
    throw error;
  }
}

function refused(complaints: readonly string[]): ToolError {
  const more = complaints.length - MOST_COMPLAINTS;
  const shown = [...complaints.slice(0, MOST_COMPLAINTS), ...(more > 0 ? [`… and ${more} more.`] : [])];
  return new ToolError('invalid_input', `Nothing was saved:\n${shown.map((complaint) => `- ${complaint}`).join('\n')}`, {
    remedy: 'Mend these, show the user what changed, and call again.',
  });
}
