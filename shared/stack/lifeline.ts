/** Set for the children of the supervisor, whose standard input is a pipe that closes when the supervisor is gone. */
export const LIFELINE_VARIABLE = 'PROMPTSALES_SUPERVISED';

/**
 * Calls `onGone` once when the supervisor that started this process is gone, by kill -9 too: the kernel then closes the pipe. Does
 * nothing in a process somebody started by hand, and keeps no process alive that has otherwise ended.
 */
export function followSupervisor(onGone: () => void): void {
  if (process.env[LIFELINE_VARIABLE] !== '1') return;
  let told = false;
  const tell = (): void => {
    if (told) return;
    told = true;
    onGone();
  };
  process.stdin.on('end', tell).on('close', tell).on('error', tell);
  process.stdin.resume();
  // A pipe's stream has unref(), a file's has not; the type does not know which one standard input is.
  process.stdin.unref?.();
}
