import { createHash, generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate and its private key, both as PEM. */
export type CertificatePair = { readonly certificate: string; readonly privateKey: string };

/**
 * Makes an RSA key and an X.509 v3 certificate for it, signed by itself with SHA-256 (RFC 5280). Node reads certificates but makes none, so
 * the few fields are encoded here. It is for wrapping keys only: its key usage is keyEncipherment, and it is no authority.
 */
export async function selfSignedCertificate(options: {
  /** The holder's common name. */
  readonly name: string;
  readonly from: Date;
  readonly days: number;
  /** 3072 unless said otherwise: 128 bits of strength (NIST SP 800-57). */
  readonly keyBits?: number | undefined;
}): Promise<CertificatePair> {
  const { name, from, days, keyBits = 3_072 } = options;
  const { publicKey, privateKey } = await newRsaKeys(keyBits);
  const holder = commonName(name);
  const until = new Date(from.getTime() + days * 86_400_000);
  const toSign = sequence(
    explicit(0, integer(Buffer.of(VERSION_3))),
    integer(serialNumber()),
    SHA256_WITH_RSA,
    holder,
    sequence(time(from), time(until)),
    holder,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions(publicKey))),
  );
  const der = sequence(toSign, SHA256_WITH_RSA, bitString(sign('sha256', toSign, privateKey)));
  return { certificate: pem('CERTIFICATE', der), privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** Not by promisify(): a bundle's function of this name does not say that its callback takes two values. */
function newRsaKeys(modulusLength: number): Promise<{ readonly publicKey: KeyObject; readonly privateKey: KeyObject }> {
  return new Promise((resolve, reject) => {
    generateKeyPair('rsa', { modulusLength }, (error, publicKey, privateKey) => {
      if (error === null) resolve({ publicKey, privateKey });
      else reject(error);
    });
  });
}

const VERSION_3 = 2;
const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectId: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One value of DER (X.690): its tag, its length in the shortest form, its content. */
function value(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.of(tag), lengthOf(body.byteLength), body]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const bytes = bytesOf(length);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

/** Big-endian, without leading zeros. */
function bytesOf(number: number): number[] {
  return number < 0x100 ? [number] : [...bytesOf(Math.floor(number / 0x100)), number % 0x100];
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => value(TAG.sequence, ...parts);
const explicit = (number: number, part: Uint8Array): Buffer => value(0xa0 | number, part);
const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer => value(TAG.bitString, Buffer.of(unusedBits), bytes);
const octetString = (bytes: Uint8Array): Buffer => value(TAG.octetString, bytes);
const TRUE = value(TAG.boolean, Buffer.of(0xff));

/** A whole number that is not negative: a first bit that is set would be its sign. */
function integer(bytes: Uint8Array): Buffer {
  return value(TAG.integer, (bytes[0] ?? 0) >= 0x80 ? Buffer.of(0) : Buffer.alloc(0), bytes);
}

/** 'a.b.c…': the first two numbers in one byte, of the others seven bits a byte. */
function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  const sevenBits = (number: number, more: number): number[] =>
    number < 0x80 ? [number | more] : [...sevenBits(Math.floor(number / 0x80), 0x80), (number % 0x80) | more];
  return value(TAG.objectId, Buffer.from([first * 40 + second, ...others.flatMap((number) => sevenBits(number, 0))]));
}

const SHA256_WITH_RSA = sequence(objectId('1.2.840.113549.1.1.11'), value(TAG.null));

function commonName(name: string): Buffer {
  return sequence(value(TAG.set, sequence(objectId('2.5.4.3'), value(TAG.utf8String, Buffer.from(name, 'utf8')))));
}

/** RFC 5280 §4.1.2.5: two digits of the year up to 2049, four from then on; no fractions of a second. */
function time(at: Date): Buffer {
  const digits = at.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return at.getUTCFullYear() < 2050
    ? value(TAG.utcTime, Buffer.from(digits.slice(2), 'ascii'))
    : value(TAG.generalizedTime, Buffer.from(digits, 'ascii'));
}

/** RFC 5280 §4.1.2.2: positive, at most 20 bytes, and not to be guessed; a first byte from 0x40 to 0x7f is neither a sign nor a leading zero. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function extensions(publicKey: KeyObject): readonly Buffer[] {
  const keyIdentifier = createHash('sha1')
    .update(publicKey.export({ type: 'pkcs1', format: 'der' }))
    .digest();
  const KEY_ENCIPHERMENT = bitString(Buffer.of(0x20), 5);
  return [
    sequence(objectId('2.5.29.19'), TRUE, octetString(sequence())), // basic constraints: no authority
    sequence(objectId('2.5.29.15'), TRUE, octetString(KEY_ENCIPHERMENT)),
    // The name RFC 5280 §4.2.1.2 gives a key; SHA-1 secures nothing here.
    sequence(objectId('2.5.29.14'), octetString(octetString(keyIdentifier))),
  ];
}

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
