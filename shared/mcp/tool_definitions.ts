import { z } from 'zod';
import type { Tool } from './contract.ts';
import { inputSchemaOf } from './pipeline.ts';

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

/** A failed call's structured part. It stands in the output schema because hosts hold errors against that schema too. */
const ERROR_SCHEMA = {
  type: 'object',
  properties: { class: { type: 'string' }, message: { type: 'string' }, remedy: { type: 'string' }, correlationId: { type: 'string' } },
  required: ['class', 'message', 'correlationId'],
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
      // The bounds of "any safe integer" say nothing.
      if (part.minimum === Number.MIN_SAFE_INTEGER) delete part.minimum;
      if (part.maximum === Number.MAX_SAFE_INTEGER) delete part.maximum;
      // A record's key schema repeats that JSON keys are text.
      if (isPlainText(part.propertyNames)) delete part.propertyNames;
    },
  });
  return { ...rest, type: 'object' };
}

function answerOrError({ required, properties, ...answer }: JsonObjectSchema): JsonObjectSchema {
  return {
    ...answer,
    properties: { ...(typeof properties === 'object' ? properties : {}), error: ERROR_SCHEMA },
    anyOf: [{ required }, { required: ['error'] }],
  };
}

function isPlainText(schema: unknown): boolean {
  return typeof schema === 'object' && schema !== null && Object.keys(schema).join() === 'type';
}
