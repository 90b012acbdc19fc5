import { formatCount, toAnswerNumber } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';
import type { FoundImages } from '../repo/image_search.ts';
import type { HubImage } from '../repo/images.ts';

/** Campaigns named with an image; the rest are counted. */
const MOST_CAMPAIGNS = 3;
const SCORE_DIGITS = 3;

export type ShownImage = {
  readonly rank: number;
  readonly contentId: string;
  readonly score: number;
  readonly description: string;
  readonly category: string;
  readonly hashtags: readonly string[];
  readonly url: string;
  readonly thumbnailUrl: string;
  readonly format: string;
  readonly approved: boolean;
  readonly campaigns: readonly { readonly campaignId: string; readonly name: string }[];
  readonly moreCampaigns: number;
};

export type ImageAnswer = {
  readonly status: 'data' | 'no_data';
  readonly method: 'semantic' | 'lexical';
  readonly model: string;
  readonly searched: number;
  readonly filters: Readonly<Record<string, string>>;
  readonly images: readonly ShownImage[];
};

/** What a search found, as an answer shows it: best first. */
export function imageAnswer(
  found: FoundImages,
  images: ReadonlyMap<string, HubImage>,
  filters: Readonly<Record<string, string>>,
): ImageAnswer {
  const shown = found.hits.flatMap(({ id, score }) => {
    const image = images.get(id);
    return image === undefined ? [] : [{ image, score }];
  });
  return {
    status: shown.length === 0 ? 'no_data' : 'data',
    method: found.method,
    model: found.model,
    searched: found.searched,
    filters,
    images: shown.map(({ image, score }, index) => ({
      rank: index + 1,
      contentId: image.contentId,
      score: toAnswerNumber(Math.max(0, score), SCORE_DIGITS),
      description: image.description,
      category: image.category,
      hashtags: image.hashtags,
      url: image.url,
      thumbnailUrl: image.thumbnailUrl,
      format: image.format,
      approved: image.approved,
      campaigns: image.campaigns.slice(0, MOST_CAMPAIGNS).map(({ campaignId, name }) => ({ campaignId, name })),
      moreCampaigns: Math.max(0, image.campaigns.length - MOST_CAMPAIGNS),
    })),
  };
}

export function imageAnswerText({ status, method, model, searched, filters, images }: ImageAnswer): string {
  const narrowed = Object.entries(filters).map(([filter, value]) => `${filter} ${value}`);
  const ranked =
    method === 'semantic'
      ? `by meaning (semantic, ${model})`
      : `by the words they share (lexical, ${model}; no embedding model is configured)`;
  return [
    `${formatCount(searched)} images ranked ${ranked}${narrowed.length === 0 ? '' : `; only ${narrowed.join(', ')}`}`,
    ...(status === 'no_data'
      ? ['No image fits.']
      : [
          table<ShownImage>(
            [
              { header: '#', cell: ({ rank }) => String(rank) },
              { header: 'Image', cell: ({ contentId }) => contentId },
              { header: 'Score', cell: ({ score }) => String(score) },
              { header: 'Shows', cell: ({ description }) => description },
              { header: 'Category', cell: ({ category }) => category },
              { header: 'Hashtags', cell: ({ hashtags }) => hashtags.join(' ') },
              { header: 'Format', cell: ({ format }) => format },
              { header: 'Approved', cell: ({ approved }) => (approved ? 'yes' : 'no') },
              {
                header: 'Used by',
                cell: ({ campaigns, moreCampaigns }) =>
                  `${campaigns.map(({ name, campaignId }) => `${name} (${campaignId})`).join(', ') || 'no campaign'}${moreCampaigns === 0 ? '' : ` and ${moreCampaigns} more`}`,
              },
              { header: 'URL', cell: ({ url }) => url },
              { header: 'Thumbnail', cell: ({ thumbnailUrl }) => thumbnailUrl },
            ],
            images,
          ),
        ]),
  ].join('\n');
}
