import type { ChangeSet, SourceDocument } from '../shared/sources/change_source.ts';
import type { DocumentStream, IdentityStream, RowStream } from './stream.ts';

/** Rows of one load. What was read was written, found unchanged, or rejected. */
export type LoadCounts = {
  readonly read: number;
  readonly written: number;
  readonly unchanged: number;
  readonly deleted: number;
  readonly rejected: number;
};

/**
 * The campaigns whose boards a load changes. 'unlisted': it filled an empty table, from which nothing can have been shown yet, so that only
 * the boards of active campaigns are new.
 */
export type TouchedCampaigns = readonly string[] | 'unlisted';

/** What a load did. */
export type Loaded = { readonly counts: LoadCounts; readonly campaigns: TouchedCampaigns };

/** A stream and the changes read for it. */
export type Changes =
  | { readonly kind: 'rows'; readonly stream: RowStream | IdentityStream; readonly set: ChangeSet<Uint8Array> }
  | { readonly kind: 'documents'; readonly stream: DocumentStream; readonly set: ChangeSet<SourceDocument> };

export type LoadOptions = {
  readonly runId: string;
  /** Where the stream stood when it was read, null when it was never loaded. It is loaded only if it still stands there. */
  readonly standsAt: string | null;
  /** The business time zone, in which roll-ups are cut into days. */
  readonly timeZone: string;
  /** Look at every row in a stage, even where it could pass straight into an empty table. */
  readonly alwaysStage: boolean;
};
