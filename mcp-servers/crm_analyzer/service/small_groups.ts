import { SMALLEST_GROUP } from '../../../shared/access/smallest_group.ts';

/** Whether a group is too small to be told; an empty one says nothing of anybody. */
export const isSmall = (customers: number): boolean => customers > 0 && customers < SMALLEST_GROUP;

/**
 * Which of some groups that add up to a known total may not be told: the small ones, and, so that subtraction does not give them away, the
 * smallest others until those withheld (with `already`) are together none or at least {@link SMALLEST_GROUP}. Sizes are customers; one in two groups counts in both.
 */
export function withheld(sizes: readonly number[], already: readonly boolean[] = []): readonly boolean[] {
  const isWithheld = sizes.map((size, index) => already[index] === true || isSmall(size));
  const smallestFirst = sizes
    .map((size, index) => ({ size, index }))
    .sort((one, other) => one.size - other.size || other.index - one.index);
  let together = sizes.reduce((sum, size, index) => sum + (isWithheld[index] === true ? size : 0), 0);
  for (const { size, index } of smallestFirst) {
    if (!isSmall(together)) break;
    if (isWithheld[index] === true) continue;
    isWithheld[index] = true;
    together += size;
  }
  return isWithheld;
}
