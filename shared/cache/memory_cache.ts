/** Values used within this time of each other count as used at the same time, in milliseconds. */
const USE_COUNTS_AFTER_MS = 1_000;

/** Keeps values up to a total size, the least recently used leave first, none stays longer than its life. */
export class MemoryCache<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly bytes: number; readonly until: number; usedAt: number }>();
  readonly #maxBytes: number;
  readonly #now: () => number;
  #bytes = 0;

  constructor(maxBytes: number, now: () => number = Date.now) {
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const now = this.#now();
    if (entry.until <= now) {
      this.delete(key);
      return undefined;
    }
    // Put back at the end, at most once a second: a Map keeps the order of insertion, so its first entry is the one unused for longest.
    if (now - entry.usedAt >= USE_COUNTS_AFTER_MS) {
      entry.usedAt = now;
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry.value;
  }

  /** Keeps a value for `seconds`. One larger than a quarter of the whole is not kept: it would push out everything else. */
  set(key: string, value: Value, bytes: number, seconds: number): void {
    this.delete(key);
    if (bytes > this.#maxBytes / 4) return;
    const now = this.#now();
    this.#entries.set(key, { value, bytes, until: now + seconds * 1_000, usedAt: now });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }
}
