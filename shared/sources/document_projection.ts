import type { Document } from 'mongodb';
import { z } from 'zod';

/** MongoDB's projection of what a schema reads: the fields at its top. Other fields stay where they are. */
export function projectionOf(schema: z.ZodType): Document {
  return Object.fromEntries([...new Set(fieldsOf(schema))].map((name) => [name, 1]));
}

function fieldsOf(schema: z.core.$ZodType): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  if (schema instanceof z.ZodIntersection) return [schema.def.left, schema.def.right].flatMap(fieldsOf);
  if (schema instanceof z.ZodUnion) return schema.def.options.flatMap(fieldsOf);
  throw new TypeError('a schema of something else than a document');
}
