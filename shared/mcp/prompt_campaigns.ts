import type { Statement } from '../db/sql_database.ts';
import type { Complete } from './completion.ts';
import type { ResourceParts } from './resource.ts';

const NAMES: Statement = {
  name: 'prompt_campaign_names',
  text: `SELECT c.name FROM ads.campaigns c
          WHERE strpos(business.fold(c.name), business.fold($1)) > 0 OR strpos(lower(c.campaign_id), lower($1)) > 0
          GROUP BY c.name
          ORDER BY bool_or(c.status = 'active') DESC, bool_or(starts_with(business.fold(c.name), business.fold($1))) DESC, max(c.start_date) DESC, c.name
          LIMIT $2`,
};

/** Completes names of campaigns: those that hold what was typed, case and accents aside, or whose id does; active ones first. */
export async function openPromptCampaigns({ hub }: Pick<ResourceParts, 'hub'>): Promise<Complete> {
  return (typed, limit, deadline) => hub.rows(NAMES, [typed.trim(), limit], ({ name }) => String(name), deadline);
}
