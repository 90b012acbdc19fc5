import type { BoardsReport } from './campaign_boards.ts';
import type { LoadCounts } from './load_contract.ts';
import type { Stream } from './stream.ts';

/** What became of one stream in one round. */
export type RunReport = LoadCounts & {
  readonly database: Stream['database'];
  readonly table: string;
  /** Undefined when it failed before the source answered. */
  readonly mode: 'snapshot' | 'delta' | undefined;
  readonly status: 'done' | 'failed' | 'superseded';
  readonly ms: number;
  readonly error: string | undefined;
};

/** What became of a round of all streams. */
export type BatchReport = {
  readonly batchId: string;
  readonly ms: number;
  readonly runs: readonly RunReport[];
  /** Streams that failed. A superseded one did not: another runner brought its changes. */
  readonly failed: number;
  /** What became of the boards in Redis, after the round and not within its `ms`; undefined without a Redis. */
  readonly boards: BoardsReport | undefined;
};
