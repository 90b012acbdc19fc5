/** The names between braces in a pattern: 'lock:{resource}:{id}' → 'resource' | 'id'. */
type PartOf<Pattern extends string> = Pattern extends `${string}{${infer Part}}${infer Rest}` ? Part | PartOf<Rest> : never;

/** What a key stands for, said once for the code, the document and whoever looks into Redis. */
export type KeyDescription<Seconds extends number | null = number | null> = {
  readonly type: 'hash' | 'list' | 'string' | 'sorted set' | 'counter';
  /** How long a key lives after its last write, in seconds; null: until it is taken away. */
  readonly seconds: Seconds;
  /** A hash's fields, or what the value or the members are. */
  readonly holds: Readonly<Record<string, string>> | string;
  readonly purpose: string;
  /** The files that write and read it. */
  readonly writer: string;
  readonly reader: string;
};

/** A family of keys: its pattern, what it stands for, and how one of them is written. */
export type KeyFamily<Pattern extends string = string, Seconds extends number | null = number | null> = KeyDescription<Seconds> & {
  readonly pattern: Pattern;
  /** One key. Characters that would run into the next part are percent-encoded, so no two different parts give the same key. */
  readonly of: (parts: Readonly<Record<PartOf<Pattern>, string>>) => string;
  /** Whether a key belongs to this family. */
  readonly matches: (key: string) => boolean;
  /** The family as SCAN's MATCH takes it: '*' for each part. */
  readonly glob: string;
};

/** Describes a family of keys by the customer's pattern. */
export function keyFamily<Pattern extends string, const Seconds extends number | null>(
  pattern: Pattern,
  description: KeyDescription<Seconds>,
): KeyFamily<Pattern, Seconds> {
  const pieces = pattern.split(/\{([^}]+)\}/);
  const written = new RegExp(`^${pieces.map((piece, i) => (i % 2 === 0 ? piece : '[^:{}]+')).join('')}$`);
  return {
    pattern,
    ...description,
    of: (parts) => {
      const named: Readonly<Record<string, string>> = parts;
      return pieces.map((piece, i) => (i % 2 === 0 ? piece : encodePart(named[piece] ?? ''))).join('');
    },
    matches: (key) => written.test(key),
    glob: pieces.map((piece, i) => (i % 2 === 0 ? piece : '*')).join(''),
  };
}

const HARMLESS = /^[\w.@=~+-]+$/;

/** Colons part a key, braces choose its slot in a cluster, '*' and '?' are SCAN's: none of them may come from a name. */
function encodePart(part: string): string {
  if (HARMLESS.test(part)) return part;
  return part === '' ? '-' : encodeURIComponent(part).replaceAll('*', '%2A').replaceAll("'", '%27');
}

/** '2026-11-21-04-47' (UTC): the minute an instant lies in, as keys name it. */
export function minuteStamp(at: Date): string {
  return at.toISOString().slice(0, 16).replaceAll(/[T:]/g, '-');
}

/** '2026-11-21-04' (UTC). */
export function hourStamp(at: Date): string {
  return minuteStamp(at).slice(0, 13);
}

/** '2026-11-21' (UTC). */
export function dayStamp(at: Date): string {
  return at.toISOString().slice(0, 10);
}

/** '2026-11' (UTC). */
export function monthStamp(at: Date): string {
  return at.toISOString().slice(0, 7);
}
