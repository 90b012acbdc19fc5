import type { Deadline } from '../domain/deadline.ts';

/** A named SQL statement: the name is the prepared statement's and what logs and metrics show. */
export type Statement = {
  readonly name: string;
  readonly text: string;
  /** Planned anew each time, for its values: for what reads much, where a plan for any values is several times as slow as planning. */
  readonly plannedForValues?: true;
};

/** A database a repo reads: one method, so that a repo can be handed any pool. */
export interface SqlDatabase {
  /**
   * Runs one statement and maps its rows. bigint and numeric columns arrive as strings (exact), date columns as
   * 'YYYY-MM-DD', timestamptz columns as Date.
   * Errors: ToolError of class 'timeout' when the deadline passes (the query is cancelled in the server too),
   * 'unavailable' when the database cannot be reached.
   */
  rows<T>(
    statement: Statement,
    values: readonly unknown[],
    map: (row: Readonly<Record<string, unknown>>) => T,
    deadline: Deadline,
  ): Promise<T[]>;
}
