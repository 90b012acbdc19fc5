/** One thing that happened in a run. */
export type LabEvent = {
  /** Counts what sessions do; null: a consequence of the step before, which nobody asked for. The T-SQL scripts number their steps alike. */
  readonly step: number | null;
  readonly session: string;
  readonly did: string;
  readonly saw: string;
};

/** A transaction that the server, or the comparison of a value, sent back. */
export type Victim = { readonly session: string; readonly reason: string };

/** A sum that shows whether anything was lost or counted twice. Money as decimal text. */
export type ProvingSum = { readonly of: string; readonly before: string; readonly after: string; readonly right: string };

/** The same work done once in one way. */
export type LabRun = {
  readonly title: string;
  readonly events: readonly LabEvent[];
  readonly victims: readonly Victim[];
  readonly sums: readonly ProvingSum[];
  /** What the run shows, in a sentence. */
  readonly shows: string;
};

/** An anomaly: first as it comes about (or as this engine keeps it from coming about), then without it. */
export type LabResult = {
  /** The folder of its T-SQL scripts below sqlserver/. */
  readonly name: string;
  readonly title: string;
  /** What goes wrong in the business when this happens. */
  readonly harm: string;
  readonly runs: readonly LabRun[];
};
