/** One measured figure; `goal` is the most it may be, or with `least` the least. */
export type Figure = {
  readonly what: string;
  readonly value: number;
  readonly unit: 'ms' | 's' | 'MiB' | 'ratio' | '/s';
  readonly goal: number | undefined;
  readonly least?: boolean;
  readonly note: string;
};

/** Whether a figure is where it should be; undefined when nothing was set. */
export function reached({ value, goal, least }: Figure): boolean | undefined {
  if (goal === undefined) return undefined;
  return least === true ? value >= goal : value <= goal;
}
