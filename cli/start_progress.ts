import { SingleBar } from 'cli-progress';
import type { Progress } from '../shared/stack/state.ts';

export type ProgressDisplay = { readonly show: (progress: Progress) => void; readonly end: () => void };

/** Shows the steps of a start: as bars on a terminal, else as a line for each step when it is done. */
export function showProgress(output: NodeJS.WriteStream): ProgressDisplay {
  return output.isTTY ? bars(output) : lines(output);
}

function lines(output: NodeJS.WriteStream): ProgressDisplay {
  let current: { readonly label: string; readonly since: number } | undefined;
  const finish = (): void => {
    if (current !== undefined) output.write(`${current.label}: ${((performance.now() - current.since) / 1000).toFixed(1)} s\n`);
    current = undefined;
  };
  return {
    show: ({ label }) => {
      if (label === current?.label) return;
      finish();
      current = { label, since: performance.now() };
    },
    end: finish,
  };
}

function bars(output: NodeJS.WriteStream): ProgressDisplay {
  let current: { readonly label: string; readonly bar: SingleBar } | undefined;
  const finish = (): void => {
    current?.bar.update(current.bar.getTotal());
    current?.bar.stop();
    current = undefined;
  };
  return {
    show: ({ label, done, total }) => {
      // A step of unknown length shows as not yet done until the next one begins.
      const length = Math.max(1, total);
      if (label !== current?.label) {
        finish();
        const bar = new SingleBar({ stream: output, hideCursor: true, format: barFormat(label), etaBuffer: 50 });
        bar.start(length, done);
        current = { label, bar };
      }
      current.bar.setTotal(length);
      current.bar.update(done);
    },
    end: finish,
  };
}

function barFormat(label: string): string {
  return `${label.padEnd(24)} {bar} {percentage} % {duration_formatted}`;
}
