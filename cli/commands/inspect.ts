import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { selfCommand } from '../../shared/config/self_command.ts';
import { loadServer, unknownServer } from '../servers.ts';

/** `promptsales inspect <server>`: the MCP Inspector on that server over stdio; what follows `--` goes to the Inspector. Returns its exit code. */
export async function runInspect(serverName: string, inspectorArguments: readonly string[]): Promise<number> {
  if ((await loadServer(serverName)) === undefined) return unknownServer(serverName);
  const inspector = inspectorProgram();
  if (inspector === undefined) {
    process.stderr.write('The Inspector is a development package: run `npm install` without --omit=dev first.\n');
    return 2;
  }
  // Options before the server's command are the Inspector's own: --cli, for example.
  const child = spawn(process.execPath, [inspector, ...inspectorArguments, ...selfCommand(), 'mcp', serverName], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

function inspectorProgram(): string | undefined {
  try {
    const packageFile = fileURLToPath(import.meta.resolve('@modelcontextprotocol/inspector/package.json'));
    const { bin } = JSON.parse(readFileSync(packageFile, 'utf8')) as { bin: string | Record<string, string> };
    const program = typeof bin === 'string' ? bin : Object.values(bin)[0];
    return program === undefined ? undefined : join(dirname(packageFile), program);
  } catch {
    return undefined;
  }
}
