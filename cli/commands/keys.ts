import pg from 'pg';
import {
  type Certificate,
  certificateFolder,
  makeCertificate,
  readCertificates,
  validCertificate,
} from '../../shared/access/certificates.ts';
import { dataKeysIn, KEY_PURPOSES, type KeyPurpose, unwrapWith } from '../../shared/access/data_keys.ts';
import { listDataKeys, rewrapDataKeys, rotateDataKey, type StoredDataKey } from '../../shared/access/data_keys_rotation.ts';
import { renewIdentities, valuesByKey } from '../../shared/access/identity_rotation.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { openPostgres } from '../../shared/db/postgres_database.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { openHome } from '../../shared/stack/home.ts';
import { StackError } from '../../shared/stack/stack_error.ts';
import { neededUrls } from '../needed_urls.ts';

export type KeysVerb = 'generate' | 'rotate' | 'status';
export type KeysOptions = {
  /** rotate: the certificate instead of the data keys. */
  readonly certificate?: boolean | undefined;
  /** rotate: no new keys, only the rest of a rotation that was interrupted. */
  readonly resume?: boolean | undefined;
  /** status: machine-readable. */
  readonly json?: boolean | undefined;
};

/** Certificates that end sooner want a successor, in days. */
const SOON_DAYS = 30;
const MS_PER_DAY = 86_400_000;
const CERTIFICATE_NAME = 'PromptSales data keys';

/** People, between two lines of progress. */
const PROGRESS_EVERY = 50_000;
const LONGEST_ROTATION_MS = 86_400_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** `promptsales keys generate|rotate|status` on the hub and the home of the settings. Returns the exit code. */
export async function runKeys(verb: KeysVerb, options: KeysOptions, settings: Settings): Promise<number> {
  await openHome(settings);
  const folder = certificateFolder(settings);
  const urls = await neededUrls(settings, ['hubAdmin']);
  return keysCommand(verb, options, folder, urls.hubAdmin);
}

/**
 * The same on a folder of certificates and a hub. `generate` makes a certificate, where there is none, and the first data keys: 1 when there
 * are data keys already. `rotate` makes new data keys and brings all that is encrypted under them, or with `certificate` wraps all data keys
 * under a new certificate. `status` proves that each data key opens: 1 when something has to be done.
 */
export async function keysCommand(
  verb: KeysVerb,
  { certificate = false, resume = false, json = false }: KeysOptions,
  folder: string,
  hubAdmin: string,
  now: Date = new Date(),
): Promise<number> {
  const owner = new pg.Client({ connectionString: hubAdmin, application_name: 'promptsales keys', connectionTimeoutMillis: 5_000 });
  await owner.connect();
  try {
    if (verb === 'status') return await status(owner, folder, json, now);
    const stored = await listDataKeys(owner);
    if (verb === 'generate') return await generate(owner, folder, now);
    if (missingPurposes(stored).length > 0) throw noKeyYet();
    if (certificate) return await rotateCertificate(owner, folder, now);
    if (!resume) await rotateDataKeys(owner, folder, now);
    return await renewValues(hubAdmin, folder);
  } finally {
    await owner.end();
  }
}

async function generate(owner: pg.ClientBase, folder: string, now: Date): Promise<number> {
  const made = await makeMissingKeys(owner, folder, now);
  if (made === undefined) {
    say('There are data keys already. New ones: promptsales keys rotate');
    return 1;
  }
  say(`${made.isNewCertificate ? 'New certificate' : 'Certificate'} ${shown(made.certificate)} in ${folder}`);
  for (const { purpose, keyId } of made.keys) say(`New data key ${keyId} (${purpose}), wrapped under it.`);
  say('Keep a copy of that folder apart from the backups of the hub: without it nobody can read the encrypted columns again.');
  return 0;
}

/** What {@link makeMissingKeys} made. */
export type MadeKeys = {
  readonly certificate: Certificate;
  readonly isNewCertificate: boolean;
  readonly keys: readonly { readonly purpose: KeyPurpose; readonly keyId: string }[];
};

/** Makes the data keys that the hub has not, and a certificate for them where the folder has no valid one; undefined when nothing is missing. */
export async function makeMissingKeys(owner: pg.ClientBase, folder: string, now: Date): Promise<MadeKeys | undefined> {
  const missing = missingPurposes(await listDataKeys(owner));
  if (missing.length === 0) return undefined;
  // Of a run that was interrupted, or put there on purpose.
  const found = validCertificate(await readCertificates(folder), now);
  const certificate = found ?? (await makeCertificate(folder, { name: CERTIFICATE_NAME, from: now }));
  const keys: { purpose: KeyPurpose; keyId: string }[] = [];
  for (const purpose of missing) keys.push({ purpose, keyId: await rotateDataKey(owner, purpose, certificate) });
  return { certificate, isNewCertificate: found === undefined, keys };
}

