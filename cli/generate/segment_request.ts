import { z } from 'zod';
import { limitsOf } from '../../mcp-servers/content_generator/service/platform_limits.ts';
import { populationHash, readPopulation } from '../../mcp-servers/content_generator/service/population.ts';
import { canonicalHash } from '../../shared/domain/canonical_json.ts';
import { jsonText } from '../../shared/domain/json_text.ts';
import { ToolError } from '../../shared/domain/tool_error.ts';

/** What is to be written for one population of a campaign, as a job of queue:ai_generation carries it: JSON in `segmento`. */
export const SegmentRequest = z.strictObject({
  /** In words. */
  population: z.string().trim().min(1),
  channel: z.string().optional(),
  language: z.enum(['es', 'en']).default('es'),
  tone: z.string().optional(),
  images: z.boolean().default(true),
  /** The most that whoever queued it agreed to pay, US dollars as decimal text; null: an unknown amount. Absent: nobody was asked. */
  agreedCostUsd: z.string().nullable().optional(),
});
export type SegmentRequest = z.output<typeof SegmentRequest>;

/**
 * Reads a queued `segmento`: the JSON of a request, or a population in words as other programs write it.
 * Throws ToolError 'invalid_input' for JSON of another shape.
 */
export function readSegment(segmento: string): SegmentRequest {
  if (!segmento.trimStart().startsWith('{')) return SegmentRequest.parse({ population: segmento });
  const read = jsonText(SegmentRequest).safeParse(segmento);
  if (read.success) return read.data;
  throw new ToolError('invalid_input', `The segment is not as described: ${z.prettifyError(read.error)}`, {
    remedy: 'A segment is a population in words, or JSON {population, channel?, language?, tone?, images?}.',
  });
}

/** The arguments with which the tool is asked for it. */
export function toolArguments(campaign: string, { population, channel, language, tone, images }: SegmentRequest) {
  return { campaignName: campaign, populations: [{ text: population }], channel, language, tone, images };
}

/**
 * Names a request by what it asks, whatever words and case it is written in: the id of its job and the idempotency key under which it is paid
 * once. Throws ToolError 'invalid_input' for a channel or population that cannot be read.
 */
export function segmentId(campaignId: string, { population, channel, language, tone, images }: SegmentRequest): string {
  return `gen_${canonicalHash({
    campaignId,
    population: populationHash(readPopulation({ text: population }).population),
    channel: limitsOf(channel).channelId,
    language,
    tone: tone ?? null,
    images,
  })}`;
}
