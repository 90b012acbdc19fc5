import { addDays } from '../../../shared/domain/calendar_day.ts';
import { resolveCampaign, resolveEntity } from '../../../shared/domain/entity_resolution.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { Campaigns } from '../../../shared/hub/campaigns.ts';
import type { AnsweredCampaign, Handler } from '../../../shared/mcp/contract.ts';
import type { Experiment, Experiments } from '../repo/experiments.ts';
import { experimentData, experimentListData, experimentListText, experimentText } from '../service/experiment_answer.ts';
import { EXPERIMENT_KIND, lookupAmong } from '../service/experiment_kind.ts';
import { readExperiment } from '../service/experiment_reading.ts';
import { analyzeExperiment } from '../tools/analyze_experiment.ts';

export type ExperimentRepos = { readonly campaigns: Campaigns; readonly experiments: Experiments };

export const handleAnalyzeExperiment: Handler<typeof analyzeExperiment, ExperimentRepos> = async (
  { experiment, campaignName },
  { repos, clock, deadline },
) => {
  if (experiment === undefined && campaignName === undefined) {
    throw new ToolError('invalid_input', 'Neither an experiment nor a campaign was named.', {
      remedy: 'Give experiment (name or id, for example "EXP-2026-003"), or campaignName for all experiments of a campaign.',
    });
  }
  const today = clock.today();
  const campaign = campaignName === undefined ? undefined : await resolveCampaign(repos.campaigns, campaignName, deadline);
  const among = campaign === undefined ? undefined : await repos.experiments.ofCampaign(campaign.campaignId, deadline);
  const chosen = await chosenExperiment(experiment, among);
  // Today is not over: a day counts when it is.
  const days = await repos.experiments.days(
    chosen === undefined ? (among ?? []).map(({ experimentId }) => experimentId) : [chosen.experimentId],
    addDays(today, -1),
    deadline,
  );
  const readingOf = (one: Experiment) =>
    readExperiment(
      one,
      days.filter(({ experimentId }) => experimentId === one.experimentId),
      today,
    );
  if (chosen === undefined) {
    const list = experimentListData((among ?? []).map(readingOf), campaign?.name ?? 'The campaign');
    const [first] = list.experiments;
    return {
      data: list,
      text: experimentListText(list),
      campaign,
      next:
        first === undefined
          ? []
          : [{ tool: analyzeExperiment.name, arguments: { experiment: first.experimentId }, why: `all figures of ${first.name}` }],
    };
  }
  const data = experimentData(readingOf(chosen));
  return {
    data,
    text: experimentText(data, chosen.hypothesis),
    campaign: campaign ?? (await campaignOf(chosen)),
    next: [{ tool: 'get_campaign_pacing', arguments: { campaignName: chosen.campaignId }, why: 'how its campaign spends' }],
  };

  /** The one that is meant: what was named, or the only one of the campaign. */
  async function chosenExperiment(
    asked: string | undefined,
    ofCampaign: readonly Experiment[] | undefined,
  ): Promise<Experiment | undefined> {
    if (asked === undefined) return ofCampaign?.length === 1 ? ofCampaign[0] : undefined;
    const lookup = ofCampaign === undefined ? repos.experiments : lookupAmong(ofCampaign);
    return (await resolveEntity(EXPERIMENT_KIND, lookup, asked, deadline)).entity;
  }

  async function campaignOf({ campaignId }: Experiment): Promise<AnsweredCampaign | undefined> {
    const found = await repos.campaigns.byId(campaignId, deadline);
    return found === undefined ? undefined : { ...found, matchedBy: 'experiment' };
  }
};
