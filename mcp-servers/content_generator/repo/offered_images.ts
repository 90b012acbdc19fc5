import type { Deadline } from '../../../shared/domain/deadline.ts';
import type { FoundImages, ImageSearch } from './image_search.ts';
import type { HubImage } from './images.ts';

/** Images that a writer may choose from, the nearest first, and the searches that found them. */
export type OfferedImages = { readonly images: readonly HubImage[]; readonly searches: readonly FoundImages[] };

const MOST_OFFERED = 8;
/** A campaign with fewer images of its own is helped out. */
const FEWEST_OWN = 3;

/**
 * Approved images that fit a description: those of the campaign, then, where it has few, those of its client's other campaigns. Another
 * client's images are never offered.
 */
export async function offeredImages(
  search: ImageSearch,
  {
    description,
    campaignId,
    clientId,
    images,
  }: {
    readonly description: string;
    readonly campaignId: string;
    readonly clientId: string;
    readonly images: readonly HubImage[];
  },
  deadline: Deadline,
): Promise<OfferedImages> {
  const byId = new Map(images.map((image) => [image.contentId, image]));
  const found = (searches: readonly FoundImages[]): readonly HubImage[] => {
    const ids = new Set(searches.flatMap(({ hits }) => hits.map(({ id }) => id)));
    return [...ids].flatMap((id) => byId.get(id) ?? []).slice(0, MOST_OFFERED);
  };
  const question = { description, images, limit: MOST_OFFERED };
  const own = await search.find({ ...question, campaignId, filter: { campaignIds: [campaignId], approved: true } }, deadline);
  if (own.hits.length >= FEWEST_OWN) return { images: found([own]), searches: [own] };
  const others = await search.find({ ...question, campaignId: undefined, filter: { clientIds: [clientId], approved: true } }, deadline);
  return { images: found([own, others]), searches: [own, others] };
}
