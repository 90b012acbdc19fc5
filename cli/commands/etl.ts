import { type EtlConnections, type EtlPlaces, type EtlUrls, openConnections } from '../../etl/connections.ts';
import type { BatchReport, RunReport } from '../../etl/report.ts';
import { runOnce } from '../../etl/run.ts';
import { startSchedule } from '../../etl/schedule.ts';
import { readStatus, type StreamStatus } from '../../etl/status.ts';
import type { Stream } from '../../etl/stream.ts';
import { streams } from '../../etl/streams.ts';
import { certificateFolder } from '../../shared/access/certificates.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { systemClock } from '../../shared/domain/clock.ts';

export type EtlOptions = {
  /** Machine-readable output. */
  readonly json?: boolean | undefined;
  /** `replay`: only this stream, by its hub table ('ads.campaigns'). */
  readonly stream?: string | undefined;
};

/**
 * `promptsales etl once|watch|status|replay`. Returns the exit code: 1 when a stream failed, 2 for a stream that does not exist.
 * `once`: one round. `watch`: a round every interval until SIGINT or SIGTERM. `status`: where each stream stands. `replay`: reads
 * streams with open dead letters (or the one named) whole again, so that rows put right in the source come in.
 */
export async function runEtl(
  subcommand: 'once' | 'watch' | 'status' | 'replay',
  options: EtlOptions,
  settings: Settings,
  urls: EtlUrls,
): Promise<number> {
  const places = { ...urls, keysFolder: certificateFolder(settings) };
  if (subcommand === 'watch') {
    return await watch(settings, places);
  }
  const connections = await openConnections(places);
  try {
    switch (subcommand) {
      case 'once':
        return printRound(await runOnce({ connections, timeZone: settings.timeZone, today: todayOf(settings) }), options);
      case 'status':
        printStatus(await readStatus(connections.hub), options);
        return 0;
      case 'replay':
        return await replay(connections, settings, options);
    }
  } finally {
    await connections.close();
  }
}

async function replay(connections: EtlConnections, settings: Settings, options: EtlOptions): Promise<number> {
  if (options.stream !== undefined && !streams.some((stream) => stream.table === options.stream)) {
    process.stderr.write(`There is no stream '${options.stream}'. Streams: ${streams.map((stream) => stream.table).join(', ')}\n`);
    return 2;
  }
  const chosen =
    options.stream === undefined ? await withDeadLetters(connections) : streams.filter((stream) => stream.table === options.stream);
  if (chosen.length === 0) {
    process.stdout.write(options.json === true ? '{"runs":[]}\n' : 'No stream has open dead letters.\n');
    return 0;
  }
  const { timeZone } = settings;
  return printRound(await runOnce({ connections, timeZone, today: todayOf(settings), streams: chosen, snapshot: true }), options);
}

const todayOf = ({ timeZone, referenceDate }: Settings) => systemClock(timeZone, referenceDate).today;

async function withDeadLetters(connections: EtlConnections): Promise<Stream[]> {
  const status = await readStatus(connections.hub);
  const tables = new Set(status.filter((stream) => stream.openDeadLetters > 0).map((stream) => stream.table));
  return streams.filter((stream) => tables.has(stream.table));
}

async function watch(settings: Settings, urls: EtlPlaces): Promise<number> {
  const schedule = await startSchedule({
    urls,
    timeZone: settings.timeZone,
    today: todayOf(settings),
    intervalMinutes: settings.etlIntervalMinutes,
    onRound: (round) => {
      const changed = round.runs.reduce((rows, run) => rows + run.written + run.deleted, 0);
      process.stdout.write(
        `${new Date().toISOString()}  ${changed} rows changed in ${round.ms} ms, ${round.failed} of ${round.runs.length} streams failed\n`,
      );
      for (const run of round.runs.filter((candidate) => candidate.status === 'failed')) {
        process.stdout.write(`  ${run.table}: ${run.error ?? ''}\n`);
      }
    },
    onError: (error) => process.stderr.write(`${error.message}\n`),
  });
  process.stdout.write(`A round every ${settings.etlIntervalMinutes} minutes. Ctrl-C ends it.\n`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  await schedule.stop();
  return 0;
}

function printRound(round: BatchReport, options: EtlOptions): number {
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(round)}\n`);
  } else {
    const order = new Map(streams.map((stream, index) => [stream.table, index]));
    const runs = [...round.runs].sort((a, b) => (order.get(a.table) ?? 0) - (order.get(b.table) ?? 0));
    process.stdout.write(table(['stream', 'mode', 'read', 'written', 'unchanged', 'deleted', 'rejected', 'ms', ''], runs.map(runCells)));
    process.stdout.write(`${round.runs.length} streams in ${round.ms} ms, ${round.failed} failed\n`);
  }
  return round.failed === 0 ? 0 : 1;
}

function runCells(run: RunReport): string[] {
  const counts = [run.read, run.written, run.unchanged, run.deleted, run.rejected, run.ms].map(String);
  return [run.table, run.mode ?? '-', ...counts, run.status === 'done' ? '' : `${run.status} ${run.error ?? ''}`.trim()];
}

function printStatus(status: readonly StreamStatus[], options: EtlOptions): void {
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(status)}\n`);
    return;
  }
  const rows = status.map((stream) => [
    stream.database,
    stream.table,
    stream.asOf?.toISOString() ?? 'never',
    stream.ageSeconds === undefined ? '-' : age(stream.ageSeconds),
    stream.lastRun === undefined ? '-' : `${stream.lastRun.status} ${stream.lastRun.startedAt.toISOString()}`,
    String(stream.openDeadLetters),
    stream.lastRun?.error ?? '',
  ]);
  process.stdout.write(table(['source', 'stream', 'as of', 'age', 'last run', 'dead letters', ''], rows));
}

function age(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 120 ? `${whole} s` : whole < 7_200 ? `${Math.round(whole / 60)} min` : `${Math.round(whole / 3_600)} h`;
}

/** Columns as wide as they need; those of numbers to the right. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const isNumeric = heads.map((_, column) => rows.length > 0 && rows.every((row) => /^\d+$/.test(row[column] ?? '')));
  const line = (cells: readonly string[]) =>
    `${cells.map((cell, column) => (isNumeric[column] === true ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('  ')}`.trimEnd();
  return `${[heads, ...rows].map(line).join('\n')}\n`;
}
