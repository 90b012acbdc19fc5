import pg from 'pg';
import {
  type Certificate,
  certificateFolder,
  makeCertificate,
  readCertificates,
  validCertificate,
} from '../../shared/access/certificates.ts';
import { PERSONAL_DATA, unwrapWith } from '../../shared/access/data_keys.ts';
import { listDataKeys, rewrapDataKeys, rotateDataKey, type StoredDataKey } from '../../shared/access/data_keys_rotation.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { openHome } from '../../shared/stack/home.ts';
import { StackError } from '../../shared/stack/stack_error.ts';
import { neededUrls } from '../needed_urls.ts';

export type KeysVerb = 'generate' | 'rotate' | 'status';
export type KeysOptions = {
  /** rotate: the certificate instead of the data key. */
  readonly certificate?: boolean | undefined;
  /** status: machine-readable. */
  readonly json?: boolean | undefined;
};

/** Certificates that end sooner want a successor, in days. */
const SOON_DAYS = 30;
const MS_PER_DAY = 86_400_000;
const CERTIFICATE_NAME = 'PromptSales data keys';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** `promptsales keys generate|rotate|status` on the hub and the home of the settings. Returns the exit code. */
export async function runKeys(verb: KeysVerb, options: KeysOptions, settings: Settings): Promise<number> {
  const folder = certificateFolder(await openHome(settings));
  const urls = await neededUrls(settings, ['hubAdmin']);
  return keysCommand(verb, options, folder, urls.hubAdmin);
}

/**
 * The same on a folder of certificates and a hub. `generate` makes a certificate, where there is none, and the first data key: 1 when there is
 * a data key already. `rotate` makes a data key for what is written from now on, or with `certificate` wraps all data keys under a new
 * certificate. `status` proves that each data key opens: 1 when something has to be done.
 */
export async function keysCommand(
  verb: KeysVerb,
  { certificate = false, json = false }: KeysOptions,
  folder: string,
  hubAdmin: string,
  now: Date = new Date(),
): Promise<number> {
  const owner = new pg.Client({ connectionString: hubAdmin, application_name: 'promptsales keys', connectionTimeoutMillis: 5_000 });
  await owner.connect();
  try {
    if (verb === 'status') return await status(owner, folder, json, now);
    const stored = await listDataKeys(owner);
    if (verb === 'generate') return await generate(owner, folder, stored, now);
    if (!stored.some(isActive)) throw noKeyYet();
    return certificate ? await rotateCertificate(owner, folder, now) : await rotate(owner, folder, now);
  } finally {
    await owner.end();
  }
}

async function generate(owner: pg.ClientBase, folder: string, stored: readonly StoredDataKey[], now: Date): Promise<number> {
  const active = stored.find(isActive);
  if (active !== undefined) {
    say(`There is a data key already, ${active.keyId}. A new one: promptsales keys rotate`);
    return 1;
  }
  // Of a run that was interrupted, or put there on purpose.
  const found = validCertificate(await readCertificates(folder), now);
  const certificate = found ?? (await makeCertificate(folder, { name: CERTIFICATE_NAME, from: now }));
  const keyId = await rotateDataKey(owner, PERSONAL_DATA, certificate);
  say(`${found === undefined ? 'New certificate' : 'Certificate'} ${shown(certificate)} in ${folder}`);
  say(`New data key ${keyId}, wrapped under it.`);
  say('Keep a copy of that folder apart from the backups of the hub: without it nobody can read the encrypted columns again.');
  return 0;
}

async function rotate(owner: pg.ClientBase, folder: string, now: Date): Promise<number> {
  const certificate = validCertificate(await readCertificates(folder), now);
  if (certificate === undefined) {
    throw new StackError(
      `There is no valid certificate in ${folder}.`,
      'Put it back there from a backup, or, where it is only out of date, make a new one with `promptsales keys rotate --certificate`.',
    );
  }
  const keyId = await rotateDataKey(owner, PERSONAL_DATA, certificate);
  say(
    `New data key ${keyId}, wrapped under ${shown(certificate)}. It is used within a minute; what the keys before it closed still opens.`,
  );
  return 0;
}

async function rotateCertificate(owner: pg.ClientBase, folder: string, now: Date): Promise<number> {
  const before = await readCertificates(folder);
  // First whether all can be unwrapped: a certificate that is of no use need not be made.
  for (const stored of await listDataKeys(owner)) unwrapWith(before, stored);
  const made = await makeCertificate(folder, { name: CERTIFICATE_NAME, from: now });
  const count = await rewrapDataKeys(owner, before, made);
  say(`New certificate ${shown(made)} in ${folder}`);
  say(`${count} data ${count === 1 ? 'key' : 'keys'} wrapped under it; no encrypted value was touched.`);
  say('The certificates before it are needed for older backups of the hub only.');
  return 0;
}

async function status(owner: pg.ClientBase, folder: string, json: boolean, now: Date): Promise<number> {
  const [certificates, stored] = [await readCertificates(folder), await listDataKeys(owner)];
  const keys = stored.map((key) => ({
    keyId: key.keyId,
    purpose: key.purpose,
    state: isActive(key) ? 'active' : 'retired',
    created: key.createdAt.toISOString(),
    certificate: key.certificateFingerprint.slice(0, 16),
    opens: opens(certificates, key),
  }));
  const held = certificates.map((certificate) => ({
    certificate: certificate.fingerprint.slice(0, 16),
    subject: certificate.subject,
    validTo: certificate.validTo.toISOString().slice(0, 10),
    daysLeft: Math.floor((certificate.validTo.getTime() - now.getTime()) / MS_PER_DAY),
    dataKeys: keys.filter((key) => key.certificate === certificate.fingerprint.slice(0, 16)).length,
  }));
  const toDo = [
    ...(stored.some(isActive) ? [] : ['There is no data key: promptsales keys generate']),
    ...keys
      .filter((key) => !key.opens)
      .map(
        (key) => `Data key ${key.keyId} cannot be unwrapped: put certificate ${key.certificate} and its private key back into ${folder}`,
      ),
    ...held
      .filter(({ dataKeys, daysLeft }) => dataKeys > 0 && daysLeft < SOON_DAYS)
      .map((one) => `Certificate ${one.certificate} ends on ${one.validTo}: promptsales keys rotate --certificate`),
  ];
  if (json) {
    say(JSON.stringify({ folder, certificates: held, dataKeys: keys, toDo }));
  } else {
    for (const one of held) say(`certificate ${one.certificate}  ${one.subject}  until ${one.validTo}  data keys: ${one.dataKeys}`);
    for (const key of keys) {
      say(`data key ${key.keyId}  ${key.purpose}  ${key.state}  since ${key.created.slice(0, 10)}  under ${key.certificate}`);
    }
    for (const line of toDo) say(line);
  }
  return toDo.length === 0 ? 0 : 1;
}

function isActive({ purpose, retiredAt }: StoredDataKey): boolean {
  return purpose === PERSONAL_DATA && retiredAt === null;
}

function opens(certificates: readonly Certificate[], key: StoredDataKey): boolean {
  try {
    unwrapWith(certificates, key);
    return true;
  } catch {
    return false;
  }
}

/** The newest that may be used today. */
function shown({ fingerprint, validTo }: Certificate): string {
  return `${fingerprint.slice(0, 16)} (until ${validTo.toISOString().slice(0, 10)})`;
}

function noKeyYet(): StackError {
  return new StackError('There is no data key to rotate.', 'Make the first one with `promptsales keys generate`.');
}
