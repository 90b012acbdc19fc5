import { type Row, textOf } from '../db/row.ts';
import type { SqlDatabase } from '../db/sql_database.ts';
import type { Deadline } from '../domain/deadline.ts';
import { ToolError } from '../domain/tool_error.ts';
import type { Certificate } from './certificates.ts';
import { type DataKey, type FieldPlace, keyIdOf, openField, SealedValueError, unwrapDataKey } from './envelope.ts';

/** What a data key is for: personal data is encrypted with it, or contacts are hashed under it. */
export type KeyPurpose = 'personal-data' | 'contact-hash';

/** The purposes of which every hub with people has a key each. */
export const KEY_PURPOSES: readonly KeyPurpose[] = ['personal-data', 'contact-hash'];

/** What the columns of people are encrypted for. */
export const PERSONAL_DATA = 'personal-data' satisfies KeyPurpose;

/** What contacts are looked up by. */
export const CONTACT_HASH = 'contact-hash' satisfies KeyPurpose;

/** A data key as the hub keeps it. */
export type WrappedKey = { readonly keyId: string; readonly wrapped: string; readonly certificateFingerprint: string };

/** The data keys of a hub, unwrapped once a process and kept in its memory. */
export type DataKeys = {
  /**
   * The key that new values of a purpose are encrypted with. After a rotation the former one is given for at most ACTIVE_MS more. Throws
   * ToolError 'unavailable' when there is none, or when it cannot be unwrapped here.
   */
  readonly active: (purpose: string, deadline: Deadline) => Promise<DataKey>;
  /** All keys of a purpose as they are now, the active one first. Throws as `active` does when one cannot be unwrapped here. */
  readonly all: (purpose: string, deadline: Deadline) => Promise<readonly DataKey[]>;
  /** Any key that there is, retired or not. Throws as `active` does. */
  readonly byId: (keyId: string, deadline: Deadline) => Promise<DataKey>;
};

/** For so long the active key is not asked for again, in milliseconds. */
export const ACTIVE_MS = 60_000;

const COLUMNS = 'k.key_id, k.wrapped_key, k.certificate_fingerprint';
const ACTIVE = {
  name: 'active_data_key',
  text: `SELECT ${COLUMNS} FROM access.data_keys k WHERE k.purpose = $1 AND k.retired_at IS NULL`,
};
const ALL = {
  name: 'data_keys_of_purpose',
  text: `SELECT ${COLUMNS} FROM access.data_keys k WHERE k.purpose = $1 ORDER BY k.retired_at DESC NULLS FIRST, k.key_id`,
};
const BY_ID = { name: 'data_key', text: `SELECT ${COLUMNS} FROM access.data_keys k WHERE k.key_id = $1` };

const toWrappedKey = (row: Row): WrappedKey => ({
  keyId: textOf(row, 'key_id'),
  wrapped: textOf(row, 'wrapped_key'),
  certificateFingerprint: textOf(row, 'certificate_fingerprint'),
});

/** The data keys of a hub. The certificates are read anew for each key that this process has not unwrapped yet. */
export function dataKeysIn(
  hub: SqlDatabase,
  certificates: () => Promise<readonly Certificate[]>,
  now: () => number = () => performance.now(),
): DataKeys {
  const known = new Map<string, DataKey>();
  const active = new Map<string, { readonly keyId: string; readonly until: number }>();

  const loading = new Map<string, Promise<DataKey>>();

  const unwrapped = async (stored: WrappedKey | undefined): Promise<DataKey> => {
    if (stored === undefined) throw noKey();
    const key = known.get(stored.keyId) ?? unwrapWith(await certificates(), stored);
    known.set(stored.keyId, key);
    return key;
  };
  /** Calls that need the same key at once ask for it once. Each gives up with the first one's deadline, and nothing is kept of a failure. */
  const once = (name: string, load: () => Promise<DataKey>): Promise<DataKey> => {
    const underWay = loading.get(name) ?? load().finally(() => loading.delete(name));
    loading.set(name, underWay);
    return underWay;
  };
  return {
    active: async (purpose, deadline) => {
      const found = active.get(purpose);
      const key = found !== undefined && found.until > now() ? known.get(found.keyId) : undefined;
      if (key !== undefined) return key;
      return once(`active ${purpose}`, async () => {
        const [stored] = await hub.rows(ACTIVE, [purpose], toWrappedKey, deadline);
        const fresh = await unwrapped(stored);
        active.set(purpose, { keyId: fresh.keyId, until: now() + ACTIVE_MS });
        return fresh;
      });
    },
    all: async (purpose, deadline) => Promise.all((await hub.rows(ALL, [purpose], toWrappedKey, deadline)).map(unwrapped)),
    byId: async (keyId, deadline) =>
      known.get(keyId) ?? once(keyId, async () => unwrapped((await hub.rows(BY_ID, [keyId], toWrappedKey, deadline))[0])),
  };
}

/** Unwraps a key with the certificate it names. Throws ToolError 'unavailable' when that is not at hand, or its private key does not fit. */
export function unwrapWith(certificates: readonly Certificate[], { keyId, wrapped, certificateFingerprint }: WrappedKey): DataKey {
  const certificate = certificates.find(({ fingerprint }) => fingerprint === certificateFingerprint);
  if (certificate === undefined) {
    throw new ToolError('unavailable', 'Personal data cannot be decrypted: the certificate its key is wrapped under is missing here.', {
      remedy:
        `An administrator puts certificate ${certificateFingerprint.slice(0, 16)} and its private key back into the folder 'keys' ` +
        'of the installation; `promptsales keys status` lists what is there.',
    });
  }
  try {
    return unwrapDataKey(keyId, wrapped, certificate.privateKey);
  } catch (error) {
    throw new ToolError('unavailable', 'Personal data cannot be decrypted: its data key cannot be unwrapped.', {
      remedy: 'An administrator looks at `promptsales keys status` and restores access.data_keys from a backup.',
      cause: error,
    });
  }
}

/** Decrypts values, each of whichever key closed it. Throws as {@link DataKeys} does, and SealedValueError for a value that cannot be opened. */
export async function openFields(
  fields: readonly { readonly sealed: string; readonly place: FieldPlace }[],
  keys: DataKeys,
  deadline: Deadline,
): Promise<readonly string[]> {
  const ids = new Set(fields.map(({ sealed }) => keyIdOf(sealed)).filter((keyId) => keyId !== undefined));
  const found = new Map(await Promise.all([...ids].map(async (keyId) => [keyId, await keys.byId(keyId, deadline)] as const)));
  return fields.map(({ sealed, place }) => {
    const key = found.get(keyIdOf(sealed) ?? '');
    if (key === undefined) throw new SealedValueError('A value that should be encrypted is not.');
    return openField(sealed, place, key);
  });
}

function noKey(): ToolError {
  return new ToolError('unavailable', 'Personal data cannot be encrypted or decrypted: its data key is not in the hub.', {
    remedy: 'An administrator makes a first one with `promptsales keys generate`, or restores access.data_keys from a backup.',
  });
}
