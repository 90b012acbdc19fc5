import { ToolError } from '../../../shared/domain/tool_error.ts';
import { type LengthMeasure, textLength } from './text_length.ts';

/**
 * Where a figure comes from: the network's own documentation; what several others who publish to it report, where its own could not be read;
 * our own choice, on the safe side, where the network sets none.
 */
export type Evidence = 'documented' | 'reported' | 'chosen';

export type Source = {
  readonly evidence: Evidence;
  /** Name and address of the public documentation; for what is chosen, the page that was looked through for a limit. */
  readonly name: string;
  readonly address: string;
  /** 'YYYY-MM-DD'. */
  readonly checked: string;
};

export type TextLimit = {
  /** In the unit of the measure. */
  readonly most: number;
  readonly measure: LengthMeasure;
  readonly source: Source;
};

/** What a network takes. */
export type PlatformLimits = {
  /** As in ads.channels; 'any' for a message that is meant for no channel in particular. */
  readonly channelId: string;
  readonly name: string;
  /** The text alone: what is seen of an advertisement before "see more", where the network cuts it, else what it takes. */
  readonly text: TextLimit;
  /** Text and hashtags together, as they are published; undefined where hashtags are no part of the text. */
  readonly published?: TextLimit | undefined;
  /** The line beside the text: title, subject, header. Undefined where there is none. */
  readonly headline?: (TextLimit & { readonly called: string; readonly required: boolean }) | undefined;
  readonly hashtags: { readonly fewest: number; readonly most: number; readonly source: Source };
  /** Characters that the network refuses. */
  readonly forbidden?: string | undefined;
};

const CHECKED = '2026-11-21';
const documented = (name: string, address: string): Source => ({ evidence: 'documented', name, address, checked: CHECKED });
const reported = (name: string, address: string): Source => ({ evidence: 'reported', name, address, checked: CHECKED });
const chosen = (name: string, address: string): Source => ({ evidence: 'chosen', name, address, checked: CHECKED });

const META_ADS = reported('Meta Ads Guide', 'https://www.facebook.com/business/ads-guide');
const INSTAGRAM_MEDIA = reported(
  'Instagram Platform, IG User media',
  'https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media',
);
const LINKEDIN = documented('LinkedIn Help, single image ads specifications', 'https://www.linkedin.com/help/lms/answer/a426534');
const GOOGLE_DISPLAY = documented('Google Ads Help, responsive display ads specs', 'https://support.google.com/google-ads/answer/17090561');
const GOOGLE_SEARCH = reported('Google Ads Help, responsive search ads', 'https://support.google.com/google-ads/answer/7684791');
const TIKTOK_TEXT = documented(
  'TikTok Business Help, image ad specifications: 1–100 Latin or 1–50 Asian characters',
  'https://ads.tiktok.com/help/article/global-app-bundle-image-ad-specifications',
);
const WHATSAPP = documented(
  'WhatsApp Business Platform, template components',
  'https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components',
);
const YOUTUBE = reported('YouTube Data API, videos', 'https://developers.google.com/youtube/v3/docs/videos');
const X_POSTS = documented('X, counting characters', 'https://docs.x.com/fundamentals/counting-characters');
const MAIL = 'RFC 5322 §2.1.1, line length';
const MAIL_ADDRESS = 'https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1';
const SMS = '3GPP TS 23.038, alphabets; TS 23.040, concatenation';
const SMS_ADDRESS = 'https://www.3gpp.org/dynareport/23038.htm';

