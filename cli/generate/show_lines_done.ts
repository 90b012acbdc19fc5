import { SingleBar } from 'cli-progress';

export type LinesDisplay = {
  /** `note`: what is told beside the count. */
  readonly show: (done: number, note: string) => void;
  readonly end: () => void;
};

/** Between two lines of text, in milliseconds. */
const EVERY_MS = 5_000;

/** Shows how many of the lines are done: as a bar on a terminal, else as a line every five seconds and at the end. */
export function showLinesDone(output: NodeJS.WriteStream, label: string, total: number): LinesDisplay {
  return output.isTTY ? bar(output, label, total) : lines(output, label, total);
}

function bar(output: NodeJS.WriteStream, label: string, total: number): LinesDisplay {
  const format = `${label.padEnd(10)} {bar} {value} of {total}, {duration_formatted}{note}`;
  const shown = new SingleBar({ stream: output, hideCursor: true, format, etaBuffer: 50 });
  shown.start(total, 0, { note: '' });
  return {
    show: (done, note) => shown.update(done, { note: note === '' ? '' : `, ${note}` }),
    end: () => shown.stop(),
  };
}

function lines(output: NodeJS.WriteStream, label: string, total: number): LinesDisplay {
  let last = '';
  let written = '';
  let writtenAt = performance.now();
  const write = (): void => {
    if (last !== written) output.write(`${last}\n`);
    written = last;
    writtenAt = performance.now();
  };
  return {
    show: (done, note) => {
      last = `${label}: ${done} of ${total}${note === '' ? '' : `, ${note}`}`;
      if (performance.now() - writtenAt >= EVERY_MS) write();
    },
    end: write,
  };
}
