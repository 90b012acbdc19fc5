import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { makeCertificate, readCertificates } from '../../shared/access/certificates.ts';
import { KEY_PURPOSES } from '../../shared/access/data_keys.ts';
import { rotateDataKey } from '../../shared/access/data_keys_rotation.ts';
import { fillFromTemplate } from './template.ts';

let folder: Promise<string> | undefined;

/** The folder with the certificate of all hubs of a run: making one takes longer than anything else here. */
export function sharedKeysFolder(): Promise<string> {
  folder ??= makeFolder();
  return folder;
}

async function makeFolder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'promptsales-test-keys-'));
  process.on('exit', () => rmSync(made, { recursive: true, force: true }));
  await fillFromTemplate('keys', made, async () => {
    await makeCertificate(made, { name: 'test', from: new Date(Date.now() - 60_000), keyBits: 2_048 });
  });
  return made;
}

/** Gives a hub its first data keys, under that certificate. */
export async function makeDataKeys(hubOwner: string): Promise<void> {
  const [certificate] = await readCertificates(await sharedKeysFolder());
  if (certificate === undefined) throw new Error('there is no certificate for the tests');
  const owner = new pg.Client({ connectionString: hubOwner });
  await owner.connect();
  try {
    for (const purpose of KEY_PURPOSES) await rotateDataKey(owner, purpose, certificate);
  } finally {
    await owner.end();
  }
}
