import { table } from '../../shared/domain/table.ts';
import type { LabEvent, LabResult, LabRun, ProvingSum } from './experiment.ts';

/** What was done in which order, what each session saw, who was the victim, and the sums, as text (Markdown). */
export function labReport(results: readonly LabResult[]): string {
  return results
    .map(({ title, harm, name, runs }) => [`## ${title}`, harm, `T-SQL: sqlserver/${name}/`, ...runs.map(runText)].join('\n\n'))
    .join('\n\n');
}

function runText({ title, events, victims, sums, shows }: LabRun): string {
  const parts = [
    `### ${title}`,
    markdown(
      [
        { header: 'step', cell: ({ step }: LabEvent) => (step === null ? '↳' : String(step)) },
        { header: 'session', cell: ({ session }) => session },
        { header: 'did', cell: ({ did }) => did },
        { header: 'saw', cell: ({ saw }) => saw },
      ],
      events,
    ),
    victims.length === 0 ? 'Victims: none.' : `Victims: ${victims.map(({ session, reason }) => `${session} (${reason})`).join(', ')}.`,
    markdown(
      [
        { header: 'sum', cell: ({ of }: ProvingSum) => of },
        { header: 'before', cell: ({ before }) => before },
        { header: 'after', cell: ({ after }) => after },
        { header: 'right', cell: ({ right }) => right },
        { header: '', cell: ({ after, right }) => (after === right ? 'ok' : 'WRONG') },
      ],
      sums,
    ),
    shows,
  ];
  return parts.join('\n\n');
}

/** The table with the bars and the rule that Markdown wants. */
function markdown<Row>(...[columns, rows]: Parameters<typeof table<Row>>): string {
  const [header = '', ...lines] = table(columns, rows).split('\n');
  const bars = (line: string): string => `| ${line} |`;
  return [bars(header), `|${' --- |'.repeat(columns.length)}`, ...lines.map(bars)].join('\n');
}
