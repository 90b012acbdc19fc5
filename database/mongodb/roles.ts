import type { Document } from 'mongodb';

const rights = (collections: readonly string[], actions: readonly string[]) => collections.map((collection) => ({ collection, actions }));

const READ_BY_ETL = ['imagenes', 'campanas', 'clientes', 'logs_campanas', 'bitacora_solicitudes'];

/** What each login may do, as on PostgreSQL: content_generator deletes nothing, and neither of them reads a credential (S4). */
const ROLES = {
  promptsales_content: [
    ...rights(['imagenes'], ['find', 'changeStream']),
    ...rights(['campanas', 'clientes'], ['find', 'update']),
    ...rights(['logs_campanas'], ['find', 'insert']),
    ...rights(['bitacora_solicitudes'], ['insert']),
  ],
  // What it was filled with tells which ads and customers belong to it.
  promptsales_content_etl: [...rights(READ_BY_ETL, ['find', 'changeStream']), ...rights(['promptsales_fill'], ['find'])],
};

/** The commands that give a database its roles: `createRole` for one that is not there, `updateRole` with the same for one that is. */
export function roleCommands(database: string): readonly { readonly create: Document; readonly update: Document }[] {
  return Object.entries(ROLES).map(([name, allowed]) => {
    const privileges = [
      ...allowed.map(({ collection, actions }) => ({ resource: { db: database, collection }, actions })),
      // Which incarnation of a collection it is: a dropped one is read anew.
      { resource: { db: database, collection: '' }, actions: ['listCollections'] },
    ];
    return { create: { createRole: name, privileges, roles: [] }, update: { updateRole: name, privileges, roles: [] } };
  });
}