/** The only table of these figures. Channels as in the advertising data; X and SMS for companies that add them. */
export const PLATFORM_LIMITS: readonly PlatformLimits[] = [
  {
    channelId: 'email',
    name: 'Correo electrónico',
    text: { most: 1_000, measure: 'characters', source: chosen(MAIL, MAIL_ADDRESS) },
    // Lines should have at most 78 characters; "Subject: " takes nine of them.
    headline: { called: 'subject', required: true, most: 69, measure: 'characters', source: reported(MAIL, MAIL_ADDRESS) },
    hashtags: { fewest: 0, most: 0, source: chosen(MAIL, MAIL_ADDRESS) },
  },
  {
    channelId: 'facebook',
    name: 'Facebook',
    text: { most: 125, measure: 'characters', source: META_ADS },
    published: { most: 2_200, measure: 'characters', source: META_ADS },
    headline: { called: 'headline', required: false, most: 40, measure: 'characters', source: META_ADS },
    hashtags: { fewest: 1, most: 3, source: chosen('Meta Ads Guide', 'https://www.facebook.com/business/ads-guide') },
  },
  {
    channelId: 'google_display',
    name: 'Google Display',
    text: { most: 90, measure: 'double_width', source: GOOGLE_DISPLAY },
    headline: { called: 'headline', required: true, most: 30, measure: 'double_width', source: GOOGLE_DISPLAY },
    hashtags: { fewest: 0, most: 0, source: chosen(GOOGLE_DISPLAY.name, GOOGLE_DISPLAY.address) },
  },
  {
    channelId: 'google_search',
    name: 'Google Search',
    text: { most: 90, measure: 'double_width', source: GOOGLE_SEARCH },
    headline: { called: 'headline', required: true, most: 30, measure: 'double_width', source: GOOGLE_SEARCH },
    hashtags: { fewest: 0, most: 0, source: chosen(GOOGLE_SEARCH.name, GOOGLE_SEARCH.address) },
  },
  {
    channelId: 'instagram',
    name: 'Instagram',
    text: { most: 125, measure: 'characters', source: META_ADS },
    published: { most: 2_200, measure: 'characters', source: INSTAGRAM_MEDIA },
    // The API's page names 30; since December 2025 a post is reported to keep five.
    hashtags: { fewest: 1, most: 5, source: INSTAGRAM_MEDIA },
  },
  {
    channelId: 'linkedin',
    name: 'LinkedIn',
    text: { most: 150, measure: 'characters', source: LINKEDIN },
    // The page has said 600 and says 3,000 of late; accounts do not get it at once.
    published: { most: 600, measure: 'characters', source: LINKEDIN },
    headline: { called: 'headline', required: false, most: 70, measure: 'characters', source: reported(LINKEDIN.name, LINKEDIN.address) },
    hashtags: { fewest: 1, most: 5, source: chosen(LINKEDIN.name, LINKEDIN.address) },
  },
  {
    channelId: 'tiktok',
    name: 'TikTok',
    text: { most: 100, measure: 'double_width', source: TIKTOK_TEXT },
    published: {
      most: 2_200,
      measure: 'characters',
      source: reported('TikTok posts and Spark Ads', 'https://ads.tiktok.com/help/article/tiktok-auction-in-feed-ads'),
    },
    // Posts and Spark Ads take five; in other ads TikTok shows no hashtags, so they stand apart from the text here.
    hashtags: {
      fewest: 1,
      most: 5,
      source: reported('TikTok auction in-feed ads', 'https://ads.tiktok.com/help/article/tiktok-auction-in-feed-ads'),
    },
    forbidden: '{}',
  },
  {
    channelId: 'whatsapp',
    name: 'WhatsApp',
    text: { most: 1_024, measure: 'characters', source: WHATSAPP },
    headline: { called: 'header', required: false, most: 60, measure: 'characters', source: WHATSAPP },
    hashtags: { fewest: 0, most: 0, source: chosen(WHATSAPP.name, WHATSAPP.address) },
  },
  {
    channelId: 'youtube',
    name: 'YouTube',
    // What is seen of a description before "more" is reported as 100 to 120 characters.
    text: { most: 100, measure: 'characters', source: chosen(YOUTUBE.name, YOUTUBE.address) },
    published: { most: 5_000, measure: 'utf8_bytes', source: YOUTUBE },
    headline: { called: 'title', required: true, most: 100, measure: 'characters', source: YOUTUBE },
    // The help page has named 15 and 60 over the years; above it all are ignored.
    hashtags: { fewest: 1, most: 15, source: reported('YouTube Help, hashtags', 'https://support.google.com/youtube/answer/6390658') },
    forbidden: '<>',
  },
  {
    channelId: 'x',
    name: 'X',
    text: { most: 280, measure: 'x_weighted', source: X_POSTS },
    published: { most: 280, measure: 'x_weighted', source: X_POSTS },
    hashtags: { fewest: 1, most: 2, source: chosen(X_POSTS.name, X_POSTS.address) },
  },
  {
    channelId: 'sms',
    name: 'SMS',
    text: { most: 1, measure: 'sms_segments', source: chosen(SMS, SMS_ADDRESS) },
    hashtags: { fewest: 0, most: 0, source: chosen(SMS, SMS_ADDRESS) },
  },
];

/** A message for no channel in particular: what Facebook, Instagram and LinkedIn all show whole. */
export const ANY_CHANNEL: PlatformLimits = {
  channelId: 'any',
  name: 'any channel',
  text: { most: 125, measure: 'characters', source: chosen(META_ADS.name, META_ADS.address) },
  hashtags: { fewest: 1, most: 3, source: chosen(META_ADS.name, META_ADS.address) },
};

const ALIASES: Readonly<Record<string, string>> = {
  correo: 'email',
  correo_electronico: 'email',
  mail: 'email',
  fb: 'facebook',
  ig: 'instagram',
  insta: 'instagram',
  google: 'google_search',
  google_ads: 'google_search',
  wa: 'whatsapp',
  yt: 'youtube',
  twitter: 'x',
  tik_tok: 'tiktok',
};

/** The limits of a channel by id, name or a usual short form, any case; those of a message for any channel when none is given. Throws ToolError invalid_input. */
export function limitsOf(channel: string | undefined): PlatformLimits {
  if (channel === undefined || channel.trim() === '') return ANY_CHANNEL;
  const asked = channel
    .trim()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[\s-]+/g, '_');
  const id = Object.hasOwn(ALIASES, asked) ? ALIASES[asked] : asked;
  const found = PLATFORM_LIMITS.find(({ channelId }) => channelId === id);
  if (found !== undefined) return found;
  throw new ToolError('invalid_input', `There are no limits known for a channel "${channel.slice(0, 60)}".`, {
    remedy: `Channels: ${PLATFORM_LIMITS.map(({ channelId }) => channelId).join(', ')}. Leave it out for a message that fits most.`,
  });
}

/** How a message is published where hashtags belong to the text: after it, on a line of their own. */
export function publishedText(text: string, hashtags: readonly string[]): string {
  return hashtags.length === 0 ? text : `${text}\n${hashtags.join(' ')}`;
}

/** By how much a text is too long, in the unit of the limit; 0 when it fits. */
export function excessOf(text: string, { most, measure }: Pick<TextLimit, 'most' | 'measure'>): number {
  return Math.max(0, textLength(text, measure) - most);
}
