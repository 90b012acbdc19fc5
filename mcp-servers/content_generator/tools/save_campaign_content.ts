import { z } from 'zod';
import { CampaignRef } from '../../../shared/domain/period_arguments.ts';
import { answerOf, defineTool, lines } from '../../../shared/mcp/define_tool.ts';

const ContentId = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9._:-]{1,100}$/, 'no content id: letters, digits, ".", "_", ":" and "-"');

export const saveCampaignContent = defineTool({
  name: 'save_campaign_content',
  title: 'Save messages and images to a campaign',
  description: lines(
    'Stores chosen messages and images as content versions of a campaign in PromptContent. It adds; it never changes or removes what is there.',
    'Use it when the user has chosen among messages or images for a campaign. Not for writing them: generateCampaignMessages. Not for finding images: getContent.',
    "Two steps. The first call checks all of it (the channel's limits, placeholders, what the client must not say, the images' approval and owner) and answers needs_confirmation with what would be added. Show that to the user; then call again with the same arguments and the confirmationToken, within 15 minutes. Repeating a call adds nothing twice: already_saved.",
    'A campaign that somebody changed meanwhile is left as it is, and the answer says so.',
    'Example: {"campaignName":"CMP-VERANO-2026","messages":[{"channel":"instagram","text":"Vení a correr con nosotros este sábado.","hashtags":["#TrailCR"],"imageIds":["IMG-001"]}]}',
  ),
  input: z.object({
    campaignName: CampaignRef,
    messages: z
      .array(
        z.strictObject({
          channel: z.string().trim().min(1).max(60).describe('instagram, facebook, email, x, …'),
          text: z.string().trim().min(1).max(6_000).describe('Without hashtags'),
          headline: z.string().trim().max(300).optional().describe('Title, subject or header, on channels that have one'),
          hashtags: z.array(z.string().trim().max(100)).max(30).default([]),
          imageIds: z.array(ContentId).max(5).default([]).describe('The best first'),
        }),
      )
      .min(1)
      .max(30),
    images: z.array(ContentId).max(50).default([]).describe('Content ids of images to use beside those of the messages'),
    confirmationToken: z.string().min(1).max(65_536).optional().describe('Of the plan the user agreed to'),
  }),
  output: answerOf(
    z.object({
      status: z.enum(['needs_confirmation', 'saved', 'already_saved']),
      added: z
        .object({
          messages: z.array(
            z.object({
              messageId: z.string(),
              channel: z.string(),
              headline: z.string().nullable(),
              text: z.string(),
              hashtags: z.array(z.string()),
              images: z.array(z.string()),
            }),
          ),
          images: z.array(z.string()),
        })
        .describe('needs_confirmation: what would be added; saved: what was; already_saved: nothing'),
      alreadyThere: z.object({
        messages: z.array(z.string()).describe('Asked-for messages the campaign has, by id'),
        images: z.array(z.string()).describe('Asked-for images the campaign has'),
        versions: z.number().describe('All content versions of the campaign before this'),
        usedImages: z.number(),
      }),
      campaignUpdatedAt: z.string().describe('needs_confirmation: the state the plan was made of; else the state now'),
      confirmationToken: z.string().nullable(),
      expiresAt: z.string().nullable(),
    }),
  ),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  scopes: ['content:generate'],
  cache: 'none',
  aliases: {
    campaign: 'campaignName',
    campaignId: 'campaignName',
    campaign_name: 'campaignName',
    campaign_id: 'campaignName',
    campana: 'campaignName',
    campaña: 'campaignName',
    mensajes: 'messages',
    imagenes: 'images',
    imageIds: 'images',
    confirmation_token: 'confirmationToken',
  },
});
