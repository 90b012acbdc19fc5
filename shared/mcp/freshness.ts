/** The state of the hub's data: which version it is and how old each source's part is. */
export type DataState = {
  /** Raised by every committed load. */
  readonly version: string;
  /** Source ('PromptAds') → the source's time of its oldest table's last load. */
  readonly asOf: ReadonlyMap<string, Date>;
};

/** Where the pipeline learns the state of the data. */
export interface Freshness {
  /** From memory as a rule. Undefined while it is unknown: then nothing may be cached. Never throws. */
  read(): Promise<DataState | undefined>;
  /** What is known without asking anybody; undefined when that may be outdated. */
  known(): DataState | undefined;
}

/** {source: instant} as answers carry it, to the second. */
export function dataAsOf(state: DataState | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries([...(state?.asOf ?? [])].map(([source, time]) => [source, time.toISOString().replace(/\.\d+Z$/, 'Z')]));
}

/** A warning for each source whose last load is more than three intervals old: the schedule is not being kept. */
export function lateSources(state: DataState | undefined, now: Date, intervalMinutes: number): readonly string[] {
  const minutesSince = (time: Date) => Math.floor((now.getTime() - time.getTime()) / 60_000);
  return [...(state?.asOf ?? [])]
    .filter(([, time]) => minutesSince(time) > 3 * intervalMinutes)
    .map(([source, time]) => `${source} was last loaded ${inWords(minutesSince(time))} ago; the plan is every ${intervalMinutes} minutes.`);
}

function inWords(minutes: number): string {
  if (minutes < 120) return `${minutes} minutes`;
  return minutes < 2_880 ? `${Math.floor(minutes / 60)} hours` : `${Math.floor(minutes / 1_440)} days`;
}
