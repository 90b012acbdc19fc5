import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Document } from 'mongodb';
import { packageRoot } from '../../shared/config/package_root.ts';

/** Commands that bring a database a step further, one after the other. A script that was applied somewhere is never changed. */
export type DeployScript = { readonly name: string; readonly commands: readonly Document[] };

/** database/mongodb/scripts, in order. */
export async function deployScripts(): Promise<readonly DeployScript[]> {
  const folder = join(packageRoot(), 'database', 'mongodb', 'scripts');
  const files = (await readdir(folder)).filter((file) => /^\d{4}_\w+\.json$/.test(file)).sort();
  return await Promise.all(
    files.map(async (file) => ({
      name: file.slice(0, -'.json'.length),
      commands: JSON.parse(await readFile(join(folder, file), 'utf8')) as Document[],
    })),
  );
}
