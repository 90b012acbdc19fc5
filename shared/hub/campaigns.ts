import { type Row, textOf, textsOf } from '../db/row.ts';
import type { SqlDatabase, Statement } from '../db/sql_database.ts';
import type { Campaign } from '../domain/campaign.ts';
import type { Deadline } from '../domain/deadline.ts';
import { CANDIDATES_READ, type CampaignLookup } from '../domain/entity_resolution.ts';

/** What a campaign set out to do. */
export type CampaignPlan = {
  readonly objective: string;
  /** US dollars over the whole campaign. */
  readonly budget: string;
  /** ISO 3166 alpha-2. */
  readonly countries: readonly string[];
};

export type Campaigns = CampaignLookup & {
  readonly plan: (campaignId: string, deadline: Deadline) => Promise<CampaignPlan | undefined>;
};

// The client comes from another source and may arrive a moment later: then its id stands for its name.
const CAMPAIGN = `
  SELECT c.campaign_id, c.name, c.client_id, coalesce(cl.company, c.client_id) AS client_name, c.status, c.start_date, c.end_date
    FROM ads.campaigns c
    LEFT JOIN business.clients cl USING (client_id)`;

const BY_ID: Statement = { name: 'campaign_by_id', text: `${CAMPAIGN} WHERE c.campaign_id = $1` };

const BY_NAME: Statement = {
  name: 'campaigns_by_name',
  text: `${CAMPAIGN} WHERE business.fold(c.name) = business.fold($1) ORDER BY c.start_date DESC, c.campaign_id LIMIT ${CANDIDATES_READ}`,
};

// All names are weighed: a search by index would need a threshold below which nothing is near. OFFSET 0 folds each name once, and
// clients, which only decide between equals, are folded for those: 18 ms for a thousand names, 45 ms without.
// word_similarity() is never below similarity(), so the nearest by either are the nearest by it.
const SIMILAR: Statement = {
  name: 'campaigns_by_similar_name',
  text: `
  WITH asked AS MATERIALIZED (SELECT business.fold($1) AS folded), near AS (
    SELECT f.campaign_id, f.folded, greatest(word_similarity(a.folded, f.folded), word_similarity(f.folded, a.folded)) AS similarity
      FROM asked a, (SELECT c.campaign_id, business.fold(c.name) AS folded FROM ads.campaigns c OFFSET 0) f
     ORDER BY similarity DESC
     FETCH FIRST $2 ROWS WITH TIES
  )
  SELECT c.campaign_id, c.name, c.client_id, c.client_name, c.status, c.start_date, c.end_date
    FROM near n
    JOIN (${CAMPAIGN}) c USING (campaign_id)
   CROSS JOIN asked a
   ORDER BY n.similarity DESC, similarity(n.folded || ' ' || business.fold(c.client_name), a.folded) DESC, n.campaign_id
   LIMIT $2`,
};

const PLAN: Statement = {
  name: 'campaign_plan',
  text: 'SELECT c.objective, c.budget, c.countries FROM ads.campaigns c WHERE c.campaign_id = $1',
};

/** Campaigns of the hub, found by id or name, and their plans. */
export function openCampaigns(hub: SqlDatabase): Campaigns {
  return {
    byId: async (id, deadline) => (await hub.rows(BY_ID, [id], toCampaign, deadline))[0],
    byName: (name, deadline) => hub.rows(BY_NAME, [name], toCampaign, deadline),
    similar: (text, limit, deadline) => hub.rows(SIMILAR, [text, limit], toCampaign, deadline),
    plan: async (campaignId, deadline) => (await hub.rows(PLAN, [campaignId], toPlan, deadline))[0],
  };
}

/** A row with the columns of a campaign and its client's name. */
export function toCampaign(row: Row): Campaign {
  return {
    campaignId: textOf(row, 'campaign_id'),
    name: textOf(row, 'name'),
    clientId: textOf(row, 'client_id'),
    clientName: textOf(row, 'client_name'),
    status: textOf(row, 'status'),
    startDate: textOf(row, 'start_date'),
    endDate: textOf(row, 'end_date'),
  };
}

function toPlan(row: Row): CampaignPlan {
  return { objective: textOf(row, 'objective'), budget: textOf(row, 'budget'), countries: textsOf(row, 'countries') };
}
