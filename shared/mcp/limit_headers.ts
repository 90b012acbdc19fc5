import type { LimitState } from '../cache/rate_limits.ts';

/**
 * The limits as HTTP tells them: RateLimit-Policy and RateLimit of draft-ietf-httpapi-ratelimit-headers-10, a list of one item a window (q: calls
 * in w seconds; r: calls left, t: seconds until it starts anew).
 */
export function limitHeaders(states: readonly LimitState[]): Readonly<Record<string, string>> {
  if (states.length === 0) return {};
  return {
    'ratelimit-policy': states.map(({ window, limit, windowSeconds }) => `"${window}";q=${limit};w=${windowSeconds}`).join(', '),
    ratelimit: states.map(({ window, remaining, resetSeconds }) => `"${window}";r=${remaining};t=${resetSeconds}`).join(', '),
  };
}
