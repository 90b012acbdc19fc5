import { fold } from '../../../shared/domain/fold.ts';

/** The value that a text names, case, accents and a leading # aside; undefined when none does. */
export function namedValue(asked: string, values: Iterable<string>): string | undefined {
  const wanted = fold(asked);
  for (const value of values) if (fold(value) === wanted) return value;
  return undefined;
}
