import { z } from 'zod';
import { ToolError } from '../domain/tool_error.ts';
import type { SourceDocument } from './change_source.ts';
import { tooLarge } from './content_documents.ts';

/** A document that its schema does not take. */
export type RefusedDocument = { readonly collection: string; readonly id: string; readonly reason: string };

/** What a store tells its owner. */
export type ContentStoreOptions = { readonly onRefused?: ((refused: RefusedDocument) => void) | undefined };

/** Reads documents by their schemas. */
export type ContentReader = {
  /** Those that their schema takes; of the others the store's owner is told. */
  readonly readable: <T>(
    collection: string,
    schema: z.ZodType<T>,
    found: readonly SourceDocument[],
  ) => { readonly id: string; readonly value: T }[];
  /** The one that was asked for by its id, undefined when none was found. Throws ToolError 'internal' when its schema does not take it. */
  readonly readOne: <T>(collection: string, schema: z.ZodType<T>, id: string, found: readonly SourceDocument[]) => T | undefined;
};

/** The reader of one store. */
export function contentReader(options: ContentStoreOptions): ContentReader {
  const readable: ContentReader['readable'] = (collection, schema, found) =>
    found.flatMap(({ id, document }) => {
      const read = readDocument(schema, document);
      if ('value' in read) return [{ id, value: read.value }];
      options.onRefused?.({ collection, id, reason: read.reason });
      return [];
    });
  return {
    readable,
    readOne: (collection, schema, id, found) => {
      const [read] = readable(collection, schema, found);
      if (read === undefined && found.length > 0) {
        throw new ToolError('internal', `What PromptContent holds in ${collection} about ${id} cannot be read.`, {
          remedy: 'An administrator finds what is wrong with it among the dead letters of the load: `promptsales etl status`.',
        });
      }
      return read?.value;
    },
  };
}

function readDocument<T>(schema: z.ZodType<T>, document: unknown): { readonly value: T } | { readonly reason: string } {
  const size = tooLarge(JSON.stringify(document));
  if (size !== undefined) return { reason: size };
  const parsed = schema.safeParse(document);
  return parsed.success ? { value: parsed.data } : { reason: z.prettifyError(parsed.error) };
}
