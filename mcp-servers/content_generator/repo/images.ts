import { flagOf, type Row, textOf, textsOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';

/** An image as the hub has it, with who uses it. */
export type HubImage = {
  readonly contentId: string;
  readonly description: string;
  readonly hashtags: readonly string[];
  readonly category: string;
  readonly url: string;
  readonly thumbnailUrl: string;
  readonly format: string;
  readonly approved: boolean;
  readonly createdAt: Date;
  /** Newest first. */
  readonly campaigns: readonly { readonly campaignId: string; readonly name: string; readonly clientId: string }[];
};

export type Images = {
  /** Every image; a few hundred. */
  readonly all: (deadline: Deadline) => Promise<readonly HubImage[]>;
};

const ALL: Statement = {
  name: 'all_images',
  text: `
  SELECT i.content_id, i.description, i.hashtags, i.category, i.url, i.thumbnail_url, i.format, i.approved, i.created_at,
         coalesce(u.campaign_ids, '{}') AS campaign_ids, coalesce(u.names, '{}') AS names, coalesce(u.client_ids, '{}') AS client_ids
    FROM content.images i
    LEFT JOIN LATERAL (
      SELECT array_agg(c.campaign_id ORDER BY c.start_date DESC, c.campaign_id) AS campaign_ids,
             array_agg(c.name ORDER BY c.start_date DESC, c.campaign_id) AS names,
             array_agg(c.client_id ORDER BY c.start_date DESC, c.campaign_id) AS client_ids
        FROM ads.campaigns c WHERE c.campaign_id = ANY (i.campaign_ids)
    ) u ON true
   ORDER BY i.content_id`,
};

/** Images of the hub. */
export function openImages(hub: SqlDatabase): Images {
  return { all: (deadline) => hub.rows(ALL, [], toImage, deadline) };
}

function toImage(row: Row): HubImage {
  const [ids, names, clients] = [textsOf(row, 'campaign_ids'), textsOf(row, 'names'), textsOf(row, 'client_ids')];
  const createdAt = row.created_at;
  return {
    contentId: textOf(row, 'content_id'),
    description: textOf(row, 'description'),
    hashtags: textsOf(row, 'hashtags'),
    category: textOf(row, 'category'),
    url: textOf(row, 'url'),
    thumbnailUrl: textOf(row, 'thumbnail_url'),
    format: textOf(row, 'format'),
    approved: flagOf(row, 'approved'),
    createdAt: createdAt instanceof Date ? createdAt : new Date(0),
    campaigns: ids.map((campaignId, index) => ({ campaignId, name: names[index] ?? campaignId, clientId: clients[index] ?? '' })),
  };
}
