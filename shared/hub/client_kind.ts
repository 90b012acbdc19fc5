import type { EntityKind } from '../domain/entity_resolution.ts';
import type { Client } from './clients.ts';

/** How a client is found from what the caller wrote. */
export const CLIENT_KIND: EntityKind<Client> = {
  noun: 'client',
  idOf: (client) => client.clientId,
  nameOf: (client) => client.company,
  qualifierOf: () => '',
  qualifierNoun: 'id',
  describe: (client) => ({ clientId: client.clientId, company: client.company, status: client.status }),
  compare: (one, other) => one.clientId.localeCompare(other.clientId, 'en'),
};
