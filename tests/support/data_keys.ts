import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { makeCertificate } from '../../shared/access/certificates.ts';
import { KEY_PURPOSES } from '../../shared/access/data_keys.ts';
import { rotateDataKey } from '../../shared/access/data_keys_rotation.ts';

let made: ReturnType<typeof makeOnce> | undefined;

/** One certificate for all hubs of a process: making one takes longer than anything else here. */
async function makeOnce() {
  const folder = await mkdtemp(join(tmpdir(), 'promptsales-test-keys-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return { folder, certificate: await makeCertificate(folder, { name: 'test', from: new Date(Date.now() - 60_000), keyBits: 2_048 }) };
}

/** Gives a hub its first data keys and returns the folder with their certificate. */
export async function makeDataKeys(hubOwner: string): Promise<string> {
  made ??= makeOnce();
  const { folder, certificate } = await made;
  const owner = new pg.Client({ connectionString: hubOwner });
  await owner.connect();
  try {
    for (const purpose of KEY_PURPOSES) await rotateDataKey(owner, purpose, certificate);
  } finally {
    await owner.end();
  }
  return folder;
}
