import type { Settings } from '../config/settings.ts';
import type { Caller } from '../mcp/contract.ts';
import { SCOPES_OF_ROLE } from './roles.ts';

/**
 * Who calls over stdio or loopback without a token: the role and extra scopes of the settings, under the name the host
 * gave itself. The name reaches Redis keys and logs, so only harmless characters of it are kept.
 */
export function localCaller(settings: Pick<Settings, 'role' | 'extraScopes'>, clientName: string | undefined): Caller {
  const client = (clientName ?? '').replaceAll(/[^\w.-]+/g, '-').slice(0, 64);
  return {
    client: client === '' ? 'local' : client,
    role: settings.role,
    scopes: new Set([...SCOPES_OF_ROLE[settings.role], ...settings.extraScopes]),
  };
}
