/**
 * Divides a whole amount (cents, hundredths of an order) in proportion to weights, without remainder: every part gets its whole share
 * rounded down, and what is left goes one by one to the largest fractions (Hamilton's method of largest remainders), equal ones in the
 * order given. The parts always add up to the amount. Weights are not negative; all zero is only allowed with an amount of zero.
 */
export function largestRemainder(amount: bigint, weights: readonly bigint[]): readonly bigint[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  if (weights.some((weight) => weight < 0n) || amount < 0n) throw new RangeError('Amounts and weights are not negative');
  if (whole === 0n) {
    if (amount !== 0n) throw new RangeError('Nothing to divide the amount by');
    return weights.map(() => 0n);
  }
  const parts = weights.map((weight) => (amount * weight) / whole);
  const left = Number(amount - parts.reduce((sum, part) => sum + part, 0n));
  const byFraction = weights
    .map((weight, index) => ({ index, fraction: (amount * weight) % whole }))
    .sort((one, other) => (one.fraction === other.fraction ? one.index - other.index : one.fraction > other.fraction ? -1 : 1));
  for (const { index } of byFraction.slice(0, left)) parts[index] = (parts[index] ?? 0n) + 1n;
  return parts;
}
