import { ToolError } from '../domain/tool_error.ts';
import type { Caller } from './contract.ts';

/** Whether the caller has all of these scopes. */
export function hasScopes(scopes: readonly string[], caller: Caller): boolean {
  for (const scope of scopes) if (!caller.scopes.has(scope)) return false;
  return true;
}

/** Throws ToolError 'forbidden' that names the scopes which the caller lacks for the tool or resource of that name (T6). */
export function requireScopes(name: string, scopes: readonly string[], caller: Caller): void {
  if (hasScopes(scopes, caller)) return;
  const missing = scopes.filter((scope) => !caller.scopes.has(scope)).join(', ');
  throw new ToolError('forbidden', `${name} needs ${missing}, which the role ${caller.role} does not include.`, {
    remedy: 'Ask an administrator for a role or a token with that scope.',
  });
}
