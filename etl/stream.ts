import type { SourceColumn } from '../shared/sources/change_source.ts';
import type { RollUp } from './roll_up.ts';

/** The relational databases that own what the hub copies. */
export type RowDatabase = 'PromptAds' | 'PromptCRM';

/** The document databases that do. */
export type DocumentDatabase = 'PromptContent';

/** A column of a hub table; `type` is PostgreSQL's name for its type, exactly as the hub declares it. */
export type StreamColumn = SourceColumn & { readonly nullable: boolean };

/** A rule on the rows of a stream, as an SQL condition that holds for rows to be refused, and what to tell about them. */
export type Check = { readonly reason: string; readonly refuses: string };

type StreamBase = {
  /** The hub table. A stream is known by it. */
  readonly table: string;
  /** The table or collection in the source. */
  readonly source: string;
  readonly columns: readonly StreamColumn[];
  /** The primary key of the hub table. */
  readonly key: readonly string[];
  readonly checks: readonly Check[];
};

/** Rows that pass from source to hub as they are. */
export type RowStream = StreamBase & { readonly kind: 'rows'; readonly database: RowDatabase; readonly rollUp: RollUp | undefined };

/**
 * Rows that tell who people are: they are encrypted on their way (identity_rows.ts), so that the hub has other columns than the source. Never
 * part of a hub's first load: answers without names need not wait for it.
 */
export type IdentityStream = StreamBase & { readonly kind: 'identities'; readonly database: RowDatabase; readonly rollUp: undefined };

/** Documents, each of which becomes any number of rows. */
export type DocumentStream = StreamBase & {
  readonly kind: 'documents';
  readonly database: DocumentDatabase;
  /** The key column that holds the document's id: a document's rows are replaced, and deleted, by it. */
  readonly documentKey: string;
  /** The rows of a document. Throws a ZodError (or any Error that says what is wrong with it) for a document to be refused. */
  readonly map: (id: string, document: unknown) => readonly StreamRow[];
};

/** One table's way from its source to the hub. */
export type Stream = RowStream | IdentityStream | DocumentStream;

/** A row of a document stream: the value of each column by name. */
export type StreamRow = Readonly<Record<string, unknown>>;
