import { z } from 'zod';

/** What a value must be. 'time' is a date in a document database and ISO 8601 text in JSON. */
export type DocumentRule =
  | { readonly kind: 'any' | 'boolean' | 'null' | 'time' }
  | {
      readonly kind: 'text';
      readonly shortest?: number | undefined;
      readonly longest?: number | undefined;
      /** A regular expression, in the part of the language that JavaScript, PCRE and PostgreSQL have in common. */
      readonly pattern?: string | undefined;
    }
  | { readonly kind: 'number'; readonly whole: boolean; readonly least?: number | undefined; readonly most?: number | undefined }
  | { readonly kind: 'one of'; readonly values: readonly (string | number | boolean)[] }
  | { readonly kind: 'list'; readonly of: DocumentRule; readonly fewest?: number | undefined; readonly most?: number | undefined }
  | {
      readonly kind: 'object';
      readonly fields: readonly { readonly name: string; readonly rule: DocumentRule; readonly required: boolean }[];
      /** What every other field must be; false: there may be none. */
      readonly others: DocumentRule | false;
    }
  | { readonly kind: 'any of' | 'all of'; readonly rules: readonly DocumentRule[] };

/** What a time is where it is text. */
export const TIME_PATTERN: string = (z.toJSONSchema(z.iso.datetime({ offset: true })) as { pattern: string }).pattern;

/**
 * The rule that a schema is, as its input is read. Throws for a schema that says what no database can check, so that a rule is never weaker than
 * its schema without anybody noticing.
 */
export function documentRule(schema: z.ZodType): DocumentRule {
  const json = z.toJSONSchema(schema, {
    target: 'draft-4',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod;
      if (def.type === 'date') Object.assign(jsonSchema, { format: 'stored-time' });
      else if (['custom', 'bigint', 'map', 'set', 'undefined'].includes(def.type)) throw new Error(`no database can check a ${def.type}`);
      if (def.checks?.some((check) => check._zod.def.check === 'custom')) throw new Error('no database can check a refine()');
    },
  });
  return ruleOf(json as JsonSchema);
}

type JsonSchema = {
  readonly [keyword: string]: unknown;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly $ref?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly enum?: readonly (string | number | boolean)[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
};

/** What is read below, and what demands nothing of a value. Another keyword would be a demand that is silently dropped. */
const KEYWORDS = new Set([
  ...['$schema', 'definitions', 'default', 'title', 'description', 'id', 'propertyNames'],
  ...['$ref', 'type', 'properties', 'required', 'additionalProperties', 'items', 'anyOf', 'allOf', 'enum', 'pattern', 'format'],
  ...['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems'],
]);

function ruleOf(json: JsonSchema): DocumentRule {
  const unknown = Object.keys(json).find((keyword) => !KEYWORDS.has(keyword));
  if (unknown !== undefined) throw new Error(`'${unknown}' of a JSON Schema is not read yet`);
  // Only z.json() refers to itself, and whatever a document database or jsonb can hold is that.
  if (json.$ref !== undefined) return { kind: 'any' };
  if (json.format === 'stored-time' || json.format === 'date-time') return { kind: 'time' };
  if (json.allOf !== undefined) {
    const { allOf, ...rest } = json;
    return { kind: 'all of', rules: [...(rest.type === undefined ? [] : [rest]), ...allOf].map(ruleOf) };
  }
  if (json.anyOf !== undefined) return anyOf(json.anyOf.map(ruleOf));
  if (typeof json.type === 'object') return anyOf(json.type.map((type) => ruleOf({ ...json, type })));
  if (json.enum !== undefined) return { kind: 'one of', values: json.enum };
  switch (json.type) {
    case undefined:
      return { kind: 'any' };
    case 'boolean':
    case 'null':
      return { kind: json.type };
    case 'string':
      return { kind: 'text', shortest: json.minLength, longest: json.maxLength, pattern: json.pattern };
    case 'number':
    case 'integer':
      return { kind: 'number', whole: json.type === 'integer', least: json.minimum, most: json.maximum };
    case 'array':
      return { kind: 'list', of: ruleOf(json.items ?? {}), fewest: json.minItems, most: json.maxItems };
    case 'object':
      return objectRule(json);
    default:
      throw new Error(`'${json.type}' of a JSON Schema is not read yet`);
  }
}

/** Alternatives within alternatives become one list, each of them once: a time is 'a date or text' in the schema. */
function anyOf(rules: readonly DocumentRule[]): DocumentRule {
  const flat = rules.flatMap((rule) => (rule.kind === 'any of' ? rule.rules : [rule]));
  const different = [...new Map(flat.map((rule) => [JSON.stringify(rule), rule])).values()];
  const [only] = different;
  return different.length === 1 && only !== undefined ? only : { kind: 'any of', rules: different };
}

function objectRule({ properties = {}, required = [], additionalProperties = true }: JsonSchema): DocumentRule {
  const fields = Object.entries(properties).map(([name, field]) => ({ name, rule: ruleOf(field), required: required.includes(name) }));
  const others = typeof additionalProperties === 'object' ? ruleOf(additionalProperties) : additionalProperties && { kind: 'any' as const };
  return { kind: 'object', fields, others };
}
