import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, settledWithin } from './child.ts';
import { StackError } from './stack_error.ts';
import type { PartName, PartState } from './state.ts';

/** What the supervisor must know of a part to keep it alive. */
export type PartDefinition = {
  readonly name: PartName;
  readonly engine: string;
  /** Where it is reached; the port stays the same over restarts, so that clients only reconnect. */
  readonly url: string | undefined;
  readonly port: number | undefined;
  readonly start: (stopping: AbortSignal) => Promise<Child>;
  /** Resolves when the part answers; rejects, or does not settle in time, when it does not. Absent: alive is well. */
  readonly probe?: (child: Child) => Promise<void>;
  /** How long the first answer may take, in milliseconds. */
  readonly readyWithinMs: number;
};

/** A part under watch. */
export type Part = {
  readonly state: () => PartState;
  /** Resolves when it answered for the first time; rejects when it could not be started. */
  readonly started: Promise<void>;
  readonly stop: () => Promise<void>;
};

export type PartEvents = {
  readonly onChange: () => void;
  /** A line for the supervisor's log. */
  readonly onEvent: (text: string) => void;
};

/** How patient the watch over a part is; milliseconds. */
export type Pace = {
  /** Pauses before the first, second … start in a row. */
  readonly backoff: readonly number[];
  /** A part that stayed well so long begins at the first pause again. */
  readonly wellAfter: number;
  readonly probeEvery: number;
  readonly probeTimeout: number;
  /** One missed answer may be a machine that slept or a long pause; a part that hangs misses them all. */
  readonly probesMissed: number;
};

const USUAL_PACE: Pace = {
  backoff: [100, 300, 1000, 2000, 5000, 10_000, 30_000],
  wellAfter: 60_000,
  probeEvery: 5000,
  probeTimeout: 5000,
  probesMissed: 3,
};

/** Starts a part, and starts it again whenever it ends or stops answering, until it is told to stop. */
export function keepPart(definition: PartDefinition, { onChange, onEvent }: PartEvents, pace = USUAL_PACE): Part {
  const { name, engine, url, port, start, probe } = definition;
  const stopping = new AbortController();
  let state: PartState['state'] = 'starting';
  let restarts = 0;
  let child: Child | undefined;

  const enter = (next: PartState['state']): void => {
    state = next;
    onChange();
  };

  const startOnce = async (): Promise<Child> => {
    const started = await start(stopping.signal);
    child = started;
    onChange();
    await firstAnswer(started, definition, stopping.signal, pace);
    return started;
  };

  const first = Promise.withResolvers<void>();
  first.promise.catch(() => {}); // whoever needs to know awaits it
  let wasUp = false;
  const watch = async (): Promise<void> => {
    let inARow = 0;
    while (!stopping.signal.aborted) {
      const begun = performance.now();
      try {
        const started = await startOnce();
        if (stopping.signal.aborted) break;
        enter('healthy');
        wasUp = true;
        first.resolve();
        const reason = await endOrSilence(started, probe, stopping.signal, pace);
        if (stopping.signal.aborted) break;
        onEvent(`${name}: ${reason}, starting it again`);
      } catch (error) {
        // The first start is the caller's to judge, every later one is ours.
        if (!wasUp) return first.reject(error);
        onEvent(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
      restarts++;
      enter('restarting');
      await child?.stop();
      inARow = performance.now() - begun > pace.wellAfter ? 0 : inARow;
      await pause(pace.backoff[Math.min(inARow++, pace.backoff.length - 1)] ?? 0, stopping.signal);
    }
    first.reject(new StackError(`${name} was stopped before it was up.`, 'Start again.'));
  };
  const watching = watch();

  return {
    state: () => ({ name, state, url, port, engine, process: child?.identity, restarts }),
    started: first.promise,
    stop: async () => {
      stopping.abort();
      await child?.stop();
      // A start that was under way may have made one more child meanwhile.
      await settledWithin(watching, 8000);
      await child?.stop();
      enter('stopped');
    },
  };
}

async function firstAnswer(child: Child, { name, probe, readyWithinMs }: PartDefinition, stopping: AbortSignal, pace: Pace): Promise<void> {
  if (probe === undefined) return;
  const end = performance.now() + readyWithinMs;
  for (;;) {
    try {
      await inTime(probe(child), pace.probeTimeout);
      return;
    } catch (error) {
      if (stopping.aborted) return;
      if (child.hasExited())
        throw new StackError(`${name} ended as it started: ${lastLines(child)}`, 'Its log is in the folder logs of the data folder.');
      if (performance.now() > end) {
        await child.stop();
        throw new StackError(
          `${name} did not answer within ${Math.round(readyWithinMs / 1000)} s: ${error instanceof Error ? error.message : String(error)}`,
          'Its log is in the folder logs of the data folder.',
        );
      }
      await sleep(20);
    }
  }
}

/** Waits until the part ends or has not answered several times in a row, and says which. */
async function endOrSilence(child: Child, probe: PartDefinition['probe'], stopping: AbortSignal, pace: Pace): Promise<string> {
  const over = new AbortController();
  const end = (): void => over.abort();
  void child.exited.then(end);
  stopping.addEventListener('abort', end, { once: true });
  try {
    let missed = 0;
    while (missed < pace.probesMissed) {
      await pause(pace.probeEvery, over.signal);
      if (stopping.aborted) return 'stopped';
      if (child.hasExited()) {
        const { code, signal } = await child.exited;
        return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
      }
      missed = probe === undefined || (await answers(probe(child), pace)) ? 0 : missed + 1;
    }
    return `has not answered ${missed} times in a row`;
  } finally {
    stopping.removeEventListener('abort', end);
  }
}

async function answers(probing: Promise<void>, pace: Pace): Promise<boolean> {
  try {
    await inTime(probing, pace.probeTimeout);
    return true;
  } catch {
    return false;
  }
}

async function inTime(work: Promise<void>, milliseconds: number): Promise<void> {
  if (!(await settledWithin(work, milliseconds))) throw new Error('no answer in time');
  await work;
}

/** Sleeps until the time is over or the signal comes. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {});
}

/** What a program said about its end, short enough for a message: its last complaint, else its last lines. */
export function lastLines(child: Child): string {
  const lines = child
    .lastWords()
    .split('\n')
    .filter((line) => line.trim() !== '' && !STACK_FRAME.test(line));
  const complaint = lines.findLastIndex((line) => /\b(\w*error|fatal|panic)\b.*:/i.test(line));
  const telling = complaint === -1 ? lines.slice(-3) : lines.slice(complaint, complaint + 2);
  return telling.map((line) => line.trim()).join(' / ') || 'it said nothing';
}

const STACK_FRAME = /^\s+at |^Node\.js v|^[\s{}^]*$/;
