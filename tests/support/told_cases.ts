import { expect, it } from 'vitest';
import { casesOf, cell, documentedCases, IS_TOLD } from '../../scripts/adapter_contracts.ts';

/** Called in the suite of a port's contract: its cases are those that the document tells of `subject`. */
export function casesAreTold(subject: string): void {
  it(IS_TOLD, async ({ task }) => {
    const cases = casesOf(task.suite ?? { name: '' }).filter((name) => name !== IS_TOLD);
    expect(await documentedCases(subject)).toEqual(cases.map(cell));
  });
}
