import { type CredentialType, credentialId, type SealedCredential } from '../access/credentials.ts';
import { isMongoAddress } from '../db/mongo_address.ts';
import { openMongo } from '../db/mongo_database.ts';
import { openPostgres } from '../db/postgres_database.ts';
import type { Row } from '../db/row.ts';
import type { Deadline } from '../domain/deadline.ts';
import { ToolError } from '../domain/tool_error.ts';
import { idOf, plainDocument, storedDocument } from './bson_document.ts';
import { CredentialDocument } from './content_documents.ts';

const COLLECTION = 'credenciales_cifradas';
const MOST_LISTED = 1_000;

/**
 * The credentials of outside services, encrypted, in PromptContent. There is one of each type for a service. No login of a server may read them.
 * Errors: ToolError 'timeout', 'unavailable', and 'internal' for a document that is no credential.
 */
export interface CredentialStore {
  /** All of them, at most 1,000, by id. */
  list(deadline: Deadline): Promise<readonly SealedCredential[]>;
  find(service: string, type: CredentialType, deadline: Deadline): Promise<SealedCredential | undefined>;
  /** False when there is one of that service and type already, which stays. */
  add(credential: SealedCredential, deadline: Deadline): Promise<boolean>;
  /** False when `before` is no longer what is there, which stays. */
  replace(before: SealedCredential, after: SealedCredential, deadline: Deadline): Promise<boolean>;
  close(): Promise<void>;
}

/** The credentials in the PromptContent at an address of PostgreSQL or MongoDB, by a login that may read them: its owner's. */
export function openCredentialStore(url: string): Promise<CredentialStore> {
  return isMongoAddress(url) ? Promise.resolve(inMongo(url)) : inPostgres(url);
}

const LIST = { name: 'credentials', text: `SELECT id, document FROM content.${COLLECTION} ORDER BY id LIMIT ${MOST_LISTED}` };
const FIND = { name: 'credential', text: `SELECT id, document FROM content.${COLLECTION} WHERE id = $1` };
const ADD = {
  name: 'add_credential',
  text: `INSERT INTO content.${COLLECTION} (id, document) VALUES ($1, $2::jsonb) ON CONFLICT DO NOTHING RETURNING id`,
};
const REPLACE = {
  name: 'replace_credential',
  text: `UPDATE content.${COLLECTION} SET document = $3::jsonb WHERE id = $1 AND document ->> 'valor_cifrado' = $2 RETURNING id`,
};

async function inPostgres(url: string): Promise<CredentialStore> {
  const database = await openPostgres(url, { applicationName: 'promptsales credentials', called: 'PromptContent', maxConnections: 2 });
  const toCredential = (row: Row) => credentialOf(String(row.id), row.document);
  return {
    list: (deadline) => database.rows(LIST, [], toCredential, deadline),
    find: async (service, type, deadline) => (await database.rows(FIND, [credentialId(service, type)], toCredential, deadline))[0],
    add: async (credential, deadline) =>
      (await database.rows(ADD, [credential.id_credencial, JSON.stringify(credential)], () => true, deadline)).length > 0,
    replace: async (before, after, deadline) => {
      const values = [before.id_credencial, before.valor_cifrado, JSON.stringify(after)];
      return (await database.rows(REPLACE, values, () => true, deadline)).length > 0;
    },
    close: () => database.close(),
  };
}

function inMongo(url: string): CredentialStore {
  const database = openMongo(url, {
    applicationName: 'promptsales credentials',
    called: 'PromptContent',
    setting: 'CONTENT_DATABASE_URL',
    maxConnections: 2,
  });
  const projection = Object.fromEntries(Object.keys(CredentialDocument.shape).map((name) => [name, 1]));
  return {
    list: async (deadline) => {
      const asked = { filter: {}, projection, sort: { _id: 1 }, limit: MOST_LISTED } as const;
      return (await database.find(COLLECTION, asked, deadline)).map((found) => credentialOf(idOf(found._id), plainDocument(found)));
    },
    find: async (service, type, deadline) => {
      const asked = { filter: { _id: credentialId(service, type) }, projection, limit: 1 };
      const [found] = await database.find(COLLECTION, asked, deadline);
      return found === undefined ? undefined : credentialOf(idOf(found._id), plainDocument(found));
    },
    add: (credential, deadline) => database.insertNew(COLLECTION, storedDocument(credential.id_credencial, credential), deadline),
    replace: (before, after, deadline) => {
      const { _id, ...fields } = storedDocument(after.id_credencial, after);
      return database.update(COLLECTION, { _id: before.id_credencial, valor_cifrado: before.valor_cifrado }, { $set: fields }, deadline);
    },
    close: () => database.close(),
  };
}

/** Nothing of the document is told: it may hold what should have been encrypted. */
function credentialOf(id: string, document: unknown): SealedCredential {
  const { success, data } = CredentialDocument.safeParse(document);
  if (success && data.id_credencial === id) return data;
  throw new ToolError('internal', `What PromptContent holds in ${COLLECTION} about ${id} is no encrypted credential.`, {
    remedy: 'An administrator removes it and sets it again with `promptsales credentials set`.',
  });
}
