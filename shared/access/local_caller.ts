import type { Settings } from '../config/settings.ts';
import type { Caller } from '../mcp/contract.ts';
import { SCOPES_OF_ROLE } from './roles.ts';

/** Hosts give few names; beyond so many they are read anew each time. */
const MOST_NAMES = 1_000;

const known = new WeakMap<object, Map<string | undefined, Caller>>();

/**
 * Who calls over stdio or loopback without a token: the role and extra scopes of the settings, under the name the host
 * gave itself. The name reaches Redis keys and logs, so only harmless characters of it are kept. The same object for the same name.
 */
export function localCaller(settings: Pick<Settings, 'role' | 'extraScopes'>, clientName: string | undefined): Caller {
  let callers = known.get(settings);
  if (callers === undefined) {
    callers = new Map();
    known.set(settings, callers);
  }
  const found = callers.get(clientName);
  if (found !== undefined) return found;
  const client = (clientName ?? '').replaceAll(/[^\w.-]+/g, '-').slice(0, 64);
  const caller: Caller = {
    client: client === '' ? 'local' : client,
    role: settings.role,
    scopes: new Set([...SCOPES_OF_ROLE[settings.role], ...settings.extraScopes]),
  };
  if (callers.size < MOST_NAMES) callers.set(clientName, caller);
  return caller;
}
