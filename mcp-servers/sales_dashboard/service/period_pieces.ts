import {
  addDays,
  addMonths,
  type Day,
  type DayRange,
  earlier,
  endOfMonth,
  lengthOf,
  startOfMonth,
} from '../../../shared/domain/calendar_day.ts';
import type { PeriodPiece } from '../repo/campaign_ranking.ts';

/**
 * Writes a period as few spans as can be: whole months, ten-day spans (from the 1st, the 11th and the 21st), days. A range that lacks little of
 * a longer span is that span less what is missing: 2 to 31 October is October − 1 October.
 */
export function periodPieces(period: DayRange): readonly PeriodPiece[] {
  const pieces: PeriodPiece[] = [];
  for (let month = startOfMonth(period.from); month <= period.to; month = addMonths(month, 1)) {
    pieces.push(...monthPieces(clipped({ from: month, to: endOfMonth(month) }, period)));
  }
  return joined(pieces);
}

/** A part of one month. */
function monthPieces(part: DayRange): readonly PeriodPiece[] {
  const month = { from: startOfMonth(part.from), to: endOfMonth(part.from) };
  const direct = tenDaysOf(month.from).flatMap((tenDays) => (overlap(tenDays, part) ? tenDayPieces(tenDays, clipped(tenDays, part)) : []));
  const whole: PeriodPiece = { span: 'month', first: month.from, last: month.from, weight: 1 };
  const lacking = remainder(month, part).flatMap((gap) =>
    tenDaysOf(month.from).flatMap((tenDays) => (overlap(tenDays, gap) ? tenDayPieces(tenDays, clipped(tenDays, gap)) : [])),
  );
  const lessMissing = [whole, ...lacking.map(takenAway)];
  return costOf(lessMissing) < costOf(direct) ? lessMissing : direct;
}

/** A part of one ten-day span. */
function tenDayPieces(tenDays: DayRange, part: DayRange): readonly PeriodPiece[] {
  const whole: PeriodPiece = { span: 'ten_days', first: tenDays.from, last: tenDays.from, weight: 1 };
  const missing = remainder(tenDays, part).map((gap): PeriodPiece => ({ span: 'day', first: gap.from, last: gap.to, weight: -1 }));
  const lessMissing = [whole, ...missing];
  const direct: readonly PeriodPiece[] = [{ span: 'day', first: part.from, last: part.to, weight: 1 }];
  // At the same cost the one with fewer days: so a period never has more than ten single days.
  return costOf(lessMissing) <= costOf(direct) ? lessMissing : direct;
}

const tenDaysOf = (monthStart: Day): readonly DayRange[] => [
  { from: monthStart, to: addDays(monthStart, 9) },
  { from: addDays(monthStart, 10), to: addDays(monthStart, 19) },
  { from: addDays(monthStart, 20), to: endOfMonth(monthStart) },
];

const later = (one: Day, other: Day): Day => (earlier(one, other) === one ? other : one);
const overlap = (one: DayRange, other: DayRange): boolean => one.from <= other.to && other.from <= one.to;
const clipped = (range: DayRange, to: DayRange): DayRange => ({ from: later(range.from, to.from), to: earlier(range.to, to.to) });

/** What of `whole` lies before and after `part`. */
const remainder = (whole: DayRange, part: DayRange): readonly DayRange[] =>
  [
    { from: whole.from, to: addDays(part.from, -1) },
    { from: addDays(part.to, 1), to: whole.to },
  ].filter(({ from, to }) => from <= to);

const takenAway = (piece: PeriodPiece): PeriodPiece => ({ ...piece, weight: piece.weight === 1 ? -1 : 1 });

/** How many totals a campaign has in these pieces: what a query pays for. */
const costOf = (pieces: readonly PeriodPiece[]): number =>
  pieces.reduce((cost, { span, first, last }) => cost + (span === 'day' ? lengthOf({ from: first, to: last }) : 1), 0);

/** Neighbours of one kind become one piece: eleven months are one range scan, not eleven. */
function joined(pieces: readonly PeriodPiece[]): readonly PeriodPiece[] {
  const result: PeriodPiece[] = [];
  const order = { month: 0, ten_days: 1, day: 2 };
  const sorted = [...pieces].sort(
    (one, other) => order[one.span] - order[other.span] || one.weight - other.weight || (one.first < other.first ? -1 : 1),
  );
  for (const piece of sorted) {
    const before = result.at(-1);
    if (before !== undefined && before.span === piece.span && before.weight === piece.weight && startAfter(before) === piece.first) {
      result[result.length - 1] = { ...before, last: piece.last };
    } else {
      result.push(piece);
    }
  }
  return result;
}

/** Where the span that follows a piece starts. */
function startAfter({ span, last }: PeriodPiece): Day {
  switch (span) {
    case 'day':
      return addDays(last, 1);
    case 'ten_days':
      return last.endsWith('-21') ? addMonths(startOfMonth(last), 1) : addDays(last, 10);
    case 'month':
      return addMonths(last, 1);
  }
}
