import type { ClientBase } from 'pg';
import type { Stream } from './stream.ts';
import { differs, sameKey } from './table_sql.ts';

/**
 * Streams that boards of campaigns are computed from, beside those with a roll-up → a row's campaigns, as an expression over it that may give
 * several.
 */
const CAMPAIGNS_OF: Readonly<Record<string, (row: string) => string>> = {
  'ads.ads': (row) => `${row}.campaign_id`,
  'ads.campaigns': (row) => `${row}.campaign_id`,
  'content.campaigns': (row) => `${row}.campaign_id`,
  'content.images': (row) => `unnest(${row}.campaign_ids)`,
};

/**
 * The campaigns whose boards a load is about to change: those of new and changed rows of `stage`, as they are and as they were, and those
 * of the rows that `gone` names. To be called before the load changes the target, and after the groups of a roll-up have been noted.
 */
export async function shownCampaigns(client: ClientBase, stream: Stream, hasGone: boolean): Promise<readonly string[]> {
  if (stream.kind === 'rows' && stream.rollUp !== undefined) {
    const { rows } = await client.query<{ campaign_id: string }>('SELECT DISTINCT campaign_id FROM touched');
    return rows.map((row) => row.campaign_id);
  }
  const campaignsOf = CAMPAIGNS_OF[stream.table];
  if (campaignsOf === undefined) return [];
  const changed = `FROM stage s LEFT JOIN ${stream.table} t ON ${sameKey(stream)} WHERE ${differs(stream, 's')}`;
  const { rows } = await client.query<{ campaign_id: string }>(
    `SELECT DISTINCT campaign_id FROM (
       SELECT ${campaignsOf('s')} AS campaign_id ${changed}
       UNION ALL SELECT ${campaignsOf('t')} ${changed}
       ${hasGone ? `UNION ALL SELECT ${campaignsOf('t')} FROM gone s JOIN ${stream.table} t ON ${sameKey(stream)}` : ''}
     ) shown WHERE campaign_id IS NOT NULL`,
  );
  return rows.map((row) => row.campaign_id);
}
