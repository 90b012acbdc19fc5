import { z } from 'zod';
import { answerOf, defineTool, lines } from '../../../shared/mcp/define_tool.ts';
import { PopulationInput } from './shapes.ts';

const Cost = z.object({
  tokens: z.number(),
  costUsd: z.string().describe('US dollars, exact'),
  costKnown: z.boolean().describe('false: the model has no price in the settings, so costUsd is only what is known'),
});

export const generateCampaignMessages = defineTool({
  name: 'generateCampaignMessages',
  title: 'Write three messages for each population',
  description: lines(
    "Writes exactly three messages for each target population of a campaign: text within the channel's limits, tone, hashtags, images that fit, and why it fits.",
    'Use it for "escribí tres mensajes para mujeres 18-25 en San José interesadas en yoga". Not for finding images alone: getContent. Not for saving: save_campaign_content.',
    "It costs the client's plan one generacion_contenido a population (and one imagenes_ia with images); the same question again is answered from what was kept, at no cost.",
    'Status needs_confirmation: it would cost much. Show the plan to the user, then call again with the same arguments and its confirmationToken.',
    'Status brief: no text model is configured, nothing was generated; write the messages yourself from the brief, by its rules.',
    'Example: {"campaignName":"Verano 2026","populations":[{"text":"mujeres 18-25 en San José interesadas en yoga"}],"channel":"instagram"}',
  ),
  input: z.object({
    campaignName: z.string().trim().min(1).max(200).describe('Name or id'),
    populations: z.array(PopulationInput).min(1).max(10).describe('Whom to write for: words, fields, or both'),
    channel: z.string().trim().max(60).optional().describe('instagram, facebook, email, x, …; left out: a text that fits most'),
    language: z.enum(['es', 'en']).default('es'),
    tone: z.string().trim().min(1).max(120).optional(),
    images: z.boolean().default(true).describe('false: without images'),
    idempotencyKey: z.string().trim().min(1).max(200).optional().describe('The same key again returns the first result'),
    confirmationToken: z.string().min(1).max(65_536).optional().describe('Of a plan the user agreed to'),
  }),
  output: answerOf(
    z.object({
      status: z.enum(['written', 'partly_written', 'not_written', 'needs_confirmation', 'brief']),
      model: z.string().nullable(),
      channel: z.string(),
      language: z.enum(['es', 'en']),
      populations: z.array(
        z.object({
          population: z.string().describe('As it was understood'),
          notUnderstood: z.array(z.string()),
          result: z.enum(['written', 'kept', 'failed', 'waiting', 'brief']).describe('kept: written before, at no cost now'),
          why: z.string().nullable().describe('Why it failed'),
          attempts: z.number(),
          messages: z.array(
            z.object({
              number: z.number(),
              headline: z.string().nullable(),
              text: z.string(),
              tone: z.string(),
              hashtags: z.array(z.string()),
              images: z.array(z.object({ contentId: z.string(), url: z.string(), description: z.string() })),
              reason: z.string(),
              length: z.number(),
              mostLength: z.number(),
            }),
          ),
          brief: z
            .object({
              campaign: z.record(z.string(), z.string()),
              images: z.array(
                z.object({ imageId: z.string(), description: z.string(), hashtags: z.array(z.string()), category: z.string() }),
              ),
              similarMessages: z.array(z.object({ campaignName: z.string(), text: z.string(), tone: z.string() })),
              rules: z.array(z.string()),
            })
            .nullable(),
        }),
      ),
      lengthUnit: z.string().describe('What length and mostLength count'),
      spent: Cost,
      saved: Cost.describe('What kept messages would have taken'),
      quota: z
        .array(z.object({ feature: z.string(), used: z.number(), limit: z.number().nullable(), resetDate: z.string() }))
        .describe("Where the client's plan stands after this"),
      plan: z
        .object({
          populationsToWrite: z.number(),
          model: z.string(),
          mostTokens: z.number(),
          mostCostUsd: z.string().nullable().describe('null: not known'),
          confirmationToken: z.string(),
          expiresAt: z.string(),
        })
        .nullable(),
    }),
  ),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  scopes: ['content:generate'],
  cache: 'none',
  deadlineMs: 110_000,
  otherNames: ['generateCampaignContent'],
  aliases: {
    campaign: 'campaignName',
    campaignId: 'campaignName',
    campaign_name: 'campaignName',
    campaign_id: 'campaignName',
    campana: 'campaignName',
    campaña: 'campaignName',
    population: 'populations',
    poblaciones: 'populations',
    segments: 'populations',
    canal: 'channel',
    platform: 'channel',
    idioma: 'language',
    tono: 'tone',
    idempotency_key: 'idempotencyKey',
    confirmation_token: 'confirmationToken',
  },
});
