import { ratio, toAnswerNumber } from '../../../shared/domain/money.ts';

/** Part of a whole in percent, one digit; null when the whole is zero. */
export function percentOf(part: number, whole: number): number | null {
  return toAnswerNumber(ratio(100 * part, whole), 1);
}
