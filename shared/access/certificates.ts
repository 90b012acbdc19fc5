import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { ToolError } from '../domain/tool_error.ts';
import { homePath } from '../stack/home.ts';
import { selfSignedCertificate } from './self_signed_certificate.ts';

/** A certificate that data keys are wrapped under, with its private key. */
export type Certificate = {
  /** SHA-256 of the certificate, 64 hexadecimal digits: what a data key names it by. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly validFrom: Date;
  readonly validTo: Date;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
};

/** How long a certificate that is made here is good for. Data keys under an expired one still open; new ones want a valid one. */
const VALID_DAYS = 730;
const FEWEST_KEY_BITS = 2_048;

/** Where an installation's certificates lie: PROMPTSALES_KEYS_FOLDER, else the folder 'keys' of the home. */
export function certificateFolder(settings: Pick<Settings, 'home' | 'keysFolder'>): string {
  return settings.keysFolder ?? join(homePath(settings), 'keys');
}

/**
 * Reads every pair of <name>.crt and <name>.key (PEM) in the folder, the newest first; none when there is no folder. Pairs of an authority
 * of one's own stand beside those made here. Throws ToolError 'unavailable' when a file cannot be used, for example because other users
 * of the machine can read a private key.
 */
export async function readCertificates(folder: string): Promise<readonly Certificate[]> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw unusable('The folder of the certificates cannot be read.', 'Make it readable for the user this program runs as.', error);
  });
  const names = files.filter((file) => file.endsWith('.crt')).map((file) => file.slice(0, -'.crt'.length));
  const pairs = await Promise.all(names.map((name) => readPair(folder, name)));
  return pairs.sort((one, other) => other.validFrom.getTime() - one.validFrom.getTime() || (one.fingerprint < other.fingerprint ? -1 : 1));
}

/**
 * Makes a certificate signed by itself and writes <fingerprint's first 16 digits>.crt and .key for nobody's eyes but their owner's (0600, the
 * folder 0700). The certificate is written last: a pair is complete or is not there.
 */
export async function makeCertificate(
  folder: string,
  options: { readonly name: string; readonly from: Date; readonly days?: number | undefined; readonly keyBits?: number | undefined },
): Promise<Certificate> {
  const pair = await selfSignedCertificate({ ...options, days: options.days ?? VALID_DAYS });
  const made = certificateOf(pair.certificate, pair.privateKey);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const name = made.fingerprint.slice(0, 16);
  await writeWhole(join(folder, `${name}.key`), pair.privateKey);
  await writeWhole(join(folder, `${name}.crt`), pair.certificate);
  return made;
}

/** The newest that is valid at an instant: what is encrypted from now on is wrapped under it. */
export function validCertificate(certificates: readonly Certificate[], now: Date): Certificate | undefined {
  // A certificate tells its beginning in whole seconds.
  return certificates.find(({ validFrom, validTo }) => validFrom.getTime() <= now.getTime() && now.getTime() < validTo.getTime());
}

async function readPair(folder: string, name: string): Promise<Certificate> {
  const keyFile = join(folder, `${name}.key`);
  try {
    const [certificate, privateKey, { mode }] = await Promise.all([
      readFile(join(folder, `${name}.crt`), 'utf8'),
      readFile(keyFile, 'utf8'),
      stat(keyFile),
    ]);
    // Windows keeps who may read a file elsewhere.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw unusable(`Other users of this machine may read the private key ${name}.key.`, `Allow its owner alone: chmod 600 ${name}.key`);
    }
    return certificateOf(certificate, privateKey);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw unusable(
      `The certificate ${name}.crt and its private key ${name}.key cannot be read.`,
      'Both are PEM files of one RSA key of 2048 bits or more. Restore both from a backup, or move both away.',
      error,
    );
  }
}

function certificateOf(pem: string, keyPem: string): Certificate {
  const x509 = new X509Certificate(pem);
  const privateKey = createPrivateKey(keyPem);
  if (!x509.checkPrivateKey(privateKey)) throw new Error('the private key is of another certificate');
  const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (privateKey.asymmetricKeyType !== 'rsa' || bits < FEWEST_KEY_BITS) throw new Error('not an RSA key of enough bits');
  return {
    fingerprint: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    subject: x509.subject.replaceAll('\n', ', '),
    validFrom: x509.validFromDate,
    validTo: x509.validToDate,
    publicKey: x509.publicKey,
    privateKey,
  };
}

async function writeWhole(path: string, text: string): Promise<void> {
  const part = `${path}.part`;
  await rm(part, { force: true });
  await writeFile(part, text, { mode: 0o600, flag: 'wx', flush: true });
  await rename(part, path);
}

function unusable(message: string, remedy: string, cause?: unknown): ToolError {
  return new ToolError('unavailable', message, { remedy, cause });
}
