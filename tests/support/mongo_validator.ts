import { isDeepStrictEqual } from 'node:util';
import { BSON } from 'mongodb';

type Schema = Readonly<Record<string, unknown>>;

/**
 * What the manual says of a collection's validator ($jsonSchema, $and, $expr with $eq and the size of the document), for the keywords the project's validators use; any other
 * throws, as a server refuses it. Decides about one document and keeps none.
 */
export function mongoTakes(validator: Schema, document: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(validator).every(([operator, operand]) => {
    if (operator === '$and') return (operand as Schema[]).every((part) => mongoTakes(part, document));
    if (operator === '$jsonSchema') return takes(operand as Schema, document);
    if (operator !== '$expr') throw new Error(`unknown operator ${operator}`);
    return holds(operand as Schema, document);
  });
}

function holds(expression: Schema, document: Schema): boolean {
  const { $eq: fields, $lte: size } = expression as { readonly $eq?: string[]; readonly $lte?: [{ readonly $bsonSize: string }, number] };
  if (Object.keys(expression).length === 1 && size?.[0].$bsonSize === '$$ROOT') return BSON.calculateObjectSize(document) <= size[1];
  if (Object.keys(expression).length > 1 || fields === undefined) throw new Error(`unknown expression ${JSON.stringify(expression)}`);
  const [one, other] = fields.map((field) => document[field.slice(1)]);
  return isDeepStrictEqual(one, other);
}

const isNumber = (value: unknown): value is number => typeof value === 'number';
const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

const BSON_TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  number: isNumber,
  null: (value) => value === null,
  date: (value) => value instanceof Date,
  array: (value) => Array.isArray(value),
  object: isObject,
};

/** Each keyword by itself, as draft 4 has it: one about another type than the value's says nothing. */
const KEYWORDS: Readonly<Record<string, (operand: never, value: unknown, schema: Schema) => boolean>> = {
  bsonType: (type: string, value) => {
    const is = BSON_TYPES[type];
    if (is === undefined) throw new Error(`unknown bsonType ${type}`);
    return is(value);
  },
  enum: (values: readonly unknown[], value) => values.includes(value),
  minLength: (least: number, value) => typeof value !== 'string' || [...value].length >= least,
  maxLength: (most: number, value) => typeof value !== 'string' || [...value].length <= most,
  pattern: (pattern: string, value) => typeof value !== 'string' || new RegExp(pattern.replaceAll('\\z', '$')).test(value),
  multipleOf: (of: number, value) => !isNumber(value) || value % of === 0,
  minimum: (least: number, value) => !isNumber(value) || value >= least,
  maximum: (most: number, value) => !isNumber(value) || value <= most,
  minItems: (least: number, value) => !Array.isArray(value) || value.length >= least,
  maxItems: (most: number, value) => !Array.isArray(value) || value.length <= most,
  items: (each: Schema, value) => !Array.isArray(value) || value.every((item) => takes(each, item)),
  required: (names: readonly string[], value) => {
    if (names.length === 0) throw new Error("'required' cannot be an empty array");
    return !isObject(value) || names.every((name) => Object.hasOwn(value, name));
  },
  properties: (fields: Readonly<Record<string, Schema>>, value) =>
    !isObject(value) || Object.entries(fields).every(([name, field]) => !Object.hasOwn(value, name) || takes(field, value[name])),
  additionalProperties: (others: Schema | boolean, value, schema) => {
    if (!isObject(value) || others === true) return true;
    const named = (schema.properties ?? {}) as Schema;
    const rest = Object.entries(value).filter(([name]) => !Object.hasOwn(named, name));
    return others === false ? rest.length === 0 : rest.every(([, part]) => takes(others, part));
  },
  anyOf: (schemas: readonly Schema[], value) => schemas.some((schema) => takes(schema, value)),
  allOf: (schemas: readonly Schema[], value) => schemas.every((schema) => takes(schema, value)),
};

function takes(schema: Schema, value: unknown): boolean {
  return Object.entries(schema).every(([keyword, operand]) => {
    const check = KEYWORDS[keyword];
    if (check === undefined) throw new Error(`Unknown $jsonSchema keyword: ${keyword}`);
    return check(operand as never, value, schema);
  });
}

/** The document as a server has it after the driver sent it. */
export function overTheWire(document: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return BSON.deserialize(BSON.serialize(document, { ignoreUndefined: true }));
}
