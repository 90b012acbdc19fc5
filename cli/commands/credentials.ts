import { text } from 'node:stream/consumers';
import { type Certificate, certificateFolder, readCertificates, validCertificate } from '../../shared/access/certificates.ts';
import {
  type CredentialType,
  credentialId,
  openCredential,
  rotatedCredential,
  type SealedCredential,
  sealCredential,
} from '../../shared/access/credentials.ts';
import { Secret } from '../../shared/access/secret.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { deadlineIn } from '../../shared/domain/deadline.ts';
import { type CredentialStore, openCredentialStore } from '../../shared/sources/credential_store.ts';
import { openHome } from '../../shared/stack/home.ts';
import { StackError } from '../../shared/stack/stack_error.ts';
import { neededUrls } from '../needed_urls.ts';

export type CredentialsVerb = 'set' | 'list' | 'rotate';
export type CredentialsOptions = {
  readonly service?: string | undefined;
  readonly type?: CredentialType | undefined;
  readonly json?: boolean | undefined;
};

const LIMIT_MS = 20_000;
const LONGEST_VALUE = 10_000;
const soon = () => deadlineIn(LIMIT_MS);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** `promptsales credentials set|list|rotate` on the PromptContent and the home of the settings. Returns the exit code. */
export async function runCredentials(verb: CredentialsVerb, options: CredentialsOptions, settings: Settings): Promise<number> {
  await openHome(settings);
  const folder = certificateFolder(settings);
  const { content } = await neededUrls(settings, ['content']);
  const store = await openCredentialStore(content);
  try {
    return await credentialsCommand(verb, options, folder, store, () => readValue(process.stdin));
  } finally {
    await store.close();
  }
}

/**
 * The same on a folder of certificates and a store. `set` encrypts a value under the newest valid certificate, in place of the one before. `rotate` gives
 * every credential another data key, under the newest valid certificate: with that, an older certificate is needed for backups only. `list`
 * tells all but the values, and whether each opens: 1 when one does not. No value is ever printed.
 */
export async function credentialsCommand(
  verb: CredentialsVerb,
  { service, type, json = false }: CredentialsOptions,
  folder: string,
  store: CredentialStore,
  value: () => Promise<Secret>,
  now: Date = new Date(),
): Promise<number> {
  const certificates = await readCertificates(folder);
  if (verb === 'list') return list(await store.list(soon()), certificates, json);
  const target = validCertificate(certificates, now);
  if (target === undefined) {
    throw new StackError(
      `There is no valid certificate in ${folder}.`,
      'Make one with `promptsales keys generate`, or put it back from a backup.',
    );
  }
  if (verb === 'rotate') return rotate(store, certificates, target, now);
  if (service === undefined || type === undefined) {
    throw new StackError('Which credential is not said.', 'promptsales credentials set <service> <type>, for example: openai api_key');
  }
  await set(store, sealCredential({ service, type, value: await value(), at: now }, target));
  say(`${credentialId(service, type)} is encrypted under certificate ${target.fingerprint.slice(0, 16)}.`);
  return 0;
}

async function set(store: CredentialStore, made: SealedCredential): Promise<void> {
  if (await store.add(made, soon())) return;
  const before = await store.find(made.servicio_referencia, made.tipo_credencial, soon());
  const replaced = before !== undefined && (await store.replace(before, { ...made, createdAt: before.createdAt }, soon()));
  if (!replaced)
    throw new StackError(
      `Somebody else is changing ${made.id_credencial}.`,
      'Look at it with `promptsales credentials list`, then set it again.',
    );
}

/** One after the other, each in one step: whoever reads meanwhile finds the one before or the one after, and both open. */
async function rotate(store: CredentialStore, certificates: readonly Certificate[], target: Certificate, now: Date): Promise<number> {
  const all = await store.list(soon());
  // First whether all open: a rotation that leaves one behind would look done.
  for (const sealed of all) openCredential(sealed, certificates);
  let changed = 0;
  for (const sealed of all) {
    if (await store.replace(sealed, rotatedCredential(sealed, certificates, target, now), soon())) changed++;
    else say(`${sealed.id_credencial} was changed by somebody else meanwhile.`);
  }
  say(
    `${changed} ${changed === 1 ? 'credential has' : 'credentials have'} another data key, under certificate ${target.fingerprint.slice(0, 16)}.`,
  );
  return changed === all.length ? 0 : 1;
}

function list(all: readonly SealedCredential[], certificates: readonly Certificate[], json: boolean): number {
  const shown = all.map((sealed) => ({
    credential: sealed.id_credencial,
    lastRotation: new Date(sealed.ultima_rotacion).toISOString(),
    certificate: sealed.huella_certificado.slice(0, 16),
    opens: opens(sealed, certificates),
  }));
  if (json) say(JSON.stringify(shown));
  else
    for (const one of shown)
      say(`${one.credential}  since ${one.lastRotation.slice(0, 10)}  under ${one.certificate}${one.opens ? '' : '  DOES NOT OPEN'}`);
  return shown.every((one) => one.opens) ? 0 : 1;
}

function opens(sealed: SealedCredential, certificates: readonly Certificate[]): boolean {
  try {
    openCredential(sealed, certificates);
    return true;
  } catch {
    return false;
  }
}

/** All of standard input without its last line break: a value on the command line would be in the shell's history and in the list of processes. */
async function readValue(input: NodeJS.ReadStream): Promise<Secret> {
  if (input.isTTY) process.stderr.write('The value, then Ctrl-D: ');
  const read = (await text(input)).replace(/\r?\n$/, '');
  if (read === '' || read.length > LONGEST_VALUE)
    throw new StackError(
      'There is no value of at most 10,000 characters on standard input.',
      'printf %s "$KEY" | promptsales credentials set openai api_key',
    );
  return new Secret(read);
}
