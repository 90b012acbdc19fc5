import type { LimitState } from '../cache/rate_limits.ts';

/**
 * The limits as HTTP tells them: RateLimit-Policy and RateLimit of draft-ietf-httpapi-ratelimit-headers-10, a list of one item a window (q: calls
 * in w seconds; r: calls left, t: seconds until it starts anew).
 */
export function limitHeaders(states: readonly LimitState[]): Readonly<Record<string, string>> {
  if (states.length === 0) return {};
  let policy = '';
  let left = '';
  for (const { window, limit, windowSeconds, remaining, resetSeconds } of states) {
    const comma = policy === '' ? '' : ', ';
    policy += `${comma}"${window}";q=${limit};w=${windowSeconds}`;
    left += `${comma}"${window}";r=${remaining};t=${resetSeconds}`;
  }
  return { 'ratelimit-policy': policy, ratelimit: left };
}
