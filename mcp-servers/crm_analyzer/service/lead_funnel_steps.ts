/** The funnel, in order; 'lost' can follow any of them but the last. */
export const FUNNEL = ['new', 'contacted', 'qualified', 'proposal', 'won'] as const;

/** A stage that can be left for the next one, in order. */
export const STEPS = ['new', 'contacted', 'qualified', 'proposal'] as const;
export type Step = (typeof STEPS)[number];

/** A value for each step. */
export function ofSteps<T>(make: (step: Step) => T): Readonly<Record<Step, T>> {
  return { new: make('new'), contacted: make('contacted'), qualified: make('qualified'), proposal: make('proposal') };
}
