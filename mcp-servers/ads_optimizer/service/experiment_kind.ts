import type { EntityKind, EntityLookup } from '../../../shared/domain/entity_resolution.ts';
import { fold } from '../../../shared/domain/fold.ts';
import type { Experiment } from '../repo/experiments.ts';

/** How an experiment is found from what the caller wrote. */
export const EXPERIMENT_KIND: EntityKind<Experiment> = {
  noun: 'experiment',
  idOf: ({ experimentId }) => experimentId,
  nameOf: ({ name }) => name,
  qualifierOf: ({ campaignName }) => campaignName,
  qualifierNoun: 'campaign',
  describe: ({ experimentId, name, campaignName, startedOn, endedOn }) => ({
    experimentId,
    name,
    campaign: campaignName,
    startedOn,
    endedOn: endedOn ?? 'running',
  }),
  // The latest first: the one asked about is more often recent.
  compare: (one, other) => other.startedOn.localeCompare(one.startedOn, 'en') || one.experimentId.localeCompare(other.experimentId, 'en'),
};

/** Looks only among these: the experiments of one campaign. */
export function lookupAmong(experiments: readonly Experiment[]): EntityLookup<Experiment> {
  return {
    byId: async (id) => experiments.find(({ experimentId }) => experimentId === id),
    byName: async (name) => experiments.filter((experiment) => fold(experiment.name) === fold(name)),
    similar: async () => experiments,
  };
}
