import type { ContentCollection } from '../../shared/sources/content_collections.ts';
import { MOST_BYTES } from '../../shared/sources/content_documents.ts';
import { type DocumentRule, documentRule, TIME_PATTERN } from '../content/document_rule.ts';

/** A `$jsonSchema` of MongoDB: draft 4 without $ref, format, default and 'integer', and with bsonType (manual, "$jsonSchema"). */
export type MongoSchema = { readonly [keyword: string]: unknown };

/**
 * The validator of a collection: the collection's schema, that the document's `_id` is the field it is known by, and its size. MongoDB applies it to
 * inserts and to updates (validationLevel 'strict'); what was there before stays until it is next written.
 */
export function validatorOf({ schema, idField }: ContentCollection): MongoSchema {
  return {
    $and: [
      { $jsonSchema: topSchema(documentRule(schema)) },
      { $expr: { $eq: ['$_id', `$${idField}`] } },
      { $expr: { $lte: [{ $bsonSize: '$$ROOT' }, MOST_BYTES] } },
    ],
  };
}

/** At the top of a document times are dates, which indexes and comparisons go by, and where no other field may be `_id` must be named. */
function topSchema(rule: DocumentRule): MongoSchema {
  if (rule.kind === 'any of') return { anyOf: rule.rules.map(topSchema) };
  const schema = mongoSchema(rule);
  if (rule.kind !== 'object') return schema;
  const times = rule.fields.filter((field) => field.rule.kind === 'time').map(({ name }) => [name, { bsonType: 'date' }]);
  const own = rule.others === false ? { _id: {} } : {};
  return { ...schema, properties: { ...own, ...(schema.properties as object | undefined), ...Object.fromEntries(times) } };
}

function mongoSchema(rule: DocumentRule): MongoSchema {
  switch (rule.kind) {
    case 'any':
      return {};
    case 'boolean':
      return { bsonType: 'bool' };
    case 'null':
      return { bsonType: 'null' };
    case 'time':
      return { anyOf: [{ bsonType: 'date' }, { bsonType: 'string', pattern: toPcre(TIME_PATTERN) }] };
    case 'text':
      return given({
        bsonType: 'string',
        minLength: rule.shortest,
        maxLength: rule.longest,
        pattern: rule.pattern && toPcre(rule.pattern),
      });
    case 'number':
      // Whatever number type a driver chose: a whole number may well be stored as a double.
      return given({ bsonType: 'number', multipleOf: rule.whole ? 1 : undefined, minimum: rule.least, maximum: rule.most });
    case 'one of':
      return { enum: rule.values };
    case 'list':
      return given({ bsonType: 'array', minItems: rule.fewest, maxItems: rule.most, items: mongoSchema(rule.of) });
    case 'object': {
      const required = rule.fields.filter((field) => field.required).map(({ name }) => name);
      const properties = Object.fromEntries(rule.fields.map(({ name, rule: field }) => [name, mongoSchema(field)]));
      return given({
        bsonType: 'object',
        // Draft 4 knows no empty list of required fields.
        required: required.length > 0 ? required : undefined,
        properties: rule.fields.length > 0 ? properties : undefined,
        additionalProperties: rule.others === false ? false : rule.others.kind === 'any' ? undefined : mongoSchema(rule.others),
      });
    }
    case 'any of':
      return { anyOf: rule.rules.map(mongoSchema) };
    case 'all of':
      return { allOf: rule.rules.map(mongoSchema) };
  }
}

/** '$' is the very end in JavaScript and, without a flag, also the place before a last line break in PCRE. */
function toPcre(pattern: string): string {
  return pattern.replaceAll(/(?<!\\)\$/g, '\\z');
}

function given(schema: MongoSchema): MongoSchema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}
