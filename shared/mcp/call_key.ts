import { hash } from 'node:crypto';
import { toolResultKey } from '../cache/keys.ts';
import { MemoryCache } from '../cache/memory_cache.ts';
import { canonicalJson } from '../domain/canonical_json.ts';
import type { Caller } from './contract.ts';

/** Everything that could make the answer of a question another one, the data's version aside. */
export type Question = {
  readonly server: string;
  /** Answers of another build are not reused. */
  readonly build: string;
  readonly tool: string;
  /** As the tool's schema read them: defaults filled, other names resolved. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
  /** The business day: period words mean other days tomorrow. */
  readonly today: string;
};

const visibilities = new WeakMap<Caller, string>();

/** What a caller may see, as text: equal for those who may see the same. */
function visibilityOf(caller: Caller): string {
  let visibility = visibilities.get(caller);
  if (visibility === undefined) {
    visibility = JSON.stringify([caller.role, [...caller.scopes].sort()]);
    visibilities.set(caller, visibility);
  }
  return visibility;
}

/** The key under which the answer is kept. */
export function callKey({ server, build, tool, args, caller, today }: Question): string {
  const asked = canonicalJson({ args, today, visibility: visibilityOf(caller), build });
  return toolResultKey.of({ server, tool, params_hash: hash('sha256', asked, 'base64url').slice(0, 32) });
}

/** What the remembered keys may take, in bytes. */
const MEMORY_BYTES = 4 * 1024 * 1024;
const LONGEST_QUESTION = 2_000;
const ONE_DAY_SECONDS = 86_400;

/**
 * Keys of questions that were asked before in the very same words: reading arguments and hashing them costs more than all the rest of an
 * answer from memory.
 */
export class KnownKeys {
  readonly #keys = new MemoryCache<string>(MEMORY_BYTES);

  /** The key for these words of this caller on this day; `read` makes it when they are new, and may throw or give none. */
  of(tool: string, raw: unknown, caller: Caller, today: string, read: () => string | undefined): string | undefined {
    const words = `${tool}\n${today}\n${visibilityOf(caller)}\n${JSON.stringify(raw)}`;
    const known = this.#keys.get(words);
    if (known !== undefined) return known;
    const key = read();
    if (key !== undefined && words.length <= LONGEST_QUESTION) {
      this.#keys.set(words, key, (words.length + key.length) * 2 + 200, ONE_DAY_SECONDS);
    }
    return key;
  }
}
