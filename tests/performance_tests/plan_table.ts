import { table } from '../../shared/domain/table.ts';
import type { ComparedQuestion } from './compare_all.ts';

const pages = (count: number): string => count.toLocaleString('en');
const listed = (texts: readonly string[]): string => texts.map((text) => `\`${text}\``).join(', ');
/** What changed: how tables are read on one side only. */
const only = (scans: readonly string[], other: readonly string[]): string => listed(scans.filter((scan) => !other.includes(scan)));

/** The comparison as a Markdown table, a row a question. */
export function planTable(compared: readonly ComparedQuestion[]): string {
  const [header = '', ...lines] = table<ComparedQuestion>(
    [
      { header: 'question', cell: ({ asks, tool }) => `${asks} (${tool})` },
      { header: 'pages without', cell: ({ before }) => pages(before.buffers) },
      { header: 'pages with', cell: ({ after }) => pages(after.buffers) },
      { header: 'saved', cell: ({ before, after }) => `${(before.buffers / Math.max(1, after.buffers)).toFixed(1)} ×` },
      { header: 'rows looked at', cell: ({ before, after }) => `${pages(before.rows)} → ${pages(after.rows)}` },
      { header: 'ms', cell: ({ before, after }) => `${before.milliseconds.toFixed(1)} → ${after.milliseconds.toFixed(1)}` },
      { header: 'reads without', cell: ({ before, after }) => only(before.scans, after.scans) },
      { header: 'reads with', cell: ({ before, after }) => only(after.scans, before.scans) },
      { header: 'indexes taken away', cell: ({ indexes }) => listed(indexes) },
      { header: 'SQL Server', cell: ({ name }) => `[script](../tests/performance_tests/sqlserver/${name}.sql)` },
    ],
    compared,
  ).split('\n');
  return [`| ${header} |`, `|${' --- |'.repeat(10)}`, ...lines.map((line) => `| ${line} |`)].join('\n');
}
