/** A group of fewer customers is not told by itself to whom personal data is not shown: with one known person in it, it would tell the others (S5). */
export const SMALLEST_GROUP = 5;
