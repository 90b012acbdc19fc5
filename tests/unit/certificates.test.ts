import { execFileSync } from 'node:child_process';
import { createPrivateKey, privateDecrypt, publicEncrypt, X509Certificate } from 'node:crypto';
import { chmod, copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificate, readCertificates } from '../../shared/access/certificates.ts';
import { selfSignedCertificate } from '../../shared/access/self_signed_certificate.ts';
import { hasOpenssl } from '../support/certificates.ts';

const FROM = new Date('2026-11-21T10:00:00.700Z');
/** Enough here, and quicker to make. */
const QUICK = { name: 'PromptSales', from: FROM, days: 365, keyBits: 2_048 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promptsales-certificates-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a certificate signed by itself', () => {
  it('is read by node: whose, how long, for which key, and signed with it', async () => {
    const { certificate, privateKey } = await selfSignedCertificate({ ...QUICK, name: 'Ñandú, S.A.' });
    const x509 = new X509Certificate(certificate);
    expect(x509.subject).toBe(x509.issuer);
    expect(x509.subject).toContain('S.A.');
    expect(x509.validFromDate).toEqual(new Date('2026-11-21T10:00:00Z'));
    expect(x509.validToDate).toEqual(new Date('2027-11-21T10:00:00Z'));
    expect(x509.ca).toBe(false);
    expect(x509.checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
    expect(x509.verify(x509.publicKey)).toBe(true);
    expect(x509.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(privateDecrypt(privateKey, publicEncrypt(x509.publicKey, Buffer.from('a key'))).toString()).toBe('a key');
  });

  it('has 3072 bits unless said otherwise, and a number and a key of its own each time', async () => {
    const [one, other] = await Promise.all([selfSignedCertificate({ name: 'a', from: FROM, days: 1 }), selfSignedCertificate(QUICK)]);
    const [first, second] = [new X509Certificate(one.certificate), new X509Certificate(other.certificate)];
    expect(first.publicKey.asymmetricKeyDetails?.modulusLength).toBe(3_072);
    expect(first.serialNumber).not.toBe(second.serialNumber);
    expect(first.publicKey.equals(second.publicKey)).toBe(false);
  });

  it('may end after 2049, from when on years have four digits', async () => {
    const { certificate } = await selfSignedCertificate({ ...QUICK, days: 365 * 40 });
    expect(new X509Certificate(certificate).validToDate).toEqual(new Date(Date.UTC(2026, 10, 21, 10) + 365 * 40 * 86_400_000));
  });

  it.runIf(hasOpenssl)('is read and accepted by openssl', async () => {
    const { certificate, privateKey } = await selfSignedCertificate(QUICK);
    const [cert, key] = [join(folder, 'a.crt'), join(folder, 'a.key')];
    await Promise.all([writeFile(cert, certificate), writeFile(key, privateKey)]);
    const openssl = (...parameters: string[]) => execFileSync('openssl', parameters, { encoding: 'utf8', stdio: 'pipe' });
    const text = openssl('x509', '-in', cert, '-noout', '-text', '-nameopt', 'utf8');
    expect(text).toContain('Version: 3 (0x2)');
    expect(text).toContain('Signature Algorithm: sha256WithRSAEncryption');
    expect(text).toMatch(/Subject: CN ?= ?PromptSales/);
    expect(text).toMatch(/X509v3 Key Usage: critical\s+Key Encipherment\n/);
    expect(text).toMatch(/X509v3 Basic Constraints: critical\s+CA:FALSE/);
    expect(text).toContain('X509v3 Subject Key Identifier');
    expect(openssl('verify', '-attime', String(Math.ceil(FROM.getTime() / 1_000) + 60), '-check_ss_sig', '-CAfile', cert, cert)).toContain(
      'OK',
    );
    expect(openssl('rsa', '-in', key, '-check', '-noout')).toContain('RSA key ok');
  });
});

describe('the files of certificates', () => {
  const make = (from = FROM) => makeCertificate(join(folder, 'keys'), { ...QUICK, from });
  const read = () => readCertificates(join(folder, 'keys'));

  it('are read and written by their owner alone (S3)', async () => {
    const made = await make();
    expect((await readdir(join(folder, 'keys'))).sort()).toEqual(['crt', 'key'].map((end) => `${made.fingerprint.slice(0, 16)}.${end}`));
    expect((await stat(join(folder, 'keys'))).mode & 0o777).toBe(0o700);
    for (const file of await readdir(join(folder, 'keys'))) expect((await stat(join(folder, 'keys', file))).mode & 0o777).toBe(0o600);
  });

  it('are read back, the newest first, whatever they are called', async () => {
    const older = await make(new Date('2025-01-01T00:00:00Z'));
    const newer = await make();
    for (const end of ['crt', 'key']) {
      await copyFile(join(folder, 'keys', `${older.fingerprint.slice(0, 16)}.${end}`), join(folder, 'keys', `of our authority.${end}`));
      await rm(join(folder, 'keys', `${older.fingerprint.slice(0, 16)}.${end}`));
    }
    const found = await read();
    expect(found.map(({ fingerprint }) => fingerprint)).toEqual([newer.fingerprint, older.fingerprint]);
    expect(found[0]).toMatchObject({ subject: 'CN=PromptSales', validFrom: newer.validFrom, validTo: newer.validTo });
  });

  it('are none where there is no folder', async () => {
    expect(await read()).toEqual([]);
  });

  it('are refused when others can read a private key, and say what to do', async () => {
    const { fingerprint } = await make();
    await chmod(join(folder, 'keys', `${fingerprint.slice(0, 16)}.key`), 0o640);
    await expect(read()).rejects.toMatchObject({ errorClass: 'unavailable', remedy: expect.stringContaining('chmod 600') });
  });

  it.each<readonly [string, (key: string) => Promise<void>]>([
    ['is missing', (key) => rm(key)],
    ['is no key', (key) => writeFile(key, 'nothing')],
    ['is of another certificate', async (key) => writeFile(key, (await selfSignedCertificate(QUICK)).privateKey)],
  ])('are refused when a private key %s, without showing it', async (_what, spoil) => {
    const { fingerprint } = await make();
    const key = join(folder, 'keys', `${fingerprint.slice(0, 16)}.key`);
    const before = await readFile(key, 'utf8');
    await spoil(key);
    const failure: Error = await read().then(
      () => expect.unreachable(),
      (error: Error) => error,
    );
    expect(failure).toMatchObject({ errorClass: 'unavailable', remedy: expect.stringContaining('backup') });
    expect(`${failure.message} ${String(failure.cause)}`).not.toContain(before.split('\n')[1]);
  });

  it('want an RSA key of 2048 bits', async () => {
    await make();
    const small = await selfSignedCertificate({ ...QUICK, keyBits: 1_024 });
    await writeFile(join(folder, 'keys', 'small.crt'), small.certificate);
    await writeFile(join(folder, 'keys', 'small.key'), small.privateKey, { mode: 0o600 });
    await expect(read()).rejects.toMatchObject({ errorClass: 'unavailable', message: expect.stringContaining('small.crt') });
  });
});
