/** A column as a source hands it over: its name there, and the PostgreSQL type the hub keeps it in. */
export type SourceColumn = {
  readonly name: string;
  readonly type: string;
  /** The year of this date column there, instead of a column of the name. */
  readonly yearOf?: string;
};

/** What a stream reads: a table or collection by its name in the source, the columns wanted, and those that identify a row. */
export type ChangeRequest = {
  readonly table: string;
  readonly columns: readonly SourceColumn[];
  readonly key: readonly string[];
};

/** The identifying values of a row that is gone, by column name, as JSON. */
export type DeletedKey = Readonly<Record<string, unknown>>;

/** A row that the source's adapter could not turn into the hub's types. */
export type RejectedRow = { readonly key: string; readonly reason: string; readonly data: unknown };

/** A document of a collection: the id that also names it when it is deleted, and its content, not looked at yet. */
export type SourceDocument = { readonly id: string; readonly document: unknown };

/**
 * The changes of one table since a position, or all of it.
 *
 * - `mode` 'delta': `content` holds what was written since, `deletedKeys` what is gone. 'snapshot': `content` is the whole table, and
 *   whatever the reader has beyond it is gone; `deletedKeys` is empty.
 * - `position` is what to read from next time. Opaque: only the source that gave it can read it.
 * - `asOf`: the source's clock. Everything committed there before it is in the reader's hands once this set is applied.
 * - `content` can be consumed once. A row may come although it did not change, never the other way round.
 * - `rejected` is complete when `content` has been consumed.
 */
export type ChangeSet<Content> = {
  readonly mode: 'snapshot' | 'delta';
  readonly position: string;
  readonly asOf: Date;
  readonly content: AsyncIterable<Content>;
  readonly deletedKeys: readonly DeletedKey[];
  readonly rejected: readonly RejectedRow[];
  /** Ends the read and frees its connection, whether or not the content was consumed. Never throws. */
  readonly close: () => Promise<void>;
};

/**
 * One source database as the ETL sees it.
 *
 * `readChanges` starts from a position of an earlier ChangeSet, or from nothing (null: a snapshot). A position the source can no longer
 * serve (aged out, truncated, restored from a backup, another table by now) is answered with a snapshot, never with a gap.
 *
 * How the production databases fit: SQL Server Change Tracking takes CHANGE_TRACKING_MIN_VALID_VERSION and
 * CHANGE_TRACKING_CURRENT_VERSION in one SNAPSHOT transaction: the version is the position, a last version below the minimum is a
 * snapshot, CHANGETABLE joined to the live table gives the rows (encoded as binary COPY by the adapter, which is why a request names types)
 * and the deleted keys. MongoDB: the post-batch resume token is the position, a lost token (codes 280 and 286) is a snapshot, events
 * looked up in the collection give the documents, delete events their `_id`.
 */
export interface ChangeSource<Content> {
  readChanges(request: ChangeRequest, position: string | null): Promise<ChangeSet<Content>>;
  close(): Promise<void>;
}

/** A relational source: content is one binary COPY stream (header, rows, trailer) of the requested columns, in chunks of any size. */
export type RowSource = ChangeSource<Uint8Array>;

/** A document source: content is documents; columns of a request are not used, its key is ['id']. */
export type DocumentSource = ChangeSource<SourceDocument>;
