import { z } from 'zod';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';

const Figure = z.number().nullable();
// Low, high, level: named in the text, as a record to cost a host fewer tokens.
const Interval = z.record(z.string(), z.number());
const Verdict = z.enum(['treatment_better', 'control_better', 'no_difference_found', 'not_yet', 'cannot_say']);
const State = z.enum(['not_started', 'running', 'finished']);

export const analyzeExperiment = defineTool({
  name: 'analyze_experiment',
  title: 'Reading of an A/B experiment',
  description: lines(
    'Reads an A/B experiment: lift with intervals, p value, power, sample-ratio check, a reading that stays valid however often one looks, novelty, and a plain verdict with what to do next.',
    'Use it for "did variant B win", "can we stop the test". Give the experiment, or the campaign to list its experiments with a verdict each. Refuses a verdict when the data cannot carry one. Not for budgets: recommend_budget.',
    'Example: {"experiment":"EXP-2026-003"}',
    'Example: {"experiment":"Botón de WhatsApp","campaignName":"Navidad 2026"}',
  ),
  input: z.object({
    experiment: z.string().trim().min(1).max(200).optional().describe('Experiment name or id'),
    campaignName: z.string().trim().min(1).max(200).optional().describe('Campaign name or id; all of its experiments, or the one named'),
  }),
  output: answerOf(
    z.object({
      verdict: z.string().nullable(),
      sentence: z.string(),
      nextStep: z.string().nullable(),
      experiments: z.array(
        z.object({
          experimentId: z.string(),
          name: z.string(),
          metric: z.string(),
          state: State,
          startedOn: z.string(),
          endedOn: z.string().nullable(),
          verdict: Verdict,
          liftPercent: Figure,
          p: Figure,
          alwaysValidP: Figure,
        }),
      ),
      arms: z.array(z.object({ arm: z.string(), visitors: z.number(), successes: z.number(), ratePercent: Figure })),
      differencePoints: z.object({ value: z.number(), at90: Interval, at95: Interval }).nullable(),
      liftPercent: z.object({ value: z.number(), at90: Interval, at95: Interval }).nullable(),
      test: z.object({ z: z.number(), p: z.number() }).nullable(),
      sequential: z.object({ p: z.number(), differencePoints: Interval.nullable() }).nullable(),
      sampleRatio: z.looseObject({ isAsPlanned: z.boolean() }).nullable(),
      power: z.record(z.string(), Figure).nullable(),
      novelty: z.looseObject({ hasChanged: z.boolean() }).nullable(),
      basis: z
        .object({
          window: z.record(z.string(), z.string()).nullable(),
          days: z.number(),
          visitors: z.number(),
          method: z.string(),
          assumes: z.array(z.string()),
        })
        .meta({ brief: true }),
    }),
  ),
  annotations: readOnly,
  scopes: ['ads:read'],
  cache: 'until-next-load',
  aliases: {
    experimentId: 'experiment',
    experimentName: 'experiment',
    experiment_id: 'experiment',
    experimento: 'experiment',
    test: 'experiment',
    campaign: 'campaignName',
    campaignId: 'campaignName',
    campaign_id: 'campaignName',
    campana: 'campaignName',
    campaña: 'campaignName',
  },
});
