import { Decimal as DecimalJs } from 'decimal.js';

// 40 digits: sums of a whole company's spend stay exact. A half is rounded away from zero, as PostgreSQL's
// round(numeric) does, so that a figure computed here and one computed in SQL agree to the cent.
const Exact = DecimalJs.clone({ precision: 40, rounding: DecimalJs.ROUND_HALF_UP, toExpNeg: -40, toExpPos: 40 });

/** An exact decimal number. Money is one from the database to the answer; it becomes a JSON number only in toAnswerNumber(). */
export type Decimal = DecimalJs;

/** What a decimal is read from: a numeric from SQL as text, a count, or a decimal. A money amount never comes as a number. */
export type DecimalSource = string | number | bigint | Decimal;

/** What an absent figure is called in a text: there is no data, which is not zero. */
const NO_DATA = 'no data';

/** Reads a decimal exactly. Throws RangeError for what is not a finite number. */
export function decimal(source: DecimalSource): Decimal {
  if (source instanceof Exact) return source;
  let value: Decimal;
  try {
    value = new Exact(source);
  } catch (cause) {
    throw new RangeError(`Not a decimal number: ${String(source).slice(0, 40)}`, { cause });
  }
  if (!value.isFinite()) throw new RangeError(`Not a finite number: ${String(source)}`);
  return value;
}

/** The exact sum; 0 of nothing. */
export function sum(values: Iterable<DecimalSource>): Decimal {
  let total: Decimal = new Exact(0);
  for (const value of values) total = total.plus(decimal(value));
  return total;
}

/** numerator ÷ denominator, unrounded; null when the denominator is zero: no data, not zero. */
export function ratio(numerator: DecimalSource, denominator: DecimalSource): Decimal | null {
  const divisor = decimal(denominator);
  return divisor.isZero() ? null : decimal(numerator).div(divisor);
}

/** Rounded to so many digits after the point, halves away from zero. */
export function round(value: DecimalSource, digits = 2): Decimal {
  return decimal(value).toDecimalPlaces(digits);
}

/**
 * The JSON number an answer carries: rounded, and exact in the sense that printing it with `digits` digits gives the decimal
 * back, which holds below 2^53 / 10^digits (90 trillion dollars for cents). Throws RangeError beyond. Null stays null.
 */
export function toAnswerNumber(value: DecimalSource, digits?: number): number;
export function toAnswerNumber(value: DecimalSource | null, digits?: number): number | null;
export function toAnswerNumber(value: DecimalSource | null, digits = 2): number | null {
  if (value === null) return null;
  const rounded = round(value, digits);
  const asNumber = rounded.toNumber();
  if (Math.abs(asNumber) > Number.MAX_SAFE_INTEGER / 10 ** digits) {
    throw new RangeError(`Too large for a JSON number with ${digits} digits: ${rounded.toFixed()}`);
  }
  return asNumber === 0 ? 0 : asNumber; // never -0
}

/** '12,345.60': grouped in threes, with at least `least` and at most `most` digits after the point. */
function grouped(value: DecimalSource, least: number, most: number): string {
  const rounded = round(value, most);
  const [whole = '0', fraction = ''] = rounded.abs().toFixed(Math.max(least, rounded.decimalPlaces())).split('.');
  const sign = rounded.isNegative() && !rounded.isZero() ? '-' : '';
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${fraction === '' ? '' : `.${fraction}`}`;
}

/** '$12,345.60', '-$3.10'; further digits are kept when asked for ('$0.0834'). Null is 'no data'. */
export function formatUsd(value: DecimalSource | null, digits = 2): string {
  if (value === null) return NO_DATA;
  const text = grouped(value, 2, digits);
  return text.startsWith('-') ? `-$${text.slice(1)}` : `$${text}`;
}

/** '3.25%' from 3.25: the value is already in hundredths. Null is 'no data'. */
export function formatPercent(value: DecimalSource | null, digits = 2): string {
  return value === null ? NO_DATA : `${grouped(value, 0, digits)}%`;
}

/** '+12.5%', '-3%', '0%': a change. Null is 'no data'. */
export function formatChange(percent: DecimalSource | null, digits = 1): string {
  if (percent === null) return NO_DATA;
  return `${round(percent, digits).gt(0) ? '+' : ''}${formatPercent(percent, digits)}`;
}

/** '1,234,567'. Null is 'no data'. */
export function formatCount(value: DecimalSource | null): string {
  return value === null ? NO_DATA : grouped(value, 0, 0);
}

/** '4.25': a ratio such as ROAS. Null is 'no data'. */
export function formatRatio(value: DecimalSource | null, digits = 2): string {
  return value === null ? NO_DATA : grouped(value, 0, digits);
}
