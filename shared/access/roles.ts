import type { Caller } from '../mcp/contract.ts';

/**
 * What a caller can be allowed. A tool names the scopes it needs; a role or a token brings the scopes it has.
 * crm:pii (personal data unmasked) belongs to no role: it is given by name only (S5).
 */
export const SCOPES = [
  'dashboard:read',
  'dashboard:operate',
  'content:read',
  'content:generate',
  'ads:read',
  'ads:write',
  'crm:read',
  'crm:write',
  'crm:pii',
] as const;

export type Scope = (typeof SCOPES)[number];

/** Roles → scopes. With the scopes each tool names, this is the whole table of who may call what (T6). */
export const SCOPES_OF_ROLE: Readonly<Record<Caller['role'], readonly Scope[]>> = {
  admin: ['dashboard:read', 'dashboard:operate', 'content:read', 'content:generate', 'ads:read', 'ads:write', 'crm:read', 'crm:write'],
  marketing: ['dashboard:read', 'content:read', 'content:generate', 'ads:read', 'ads:write'],
  sales: ['dashboard:read', 'crm:read', 'crm:write'],
  users: ['dashboard:read'],
};
