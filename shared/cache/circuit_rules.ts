/** How an outside service has been doing; instants in milliseconds since 1970. */
export type CircuitState = {
  readonly status: 'closed' | 'open' | 'half-open';
  /** Failures in a row, failed probes included. */
  readonly failures: number;
  readonly lastFailure: number | undefined;
  /** Open: when a probe may try. Half-open: when the probe under way is given up and another may try. */
  readonly nextCheck: number | undefined;
};

export const CLOSED: CircuitState = { status: 'closed', failures: 0, lastFailure: undefined, nextCheck: undefined };

export type CircuitRules = {
  /** So many failures in a row open it. */
  readonly failuresToOpen: number;
  /** A failure longer ago than this counts no more, in milliseconds. */
  readonly windowMs: number;
  /** How long it stays open: the first time, after the first failed probe, … ; the last holds for all further ones. */
  readonly pausesMs: readonly number[];
};

/** A service that is restarted is found again within five seconds; one that is down for an hour is asked every two minutes. */
export const USUAL_RULES: CircuitRules = {
  failuresToOpen: 5,
  windowMs: 60_000,
  pausesMs: [5_000, 10_000, 20_000, 40_000, 80_000, 120_000],
};

/** By what right a call is made: as one of many, or as the one probe of a half-open circuit, known by when it is given up. */
export type Right = { readonly as: 'call' } | { readonly as: 'probe'; readonly until: number };

/** Whether a call may be made now; the circuit's state when it is. A probe that has not ended in `probeMs` is given up. */
export function admit(
  state: CircuitState,
  now: number,
  probeMs: number,
): { readonly state: CircuitState; readonly right: Right } | { readonly state: CircuitState; readonly refusedUntil: number } {
  if (state.status === 'closed') return { state, right: { as: 'call' } };
  const until = state.nextCheck ?? now;
  if (now < until) return { state, refusedUntil: until };
  const probe = { ...state, status: 'half-open', nextCheck: now + probeMs } as const;
  return { state: probe, right: { as: 'probe', until: probe.nextCheck } };
}

/** The service answered. Only the probe under way closes an open circuit: what began before it opened says nothing about now. */
export function afterSuccess(state: CircuitState, right: Right): CircuitState {
  if (right.as === 'probe') return isProbeUnderWay(state, right) ? CLOSED : state;
  return state.status === 'closed' && state.failures > 0 ? CLOSED : state;
}

/** The service failed. Late failures of calls made before the circuit opened do not keep it open longer. */
export function afterFailure(state: CircuitState, right: Right, now: number, rules: CircuitRules): CircuitState {
  if (right.as === 'probe' ? !isProbeUnderWay(state, right) : state.status !== 'closed') return state;
  const counts = right.as === 'probe' || now - (state.lastFailure ?? now) <= rules.windowMs;
  const failures = (counts ? state.failures : 0) + 1;
  if (right.as === 'call' && failures < rules.failuresToOpen) return { status: 'closed', failures, lastFailure: now, nextCheck: undefined };
  return { status: 'open', failures, lastFailure: now, nextCheck: now + pauseAfter(failures, rules) };
}

/** The caller went away before the service answered: another may probe at once. */
export function afterNothing(state: CircuitState, right: Right, now: number): CircuitState {
  return right.as === 'probe' && isProbeUnderWay(state, right) ? { ...state, status: 'open', nextCheck: now } : state;
}

function isProbeUnderWay(state: CircuitState, right: Extract<Right, { as: 'probe' }>): boolean {
  return state.status === 'half-open' && state.nextCheck === right.until;
}

function pauseAfter(failures: number, { failuresToOpen, pausesMs }: CircuitRules): number {
  return pausesMs[Math.min(Math.max(0, failures - failuresToOpen), pausesMs.length - 1)] ?? 0;
}
