import { countOf, optionalTextOf, type Row, textOf } from '../../../shared/db/row.ts';
import type { SqlDatabase, Statement } from '../../../shared/db/sql_database.ts';
import type { Deadline } from '../../../shared/domain/deadline.ts';
import { CANDIDATES_READ, type EntityLookup } from '../../../shared/domain/entity_resolution.ts';

/** An A/B experiment of a campaign: two arms, 'control' and 'treatment'. */
export type Experiment = {
  readonly experimentId: string;
  readonly campaignId: string;
  readonly campaignName: string;
  readonly name: string;
  readonly hypothesis: string;
  /** What a success is: 'conversion_rate', 'click_rate'. */
  readonly metric: string;
  /** The share of visitors meant for the treatment, between 0 and 1, as decimal text. */
  readonly allocation: string;
  readonly startedOn: string;
  /** Last day, inclusive; null while it runs without a set end. */
  readonly endedOn: string | null;
};

/** One arm's visitors and successes on a day. */
export type ExperimentDay = {
  readonly experimentId: string;
  readonly arm: string;
  readonly day: string;
  readonly visitors: number;
  readonly successes: number;
};

export type Experiments = EntityLookup<Experiment> & {
  /** All of a campaign, the latest first. */
  readonly ofCampaign: (campaignId: string, deadline: Deadline) => Promise<readonly Experiment[]>;
  /** The days of some experiments up to one, in order. */
  readonly days: (experimentIds: readonly string[], upTo: string, deadline: Deadline) => Promise<readonly ExperimentDay[]>;
};

// The campaign may arrive a moment later: then its id stands for its name.
const EXPERIMENT = `
  SELECT e.experiment_id, e.campaign_id, coalesce(c.name, e.campaign_id) AS campaign_name, e.name, e.hypothesis, e.metric, e.allocation,
         e.started_on, e.ended_on
    FROM ads.experiments e
    LEFT JOIN ads.campaigns c USING (campaign_id)`;

const BY_ID: Statement = { name: 'experiment_by_id', text: `${EXPERIMENT} WHERE e.experiment_id = $1` };

const BY_NAME: Statement = {
  name: 'experiments_by_name',
  text: `${EXPERIMENT} WHERE business.fold(e.name) = business.fold($1) ORDER BY e.started_on DESC, e.experiment_id LIMIT ${CANDIDATES_READ}`,
};

const SIMILAR: Statement = {
  name: 'experiments_by_similar_name',
  text: `
  WITH asked AS MATERIALIZED (SELECT business.fold($1) AS folded)
  SELECT x.experiment_id, x.campaign_id, x.campaign_name, x.name, x.hypothesis, x.metric, x.allocation, x.started_on, x.ended_on
    FROM asked a, (SELECT e.*, business.fold(e.name) AS folded FROM (${EXPERIMENT}) e OFFSET 0) x
   ORDER BY greatest(word_similarity(a.folded, x.folded), word_similarity(x.folded, a.folded)) DESC, x.experiment_id
   LIMIT $2`,
};

const OF_CAMPAIGN: Statement = {
  name: 'experiments_of_campaign',
  text: `${EXPERIMENT} WHERE e.campaign_id = $1 ORDER BY e.started_on DESC, e.experiment_id`,
};

const DAYS: Statement = {
  name: 'experiment_days',
  text: `SELECT d.experiment_id, d.arm, d.day, d.visitors, d.successes
           FROM ads.experiment_days d
          WHERE d.experiment_id = ANY ($1::text[]) AND d.day <= $2::date
          ORDER BY d.experiment_id, d.day, d.arm`,
};

/** Experiments of the hub, found by id or name, and what happened in them. */
export function openExperiments(hub: SqlDatabase): Experiments {
  return {
    byId: async (id, deadline) => (await hub.rows(BY_ID, [id], toExperiment, deadline))[0],
    byName: (name, deadline) => hub.rows(BY_NAME, [name], toExperiment, deadline),
    similar: (text, limit, deadline) => hub.rows(SIMILAR, [text, limit], toExperiment, deadline),
    ofCampaign: (campaignId, deadline) => hub.rows(OF_CAMPAIGN, [campaignId], toExperiment, deadline),
    days: (experimentIds, upTo, deadline) => hub.rows(DAYS, [experimentIds, upTo], toDay, deadline),
  };
}

function toExperiment(row: Row): Experiment {
  return {
    experimentId: textOf(row, 'experiment_id'),
    campaignId: textOf(row, 'campaign_id'),
    campaignName: textOf(row, 'campaign_name'),
    name: textOf(row, 'name'),
    hypothesis: textOf(row, 'hypothesis'),
    metric: textOf(row, 'metric'),
    allocation: textOf(row, 'allocation'),
    startedOn: textOf(row, 'started_on'),
    endedOn: optionalTextOf(row, 'ended_on'),
  };
}

function toDay(row: Row): ExperimentDay {
  return {
    experimentId: textOf(row, 'experiment_id'),
    arm: textOf(row, 'arm'),
    day: textOf(row, 'day'),
    visitors: countOf(row, 'visitors'),
    successes: countOf(row, 'successes'),
  };
}
