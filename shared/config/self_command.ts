import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package_root.ts';
import { isBundled } from './version.ts';

const NODE_MAJOR = 24;

/** The program and script that run the `promptsales` command as this process runs: from the bundle or from the sources. */
export function selfCommand(): string[] {
  const root = packageRoot();
  return [nodeProgram(root), join(root, ...(isBundled ? ['dist', 'promptsales.mjs'] : ['cli', 'promptsales.ts']))];
}

/** The running Node when it is new enough; else the one this package brings, since a host may have started us with its own. */
function nodeProgram(root: string): string {
  const own = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const isOld = Number.parseInt(process.versions.node, 10) < NODE_MAJOR;
  return isOld && existsSync(own) ? own : process.execPath;
}
