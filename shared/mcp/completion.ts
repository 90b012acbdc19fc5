import type { Deadline } from '../domain/deadline.ts';

/** A completion as the protocol writes it. */
export type CompletionAnswer = { readonly completion: { values: string[]; hasMore: boolean } };

/** Finds what the text typed so far may be the beginning of, the likeliest first, at most `limit`. */
export type Complete = (typed: string, limit: number, deadline: Deadline) => Promise<readonly string[]>;

/** The most that the protocol lets a completion name. */
const MOST_COMPLETIONS = 100;
const LONGEST_TYPED = 200;

/** Completes what was typed, of which only a name's length counts. */
export async function completed(complete: Complete, typed: string, deadline: Deadline): Promise<CompletionAnswer> {
  return completionOf(await complete(typed.slice(0, LONGEST_TYPED), MOST_COMPLETIONS + 1, deadline));
}

/** Values as the protocol takes them; one more than it lets a completion name says that there are more. */
export function completionOf(found: readonly string[]): CompletionAnswer {
  return { completion: { values: found.slice(0, MOST_COMPLETIONS), hasMore: found.length > MOST_COMPLETIONS } };
}
