import {
  constants,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';

/** Where a value stands. It cannot be opened anywhere else: neither in another column nor in another row. */
export type FieldPlace = { readonly table: string; readonly column: string; readonly row: string };

/** A key that values are encrypted with: 256 bits, under the id that stands in each of them. */
export type DataKey = { readonly keyId: string; readonly key: KeyObject };

/** A value or a key that cannot be opened. The message is constant: it tells neither the value nor what was wrong with it. */
export class SealedValueError extends Error {
  override readonly name = 'SealedValueError';
}

const KEY_BYTES = 32;
/** What NIST SP 800-38D recommends for GCM; at random, so one key closes at most 2^32 values (§8.3). */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const TAG = { authTagLength: TAG_BYTES } as const;
/** Asking for random bytes costs as much as a quarter of a value: they are taken for so many at a time, and each is used once. */
const IVS_AT_ONCE = 1_024;
const SEALED = /^v1\.([0-9a-f]{16})\.([\w-]{16})\.([\w-]{22,})$/;

/** A new data key. */
export function newDataKey(): DataKey {
  return { keyId: randomBytes(8).toString('hex'), key: createSecretKey(randomBytes(KEY_BYTES)) };
}

/**
 * Encrypts a text with AES-256-GCM: 'v1.<key id>.<iv>.<ciphertext and tag>', the last two in base64url. Bound to its place and its key. The
 * same text twice gives two values; a value's length tells its text's.
 */
export function sealField(text: string, place: FieldPlace, { keyId, key }: DataKey): string {
  const iv = nextIv();
  const cipher = createCipheriv('aes-256-gcm', key, iv, TAG).setAAD(contextOf(keyId, place));
  const closed = cipher.update(text, 'utf8');
  cipher.final(); // in this mode nothing is left to come
  return `v1.${keyId}.${iv.toString('base64url')}.${Buffer.concat([closed, cipher.getAuthTag()]).toString('base64url')}`;
}

let ivs = Buffer.alloc(0);
let ivAt = 0;

function nextIv(): Buffer {
  if (ivAt === ivs.length) {
    ivs = randomBytes(IVS_AT_ONCE * IV_BYTES);
    ivAt = 0;
  }
  ivAt += IV_BYTES;
  return ivs.subarray(ivAt - IV_BYTES, ivAt);
}

/** Which data key opens the value; undefined when it is not a sealed one. */
export function keyIdOf(sealed: string): string | undefined {
  return SEALED.exec(sealed)?.[1];
}

/** Decrypts what {@link sealField} made. Throws {@link SealedValueError} when it was altered, moved from its place, or is of another key. */
export function openField(sealed: string, place: FieldPlace, { keyId, key }: DataKey): string {
  const [, sealedBy, iv, closed] = SEALED.exec(sealed) ?? [];
  if (sealedBy !== keyId || iv === undefined || closed === undefined) throw notOpened();
  const bytes = Buffer.from(closed, 'base64url');
  // The last letter of a base64url text has bits that are not read: only one way of writing is right.
  if (bytes.byteLength < TAG_BYTES || bytes.toString('base64url') !== closed) throw notOpened();
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'), TAG)
      .setAAD(contextOf(keyId, place))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    throw notOpened();
  }
}

/** Wraps a data key under the public key of a certificate: RSA-OAEP with SHA-256, in base64url, bound to the key's id. */
export function wrapDataKey({ keyId, key }: DataKey, publicKey: KeyObject): string {
  return publicEncrypt({ key: publicKey, ...oaep(keyId) }, key.export()).toString('base64url');
}

/** Unwraps a data key. Throws {@link SealedValueError} when it was wrapped for another private key or id. */
export function unwrapDataKey(keyId: string, wrapped: string, privateKey: KeyObject): DataKey {
  try {
    const bytes = privateDecrypt({ key: privateKey, ...oaep(keyId) }, Buffer.from(wrapped, 'base64url'));
    if (bytes.byteLength === KEY_BYTES) return { keyId, key: createSecretKey(bytes) };
  } catch {
    // Which of the two it was is nobody's business.
  }
  throw new SealedValueError('A data key cannot be unwrapped: it was wrapped for another private key, or altered.');
}

function oaep(keyId: string) {
  const label = Buffer.from(`promptsales data key ${keyId}`, 'utf8');
  return { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256', oaepLabel: label } as const;
}

/** As JSON, so that no two places have the same text. */
function contextOf(keyId: string, { table, column, row }: FieldPlace): Buffer {
  return Buffer.from(JSON.stringify(['v1', keyId, table, column, row]), 'utf8');
}

function notOpened(): SealedValueError {
  return new SealedValueError('An encrypted value cannot be opened: it was altered, moved, or encrypted with another key.');
}
