import { CONTENT_COLLECTIONS, type ContentCollection } from '../../../shared/sources/content_collections.ts';
import { MOST_BYTES } from '../../../shared/sources/content_documents.ts';
import { type DocumentRule, documentRule, TIME_PATTERN } from '../../content/document_rule.ts';

const HEAD = `-- PromptContent on PostgreSQL: what a document must be. Made by scripts/content_rules.ts from shared/sources/content_documents.ts.
-- After constraints.sql; may be run again at any time. Documents from before these rules stay, and must be right when they are next written.
-- No condition may raise an error whatever the value is, hence CASE before all that wants a type; null is no.

CREATE OR REPLACE FUNCTION content.is_text(value jsonb, shortest integer, longest integer, pattern text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN jsonb_typeof(value) = 'string'
              THEN (shortest IS NULL OR length(value #>> '{}') >= shortest) AND (longest IS NULL OR length(value #>> '{}') <= longest)
                   AND (pattern IS NULL OR (value #>> '{}') ~ pattern) END
$$;

CREATE OR REPLACE FUNCTION content.is_number(value jsonb, whole boolean, lowest numeric, highest numeric) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN jsonb_typeof(value) = 'number'
              THEN (NOT whole OR value::numeric % 1 = 0) AND (lowest IS NULL OR value::numeric >= lowest) AND (highest IS NULL OR value::numeric <= highest) END
$$;

CREATE OR REPLACE FUNCTION content.is_time(value jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT content.is_text(value, NULL, NULL, ${pattern(TIME_PATTERN)})
$$;`;

/** The script that lets each collection take only documents of its schema, under the id they are known by, and no two alike where they may not be. */
export function documentChecksSql(): string {
  return `${HEAD}\n\n${Object.entries(CONTENT_COLLECTIONS)
    .map(([name, collection]) => checkOf(name, collection))
    .join('\n\n')}\n`;
}

function checkOf(name: string, { schema, idField, unique }: ContentCollection): string {
  return `CREATE OR REPLACE FUNCTION content.takes_${name}(id text, document jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN (document ->> '${idField}' = id AND octet_length(document::text) <= ${MOST_BYTES} AND ${condition(documentRule(schema), 'document', 2)}) IS TRUE;
END $$;

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'content.${name}'::regclass AND conname = '${name}_document') THEN
    ALTER TABLE content.${name} ADD CONSTRAINT ${name}_document CHECK (content.takes_${name}(id, document)) NOT VALID;
  END IF;
END $$;${unique === undefined ? '' : `\n\n${uniqueIndex(name, unique)}`}`;
}

function uniqueIndex(name: string, fields: readonly string[]): string {
  const columns = fields.map((field) => `(document ->> ${quoted(field)})`).join(', ');
  return `CREATE UNIQUE INDEX IF NOT EXISTS ${name}_unique ON content.${name} (${columns});`;
}

/** The rule as a condition on a jsonb expression; `indent` is where its lines begin. */
function condition(rule: DocumentRule, value: string, indent: number): string {
  switch (rule.kind) {
    case 'any':
      return `${value} IS NOT NULL`;
    case 'boolean':
    case 'null':
      return typed(value, rule.kind);
    case 'time':
      return `content.is_time(${value})`;
    case 'text':
      return `content.is_text(${value}, ${orNull(rule.shortest)}, ${orNull(rule.longest)}, ${orNull(rule.pattern && pattern(rule.pattern))})`;
    case 'number':
      return `content.is_number(${value}, ${rule.whole}, ${orNull(rule.least)}, ${orNull(rule.most)})`;
    case 'one of':
      return `${value} IN (${rule.values.map((allowed) => quoted(JSON.stringify(allowed))).join(', ')})`;
    case 'list':
      return ofType(value, 'array', indent, (inside) => [
        ...(rule.fewest === undefined ? [] : [`jsonb_array_length(${value}) >= ${rule.fewest}`]),
        ...(rule.most === undefined ? [] : [`jsonb_array_length(${value}) <= ${rule.most}`]),
        each(`jsonb_array_elements(${value}) e${indent}`, rule.of, `e${indent}`, inside),
      ]);
    case 'object':
      return ofType(value, 'object', indent, (inside) => [
        ...rule.fields.flatMap((field) => {
          const demand = condition(field.rule, `(${value} -> ${quoted(field.name)})`, inside + 2);
          return field.required ? [demand] : [`(${value} -> ${quoted(field.name)} IS NULL OR ${demand})`];
        }),
        ...others(rule, value, inside),
      ]);
    case 'any of':
    case 'all of':
      return `(${rule.rules.map((part) => condition(part, value, indent + 2)).join(rule.kind === 'any of' ? ' OR ' : ' AND ')})`;
  }
}

/** The conditions on the other fields of an object. */
function others({ fields, others: rule }: Extract<DocumentRule, { kind: 'object' }>, value: string, indent: number): string[] {
  if (rule !== false && rule.kind === 'any') return [];
  const named = fields.map(({ name }) => quoted(name)).join(', ');
  const rest = fields.length === 0 ? value : `${value} - ARRAY[${named}]`;
  return [rule === false ? `${rest} = '{}'` : each(`jsonb_each(${rest}) e${indent}`, rule, `e${indent}.value`, indent)];
}

function each(source: string, rule: DocumentRule, value: string, indent: number): string {
  return `NOT EXISTS (SELECT FROM ${source} WHERE (${condition(rule, value, indent + 2)}) IS NOT TRUE)`;
}

function ofType(value: string, type: string, indent: number, demandsAt: (inside: number) => readonly string[]): string {
  const margin = `\n${' '.repeat(indent + 2)}`;
  const demands = demandsAt(indent + 2);
  return demands.length === 0 ? typed(value, type) : `CASE WHEN ${typed(value, type)} THEN${margin}${demands.join(`${margin}AND `)} END`;
}

function typed(value: string, type: string): string {
  return `jsonb_typeof(${value}) = '${type}'`;
}

function orNull(value: string | number | undefined): string {
  return value === undefined ? 'NULL' : String(value);
}

/** `\d` is a digit of any script in some locales of PostgreSQL. */
function pattern(source: string): string {
  return quoted(source.replaceAll('\\d', '[0-9]'));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
