import { z } from 'zod';
import { answerOf, defineTool, lines, readOnly } from '../../../shared/mcp/define_tool.ts';

export const getContent = defineTool({
  name: 'getContent',
  title: 'Find images by what they show',
  description: lines(
    'Images whose description fits a text, best first: content id, URL, thumbnail, description, hashtags, category, score, the campaigns that use each, and whether it is approved.',
    'Use it for "an image of a family at the beach", "¿qué fotos tenemos de café?". Not for how content performed: sales_dashboard.',
    'The answer says which method ranked: "semantic" (meaning, by an embedding model) or "lexical" (words and their parts, no model configured).',
    'Example: {"description":"familia en la playa al atardecer","limit":3}',
  ),
  input: z.object({
    description: z.string().trim().min(2).max(1_000).describe('What the image should show, in Spanish or English'),
    campaignName: z.string().trim().min(1).max(200).optional().describe('Only images that this campaign uses; name or id'),
    client: z.string().trim().min(1).max(200).optional().describe('Only images that campaigns of this client use; name or id'),
    category: z.string().trim().min(1).max(80).optional().describe('Only of this category. Example: "turismo"'),
    hashtag: z.string().trim().min(1).max(80).optional().describe('Only with this hashtag. Example: "#verano"'),
    format: z.enum(['jpg', 'png', 'webp']).optional(),
    approved: z.boolean().optional().describe('true: only approved ones; false: only those that wait'),
    limit: z.int().min(1).max(20).default(5),
  }),
  output: answerOf(
    z.object({
      status: z.enum(['data', 'no_data']),
      method: z.enum(['semantic', 'lexical']),
      model: z.string(),
      searched: z.number().describe('Images that the filters left to rank'),
      filters: z.record(z.string(), z.string()),
      images: z.array(
        z.object({
          rank: z.number(),
          contentId: z.string(),
          score: z.number().describe('Cosine similarity, 0 to 1; comparable within one answer'),
          description: z.string(),
          category: z.string(),
          hashtags: z.array(z.string()),
          url: z.string(),
          thumbnailUrl: z.string(),
          format: z.string(),
          approved: z.boolean(),
          campaigns: z.array(z.object({ campaignId: z.string(), name: z.string() })),
          moreCampaigns: z.number(),
        }),
      ),
    }),
  ),
  annotations: readOnly,
  scopes: ['content:read'],
  cache: 'until-next-load',
  aliases: {
    query: 'description',
    text: 'description',
    descripcion: 'description',
    campaign: 'campaignName',
    campaignId: 'campaignName',
    categoria: 'category',
    formato: 'format',
  },
});
