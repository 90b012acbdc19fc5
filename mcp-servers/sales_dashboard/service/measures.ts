import { change, exactMetric, formatFigure, METRICS, type MetricId, type MetricUnit, type Totals } from '../../../shared/domain/metrics.ts';
import { type Decimal, formatChange, toAnswerNumber } from '../../../shared/domain/money.ts';
import { table } from '../../../shared/domain/table.ts';

/** One figure of a period and what it was in the period compared with. */
export type Measure = {
  readonly id: string;
  readonly label: string;
  readonly unit: MetricUnit;
  readonly digits: number;
  readonly current: Decimal | null;
  readonly previous: Decimal | null;
};

/** A measure as answers carry it; null is "no data". */
export type MeasureRow = {
  readonly metric: string;
  readonly unit: MetricUnit;
  readonly value: number | null;
  readonly previous: number | null;
  readonly changePercent: number | null;
};

/** Figures of the metric table over two periods. Without totals to compare with, previous is "no data". */
export function metricMeasures(ids: readonly MetricId[], current: Totals, previous: Totals | undefined): readonly Measure[] {
  return ids.map((id) => ({
    id,
    label: METRICS[id].name.en,
    unit: METRICS[id].unit,
    digits: METRICS[id].digits,
    current: exactMetric(id, current),
    previous: previous === undefined ? null : exactMetric(id, previous),
  }));
}

export function toMeasureRow({ id, unit, digits, current, previous }: Measure): MeasureRow {
  return {
    metric: id,
    unit,
    value: toAnswerNumber(current, digits),
    previous: toAnswerNumber(previous, digits),
    changePercent: change(current, previous).percent,
  };
}

/** The measures as a table; the columns of a comparison only where there is one. */
export function measureTable(measures: readonly Measure[], isCompared: boolean): string {
  const comparison = [
    { header: 'Before', cell: (m: Measure) => formatFigure(m.previous, m.unit, m.digits) },
    { header: 'Change', cell: (m: Measure) => formatChange(change(m.current, m.previous).percent) },
  ];
  return table(
    [
      { header: 'Metric', cell: (m: Measure) => m.label },
      { header: 'Value', cell: (m: Measure) => formatFigure(m.current, m.unit, m.digits) },
      ...(isCompared ? comparison : []),
    ],
    measures,
  );
}

/** How the rates among some metrics are computed, in one line. */
export function formulaLine(ids: readonly MetricId[]): string {
  const rates = ids.filter((id) => METRICS[id].denominator !== undefined);
  return `Formulas: ${rates.map((id) => `${METRICS[id].name.en.split(',')[0]} = ${METRICS[id].formula}`).join('; ')}.`;
}

/** Part of a whole in percent, one digit; null when the whole is zero. */
export function sharePercent(part: Decimal, whole: Decimal): number | null {
  return whole.isZero() ? null : toAnswerNumber(part.times(100).div(whole), 1);
}
