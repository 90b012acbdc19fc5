import { type Row, textOf } from '../db/row.ts';
import type { SqlDatabase, Statement } from '../db/sql_database.ts';
import { CANDIDATES_READ, type EntityLookup } from '../domain/entity_resolution.ts';

export type Client = { readonly clientId: string; readonly company: string; readonly status: string };

const BY_ID: Statement = { name: 'client_by_id', text: 'SELECT client_id, company, status FROM business.clients WHERE client_id = $1' };

const BY_NAME: Statement = {
  name: 'clients_by_name',
  text: `SELECT client_id, company, status FROM business.clients
          WHERE business.fold(company) = business.fold($1) ORDER BY client_id LIMIT ${CANDIDATES_READ}`,
};

const SIMILAR: Statement = {
  name: 'clients_by_similar_name',
  text: `
  WITH asked AS MATERIALIZED (SELECT business.fold($1) AS folded)
  SELECT c.client_id, c.company, c.status
    FROM asked a, (SELECT client_id, company, status, business.fold(company) AS folded FROM business.clients OFFSET 0) c
   ORDER BY greatest(word_similarity(a.folded, c.folded), word_similarity(c.folded, a.folded)) DESC, c.client_id
   LIMIT $2`,
};

/** Clients of the hub, found by id or name. */
export function openClients(hub: SqlDatabase): EntityLookup<Client> {
  return {
    byId: async (id, deadline) => (await hub.rows(BY_ID, [id], toClient, deadline))[0],
    byName: (name, deadline) => hub.rows(BY_NAME, [name], toClient, deadline),
    similar: (text, limit, deadline) => hub.rows(SIMILAR, [text, limit], toClient, deadline),
  };
}

function toClient(row: Row): Client {
  return { clientId: textOf(row, 'client_id'), company: textOf(row, 'company'), status: textOf(row, 'status') };
}