async function rotateDataKeys(owner: pg.ClientBase, folder: string, now: Date): Promise<void> {
  const certificates = await readCertificates(folder);
  const certificate = validCertificate(certificates, now);
  if (certificate === undefined) {
    throw new StackError(
      `There is no valid certificate in ${folder}.`,
      'Put it back there from a backup, or, where it is only out of date, make a new one with `promptsales keys rotate --certificate`.',
    );
  }
  // What cannot be opened could not be brought under a new key.
  const values = await valuesByKey(owner);
  for (const stored of await listDataKeys(owner)) if (values.has(stored.keyId)) unwrapWith(certificates, stored);
  for (const purpose of KEY_PURPOSES) {
    say(`New data key ${await rotateDataKey(owner, purpose, certificate)} (${purpose}), wrapped under ${shown(certificate)}.`);
  }
}

/** Progress goes to standard error, so that standard output stays what was done. */
async function renewValues(hubAdmin: string, folder: string): Promise<number> {
  const hub = await openPostgres(hubAdmin, { applicationName: 'promptsales keys', maxConnections: 1 });
  try {
    const keys = dataKeysIn(hub, () => readCertificates(folder));
    let nextTold = PROGRESS_EVERY;
    const { sealed, hashed } = await renewIdentities(hub, keys, {
      onStep: ({ what, done }) => {
        if (done < PROGRESS_EVERY) nextTold = PROGRESS_EVERY; // the next step has begun
        if (done < nextTold) return;
        nextTold += PROGRESS_EVERY;
        process.stderr.write(`${done} people ${what} anew\n`);
      },
      deadline: deadlineIn(LONGEST_ROTATION_MS),
    });
    say(`${sealed} people encrypted anew, ${hashed} hashed anew. Backups of the hub made before need the keys before.`);
    return 0;
  } finally {
    await hub.close();
  }
}

async function rotateCertificate(owner: pg.ClientBase, folder: string, now: Date): Promise<number> {
  const before = await readCertificates(folder);
  // First whether all can be unwrapped: a certificate that is of no use need not be made.
  for (const stored of await listDataKeys(owner)) unwrapWith(before, stored);
  const made = await makeCertificate(folder, { name: CERTIFICATE_NAME, from: now });
  const count = await rewrapDataKeys(owner, before, made);
  say(`New certificate ${shown(made)} in ${folder}`);
  say(`${count} data ${count === 1 ? 'key' : 'keys'} wrapped under it; no encrypted value was touched.`);
  say('Credentials of outside services stay under the certificates before it until `promptsales credentials rotate`.');
  say('After that those are needed for older backups only.');
  return 0;
}

async function status(owner: pg.ClientBase, folder: string, json: boolean, now: Date): Promise<number> {
  const [certificates, stored, values] = [await readCertificates(folder), await listDataKeys(owner), await valuesByKey(owner)];
  const keys = stored.map((key) => ({
    keyId: key.keyId,
    purpose: key.purpose,
    state: isActive(key) ? 'active' : 'retired',
    created: key.createdAt.toISOString(),
    certificate: key.certificateFingerprint.slice(0, 16),
    opens: opens(certificates, key),
    values: values.get(key.keyId) ?? 0,
  }));
  const held = certificates.map((certificate) => ({
    certificate: certificate.fingerprint.slice(0, 16),
    subject: certificate.subject,
    validTo: certificate.validTo.toISOString().slice(0, 10),
    daysLeft: Math.floor((certificate.validTo.getTime() - now.getTime()) / MS_PER_DAY),
    dataKeys: keys.filter((key) => key.certificate === certificate.fingerprint.slice(0, 16)).length,
  }));
  const underRetired = keys.reduce((sum, key) => (key.state === 'retired' ? sum + key.values : sum), 0);
  const toDo = [
    ...missingPurposes(stored).map((purpose) => `There is no data key for ${purpose}: promptsales keys generate`),
    ...(underRetired === 0 ? [] : [`${underRetired} values are still under retired keys: promptsales keys rotate --resume`]),
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
      say(
        `data key ${key.keyId}  ${key.purpose}  ${key.state}  since ${key.created.slice(0, 10)}  under ${key.certificate}  values: ${key.values}`,
      );
    }
    for (const line of toDo) say(line);
  }
  return toDo.length === 0 ? 0 : 1;
}

function isActive({ retiredAt }: StoredDataKey): boolean {
  return retiredAt === null;
}

function missingPurposes(stored: readonly StoredDataKey[]): readonly KeyPurpose[] {
  return KEY_PURPOSES.filter((wanted) => !stored.some((key) => key.purpose === wanted && isActive(key)));
}

function opens(certificates: readonly Certificate[], key: StoredDataKey): boolean {
  try {
    unwrapWith(certificates, key);
    return true;
  } catch {
    return false;
  }
}

function shown({ fingerprint, validTo }: Certificate): string {
  return `${fingerprint.slice(0, 16)} (until ${validTo.toISOString().slice(0, 10)})`;
}

function noKeyYet(): StackError {
  return new StackError('There is no data key to rotate.', 'Make the first one with `promptsales keys generate`.');
}
