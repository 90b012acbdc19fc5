import { z } from 'zod';

type JsonSchema = { readonly [keyword: string]: unknown };

/** What every service with structured outputs understands. Limits of lengths and numbers are not among it: they are checked afterwards. */
const KEYWORDS = new Set(['type', 'description', 'enum', 'const', 'anyOf', 'items', 'properties', 'required', 'additionalProperties']);

/**
 * The JSON Schema of a zod schema in the subset that services enforce in strict mode: every property required, no further ones, no limits
 * of length or number (OpenAI takes some of them, Azure refuses them). Throws TypeError for what the subset cannot say, such as an optional
 * property: let it be null instead.
 */
export function strictSchema(schema: z.ZodType): JsonSchema {
  return strict(z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' }), '');
}

function strict(schema: unknown, at: string): JsonSchema {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) throw new TypeError(`No schema${place(at)}`);
  const given = schema as JsonSchema;
  if ('$ref' in given || 'oneOf' in given || 'allOf' in given)
    throw new TypeError(`Not said in strict mode: a reference or a mixture${place(at)}`);
  const kept: Record<string, unknown> = Object.fromEntries(Object.entries(given).filter(([keyword]) => KEYWORDS.has(keyword)));
  if (Array.isArray(kept.anyOf)) kept.anyOf = kept.anyOf.map((option) => strict(option, at));
  if (kept.type === 'array') kept.items = strict(kept.items, `${at}[]`);
  if (kept.type === 'object') {
    if (kept.properties === undefined) throw new TypeError(`Any key at all is no object in strict mode${place(at)}`);
    const properties = kept.properties as JsonSchema;
    const names = Object.keys(properties);
    const required = new Set(Array.isArray(kept.required) ? kept.required : []);
    const missing = names.find((name) => !required.has(name));
    if (missing !== undefined) throw new TypeError(`Optional in strict mode: ${at}.${missing}; let it be null instead`);
    kept.properties = Object.fromEntries(names.map((name) => [name, strict(properties[name], `${at}.${name}`)]));
    kept.required = names;
    kept.additionalProperties = false;
  }
  if (kept.type === undefined && kept.anyOf === undefined && kept.enum === undefined && kept.const === undefined) {
    throw new TypeError(`Anything at all is no schema in strict mode${place(at)}`);
  }
  return kept;
}

function place(at: string): string {
  return at === '' ? '' : `, at ${at}`;
}
