import { z } from 'zod';
import type { Tool } from './contract.ts';
import { inputSchemaOf } from './served_tool.ts';

/** A tool as tools/list shows it. */
export type ToolDefinition = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: JsonObjectSchema;
  readonly outputSchema: JsonObjectSchema;
  readonly annotations: Tool['annotations'];
};

type JsonObjectSchema = { type: 'object'; [keyword: string]: unknown };

/**
 * The envelope as hosts see it: names only. Its exact schema is answerOf()'s, which every answer is checked against; written out in full it
 * would cost 450 tokens a tool. The error stands here because hosts hold failed calls against the same schema.
 */
const ENVELOPE_SHOWN = {
  campaign: { type: 'object' },
  period: { type: 'object' },
  previousPeriod: { type: 'object' },
  dataAsOf: { type: 'object' },
  cache: { type: 'object' },
  page: { type: 'object' },
  warnings: { type: 'array', items: { type: 'string' } },
  next: { type: 'array', items: { type: 'object' } },
  error: { type: 'object' },
};

/** Definitions in the order given, which never changes between two calls: hosts cache them. */
export function toolDefinitions(tools: readonly Tool[]): readonly ToolDefinition[] {
  return tools.map((tool) => ({
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: jsonSchema(inputSchemaOf(tool), 'input'),
    outputSchema: answerOrError(jsonSchema(tool.output, 'output')),
    annotations: tool.annotations,
  }));
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonObjectSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema: part }) => {
      // Every answer is checked against the exact schema here; hosts need its shape, and each keyword costs them tokens.
      if (io === 'output' && part.additionalProperties === false) delete part.additionalProperties;
      if (io === 'output') {
        shortenNullable(part);
        // Hosts hold answers against what is there; that all of it is always there is checked here.
        delete part.required;
        // What says where figures come from is read by people, in the text.
        if (part.brief === true) for (const keyword of Object.keys(part)) if (keyword !== 'type') delete part[keyword];
      }
      // The bounds of "any safe integer" say nothing.
      if (part.minimum === Number.MIN_SAFE_INTEGER) delete part.minimum;
      if (part.maximum === Number.MAX_SAFE_INTEGER) delete part.maximum;
      // A record's key schema repeats that JSON keys are text.
      if (isPlainText(part.propertyNames)) delete part.propertyNames;
    },
  });
  return { ...rest, type: 'object' };
}

/** {"anyOf":[{"type":"number"},{"type":"null"}]} says the same as {"type":["number","null"]}. */
function shortenNullable(part: z.core.JSONSchema.BaseSchema): void {
  const [value, none, ...more] = part.anyOf ?? [];
  if (more.length > 0 || typeof value !== 'object' || typeof none !== 'object' || none.type !== 'null') return;
  if (typeof value.type !== 'string' || value.enum !== undefined || value.const !== undefined) return;
  delete part.anyOf;
  Object.assign(part, value, { type: [value.type, 'null'] });
}

function answerOrError({ properties }: JsonObjectSchema): JsonObjectSchema {
  const data = typeof properties === 'object' && properties !== null && 'data' in properties ? properties.data : { type: 'object' };
  return {
    type: 'object',
    properties: { data, ...ENVELOPE_SHOWN },
    anyOf: [{ required: ['data', 'dataAsOf', 'cache', 'warnings', 'next'] }, { required: ['error'] }],
  };
}

function isPlainText(schema: unknown): boolean {
  return typeof schema === 'object' && schema !== null && Object.keys(schema).join() === 'type';
}
