import { hash } from 'node:crypto';

/** Canonical JSON: keys sorted at every level, absent values left out, so that equal arguments give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : part,
  );
}

/** The name under which something is kept by what it is: SHA-256 of its canonical JSON, base64url, 32 characters (192 bits). */
export function canonicalHash(value: unknown): string {
  return hash('sha256', canonicalJson(value), 'base64url').slice(0, 32);
}
