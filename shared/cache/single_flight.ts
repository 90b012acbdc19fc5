import { orAborted } from '../domain/or_aborted.ts';

/** Who waits for a piece of work: leaves when the signal aborts, hears how far the work is. */
export type Waiter = { readonly signal: AbortSignal; readonly progress: (message: string) => void };

/** The work itself: should stop when the signal aborts, which it does once nobody waits any more. */
export type Work<T> = (signal: AbortSignal, progress: (message: string) => void) => Promise<T>;

type Flight<T> = { readonly outcome: Promise<T>; readonly waiters: Set<Waiter>; readonly abandon: AbortController };

/** Lets equal questions asked at the same time be worked on once. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /** Joins the work under way for the key, or starts it. `shared` says which. Rejects with the signal's reason when the waiter leaves. */
  async join(key: string, work: Work<T>, waiter: Waiter): Promise<{ readonly value: T; readonly shared: boolean }> {
    const joined = this.#flights.get(key);
    joined?.waiters.add(waiter);
    const flight = joined ?? this.#start(key, work, waiter);
    try {
      return { value: await orAborted(flight.outcome, waiter.signal), shared: joined !== undefined };
    } finally {
      flight.waiters.delete(waiter);
      if (flight.waiters.size === 0) {
        // Whoever comes now must not join work that is being abandoned.
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
        flight.abandon.abort();
      }
    }
  }

  #start(key: string, work: Work<T>, first: Waiter): Flight<T> {
    const abandon = new AbortController();
    const waiters = new Set([first]);
    const outcome = work(abandon.signal, (message) => {
      for (const waiter of waiters) waiter.progress(message);
    });
    const flight = { outcome, waiters, abandon };
    this.#flights.set(key, flight);
    const land = () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    outcome.then(land, land);
    return flight;
  }
}
