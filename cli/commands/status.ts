import type { Settings } from '../../shared/config/settings.ts';
import { existingHome, homePath } from '../../shared/stack/home.ts';
import { type PartState, readStack, type StackState } from '../../shared/stack/state.ts';

export type StatusOptions = {
  /** Machine-readable, with the passwords in the addresses: scripts connect with them. */
  readonly json?: boolean;
};

/** `promptsales status`: what runs and where. Returns the exit code: 0 when the stack is up and every part well, else 1. */
export async function runStatus({ json = false }: StatusOptions, settings: Settings): Promise<number> {
  const home = (await existingHome(settings)) ?? homePath(settings);
  const state = readStack(home);
  process.stdout.write(json ? `${JSON.stringify(statusObject(home, state), undefined, 2)}\n` : statusText(home, state));
  return state?.phase === 'ready' && state.parts.every((part) => part.state === 'healthy') ? 0 : 1;
}

function statusObject(home: string, state: StackState | undefined): Readonly<Record<string, unknown>> {
  if (state === undefined) return { home, running: false, phase: 'stopped', parts: [] };
  return {
    home,
    running: true,
    phase: state.phase,
    version: state.version,
    startedAt: state.startedAt,
    pid: state.supervisor.pid,
    progress: state.progress,
    settings: state.settings,
    urls: state.urls,
    parts: state.parts.map(({ process: running, ...part }) => ({ ...part, pid: running?.pid })),
  };
}

function statusText(home: string, state: StackState | undefined): string {
  if (state === undefined) return `No stack runs in ${home}. Start one: promptsales up\n`;
  const { phase, version, supervisor, startedAt, progress } = state;
  const doing =
    progress === undefined
      ? ''
      : `, ${progress.label}${progress.total > 0 ? ` ${Math.floor((100 * progress.done) / progress.total)} %` : ''}`;
  const head = `${phase}${doing} · version ${version} · process ${supervisor.pid} since ${startedAt} · data in ${home}`;
  const rows = [['part', 'state', 'engine', 'process', 'restarts', 'address'], ...state.parts.map(partRow)];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${[head, ...table].join('\n')}\n`;
}

function partRow({ name, state, engine, process: running, restarts, url }: PartState): string[] {
  return [
    name,
    state,
    engine ?? '',
    running === undefined ? '' : String(running.pid),
    String(restarts),
    url === undefined ? '' : withoutPassword(url),
  ];
}

/** An address a person may show around. */
export function withoutPassword(url: string): string {
  const parsed = new URL(url);
  if (parsed.password === '') return url;
  parsed.password = '***';
  return parsed.href;
}
