import type { KeyFamily } from '../../shared/cache/catalogue.ts';
import {
  campaignFiguresKey,
  campaignMessagesKey,
  campaignSearchKey,
  contentCardKey,
  contentFiguresKey,
  contentLeaderboardKey,
  familyOf,
  generationKey,
  generationMetaKey,
  KEY_CATALOGUE,
  lastSyncKey,
  openSearchKey,
  outsideCallKey,
  serverStatusKey,
  toolResultKey,
} from '../../shared/cache/keys.ts';
import { type KeySight, type Keyspace, openKeyspace, type RedisServerFigures } from '../../shared/cache/keyspace.ts';
import type { Settings } from '../../shared/config/settings.ts';
import { existingHome, homePath } from '../../shared/stack/home.ts';
import { StackError } from '../../shared/stack/stack_error.ts';
import { readStack } from '../../shared/stack/state.ts';
import { agrees } from '../agrees.ts';

/** Copies of what can be computed, fetched or loaded again: what a flush takes without being told twice. */
const COMPUTED_AGAIN: ReadonlySet<string> = new Set(
  [
    contentCardKey,
    campaignSearchKey,
    openSearchKey,
    toolResultKey,
    serverStatusKey,
    outsideCallKey,
    generationKey,
    campaignMessagesKey,
    generationMetaKey,
    contentFiguresKey,
    campaignFiguresKey,
    contentLeaderboardKey,
    lastSyncKey,
  ].map(({ pattern }) => pattern),
);

/** `promptsales cache status`: how Redis is and what it holds. Returns the exit code; throws when Redis cannot be reached. */
export async function runCacheStatus({ json = false }: { readonly json?: boolean }, settings: Settings): Promise<number> {
  return inKeyspace(settings, async (keyspace) => {
    const servers = await keyspace.servers();
    const { families, foreign } = await countKeys(keyspace, '*');
    const total = statusOf(servers);
    if (json) {
      const counted = Object.fromEntries(KEY_CATALOGUE.map(({ pattern }) => [pattern, families.get(pattern) ?? 0]));
      print(JSON.stringify({ address: keyspace.address, ...total, keys: counted, foreignKeys: foreign }, undefined, 2));
      return 0;
    }
    const rows = [...families].sort(([, one], [, other]) => other - one).map(([pattern, count]) => [pattern, String(count)]);
    print(
      [
        `${total.engine} ${total.version} at ${keyspace.address}${servers.length > 1 ? `, ${servers.length} masters` : ''}`,
        `memory ${megabytes(total.usedBytes)}${total.maxBytes > 0 ? ` of ${megabytes(total.maxBytes)}` : ', no limit'}, ${total.evictionPolicy}, ${total.evictedKeys} keys evicted`,
        total.hitRate === null
          ? 'nothing has been read yet'
          : `${(100 * total.hitRate).toFixed(1)} % of ${total.hits + total.misses} reads found their key, since the server started`,
        rows.length + foreign === 0
          ? 'no keys'
          : table(['keys', ''], [...rows, ...(foreign === 0 ? [] : [['foreign to PromptSales', String(foreign)]])]),
      ].join('\n'),
    );
    return 0;
  });
}

/**
 * `promptsales cache inspect <key, family or pattern>`: what lies there. Secrets are hidden, long values shortened. Returns the exit code:
 * 1 when there is nothing, 2 when the word fits no key.
 */
export async function runCacheInspect(
  word: string,
  { json = false, limit = 20 }: { readonly json?: boolean; readonly limit?: number },
  settings: Settings,
): Promise<number> {
  const globs = globsOf(word);
  return inKeyspace(settings, async (keyspace) => {
    const sights: KeySight[] = [];
    let more = false;
    const add = async (keys: readonly string[]) => {
      const room = limit - sights.length;
      more ||= keys.length > room;
      const found = await Promise.all(keys.slice(0, room).map((key) => keyspace.look(key)));
      sights.push(...found.filter((sight) => sight !== undefined));
    };
    if (globs === undefined) await add([word]);
    for (const { glob, belongs } of globs ?? []) {
      for await (const keys of keyspace.scan(glob)) {
        if (!more) await add(keys.filter(belongs));
        if (more) break;
      }
    }
    if (json) print(JSON.stringify({ keys: sights.map(sightObject), more }, undefined, 2));
    else if (sights.length === 0) print(`There is no key ${word}.`);
    else if (globs === undefined) print(sights.map(sightText).join('\n'));
    else print(`${sightTable(sights)}${more ? `\nThere are more than ${limit}: --limit shows more.` : ''}`);
    return sights.length > 0 ? 0 : 1;
  });
}

export type FlushOptions = {
  /** Families that cannot be computed again and are meant all the same. */
  readonly even?: readonly string[];
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
};

/**
 * `promptsales cache flush <family, pattern or key>`: deletes what can be computed again. Anything else that the word fits is refused, as is
 * a pattern that does not begin with a family. Returns the exit code: 2 for what is refused, 1 when nobody agreed.
 */
export async function runCacheFlush(word: string, options: FlushOptions, settings: Settings): Promise<number> {
  const globs = globsOf(word);
  const refusal = globs === undefined ? undefined : tooWide(word);
  if (refusal !== undefined) return refuse(refusal);
  const even = new Set<string>();
  for (const name of options.even ?? []) {
    const families = familiesNamed(name);
    if (families.length === 0) return refuse(`There is no family '${name}'. Families: ${familyNames()}`);
    for (const { pattern } of families) even.add(pattern);
  }
  return inKeyspace(settings, async (keyspace) => {
    const found = new Map<string, string[]>();
    const foreign: string[] = [];
    const sort = (keys: readonly string[]) => {
      for (const key of keys) {
        const family = familyOf(key);
        if (family === undefined) {
          foreign.push(key);
          continue;
        }
        const others = found.get(family.pattern);
        if (others === undefined) found.set(family.pattern, [key]);
        else others.push(key);
      }
    };
    if (globs === undefined && (await keyspace.look(word)) !== undefined) sort([word]);
    for (const { glob, belongs } of globs ?? []) {
      for await (const keys of keyspace.scan(glob)) sort(keys.filter(belongs));
    }
    const kept = [...found.keys()].filter((pattern) => !COMPUTED_AGAIN.has(pattern) && !even.has(pattern));
    if (foreign.length > 0) {
      return refuse(
        `Nothing was deleted: '${word}' fits ${keysText(foreign.length)} that ${foreign.length === 1 ? 'is' : 'are'} not PromptSales', such as ${foreign[0]}.`,
      );
    }
    if (kept.length > 0) {
      return refuse(
        `Nothing was deleted: ${kept.join(', ')} cannot be computed again. If you mean it: ${kept.map((pattern) => `--even ${shortName(pattern)}`).join(' ')}`,
      );
    }

    const counts = Object.fromEntries([...found].map(([pattern, keys]) => [pattern, keys.length]));
    const total = [...found.values()].reduce((sum, keys) => sum + keys.length, 0);
    const report = (deleted: number) => {
      if (options.json === true) print(JSON.stringify({ found: counts, deleted }));
      else print(deletedText(counts, total, deleted, options.dryRun === true));
      return 0;
    };
    if (options.dryRun === true || total === 0) return report(0);
    if (options.yes !== true) {
      if (!process.stdin.isTTY) return refuse(`${keysText(total)} would be deleted. Repeat it with --yes, or look first with --dry-run.`);
      if (!(await agrees(`Delete ${keysText(total)} of ${Object.keys(counts).join(', ')}?`))) return 1;
    }
    let deleted = 0;
    for (const keys of found.values()) deleted += await keyspace.unlink(keys);
    return report(deleted);
  });
}

/** Of which keys a word speaks, as SCAN takes it and exactly; undefined: of the one key it is. */
function globsOf(word: string): readonly { readonly glob: string; readonly belongs: (key: string) => boolean }[] | undefined {
  const families = familiesNamed(word);
  if (families.length > 0) {
    return families.map(({ glob, pattern }) => ({ glob, belongs: (key) => familyOf(key)?.pattern === pattern }));
  }
  return /[*?[\]]/.test(word) ? [{ glob: word, belongs: () => true }] : undefined;
}

/**
 * The families a word names: by the pattern ('lock:{resource}:{id}'), by what the pattern begins with ('mcp:tool'), or by the first words
 * of several ('content').
 */
function familiesNamed(word: string): readonly KeyFamily[] {
  const name = word.replace(/:$/, '');
  const exact = KEY_CATALOGUE.filter(({ pattern }) => pattern === word || shortName(pattern) === name);
  return exact.length > 0 ? exact : KEY_CATALOGUE.filter(({ pattern }) => shortName(pattern).startsWith(`${name}:`));
}

/** 'mcp:tool' of 'mcp:tool:{server}:…'. Families that begin alike have their other words behind it: 'ratelimit:minute'. */
function shortName(pattern: string): string {
  return pattern
    .split(':')
    .filter((piece) => !piece.startsWith('{'))
    .join(':');
}

function familyNames(): string {
  return [...new Set(KEY_CATALOGUE.map(({ pattern }) => shortName(pattern)))].join(', ');
}

/** Why a pattern is not flushed by: what is before its first '*' has to lie within a family. */
function tooWide(word: string): string | undefined {
  if (familiesNamed(word).length > 0) return undefined;
  const head = word.slice(0, word.search(/[*?[\]]/));
  if (head.includes(':') && KEY_CATALOGUE.some(({ pattern }) => pattern.startsWith(head) || head.startsWith(literalHead(pattern))))
    return undefined;
  return `'${word}' is too wide. Name a family (${familyNames()}) or a pattern within one, such as '${toolResultKey.of({ server: 'sales_dashboard', tool: 'x', params_hash: 'x' }).replace(/x:x$/, '*')}'.`;
}

function literalHead(pattern: string): string {
  return pattern.slice(0, pattern.indexOf('{'));
}

async function countKeys(
  keyspace: Keyspace,
  glob: string,
): Promise<{ readonly families: ReadonlyMap<string, number>; readonly foreign: number }> {
  const families = new Map<string, number>();
  let foreign = 0;
  for await (const keys of keyspace.scan(glob)) {
    for (const key of keys) {
      const pattern = familyOf(key)?.pattern;
      if (pattern === undefined) foreign += 1;
      else families.set(pattern, (families.get(pattern) ?? 0) + 1);
    }
  }
  return { families, foreign };
}

/** All masters together. The hit rate is null when nothing was read. */
function statusOf(
  servers: readonly RedisServerFigures[],
): RedisServerFigures & { readonly masters: number; readonly hitRate: number | null } {
  const sum = (figure: (server: RedisServerFigures) => number) => servers.reduce((total, server) => total + figure(server), 0);
  const all = (figure: (server: RedisServerFigures) => string) => [...new Set(servers.map(figure))].join(' and ');
  const [hits, misses] = [sum((server) => server.hits), sum((server) => server.misses)];
  return {
    engine: all(({ engine }) => engine),
    version: all(({ version }) => version),
    masters: servers.length,
    usedBytes: sum(({ usedBytes }) => usedBytes),
    maxBytes: sum(({ maxBytes }) => maxBytes),
    evictionPolicy: all(({ evictionPolicy }) => evictionPolicy),
    evictedKeys: sum(({ evictedKeys }) => evictedKeys),
    uptimeSeconds: Math.min(...servers.map(({ uptimeSeconds }) => uptimeSeconds)),
    hits,
    misses,
    hitRate: hits + misses === 0 ? null : hits / (hits + misses),
  };
}

function sightObject({ family, ...sight }: KeySight): Readonly<Record<string, unknown>> {
  return { ...sight, family: family?.pattern ?? null, warnings: faultsOf({ family, ...sight }) };
}

function sightText(sight: KeySight): string {
  const { key, family, holds } = sight;
  const names = Object.keys(holds);
  const width = Math.max(0, ...names.map((name) => name.length));
  return [
    key,
    family === undefined ? 'foreign to PromptSales' : `${family.pattern}: ${family.purpose}`,
    `${sight.type}, ${lifeText(sight)}, ${sight.length ?? '?'} ${LENGTH_UNIT[sight.type] ?? 'elements'}, ${sight.bytes ?? '?'} bytes`,
    ...faultsOf(sight).map((fault) => `Warning: ${fault}`),
    ...names.map((name) => `  ${name.padEnd(width)}  ${holds[name]}`),
    ...(sight.length !== null && sight.type !== 'string' && sight.length > names.length ? [`  … ${sight.length - names.length} more`] : []),
  ].join('\n');
}

const LENGTH_UNIT: Readonly<Record<string, string>> = { hash: 'fields', list: 'elements', zset: 'members', string: 'bytes of text' };

function sightTable(sights: readonly KeySight[]): string {
  return table(
    ['key', 'type', 'lives', 'length', 'bytes', ''],
    sights.map((sight) => [
      sight.key,
      sight.type,
      lifeText(sight),
      String(sight.length ?? '?'),
      String(sight.bytes ?? '?'),
      faultsOf(sight).join('; '),
    ]),
  );
}

/** What is not as the catalogue says. */
function faultsOf({ family, type, secondsLeft }: KeySight): readonly string[] {
  if (family === undefined) return [];
  const due = REDIS_TYPES[family.type];
  return [
    ...(type === due ? [] : [`it is a ${type}, the catalogue says ${due}`]),
    ...(secondsLeft === null && family.seconds !== null ? [`it never expires, the catalogue says ${family.seconds} s`] : []),
  ];
}

const REDIS_TYPES: Readonly<Record<KeyFamily['type'], string>> = {
  hash: 'hash',
  list: 'list',
  string: 'string',
  counter: 'string',
  'sorted set': 'zset',
};

function lifeText({ secondsLeft }: KeySight): string {
  return secondsLeft === null ? 'no TTL' : `${secondsLeft} s left`;
}

function deletedText(counts: Readonly<Record<string, number>>, total: number, deleted: number, dryRun: boolean): string {
  if (total === 0) return 'There is nothing to delete.';
  const parts = Object.entries(counts).map(([pattern, count]) => `  ${pattern}: ${count}`);
  const head = dryRun ? `${keysText(total)} would be deleted:` : `${keysText(deleted)} deleted:`;
  const memory =
    counts[toolResultKey.pattern] === undefined || dryRun
      ? []
      : ['Running servers go on with results they hold in memory: fresh:true asks anew.'];
  return [head, ...parts, ...memory].join('\n');
}

/** Opens the Redis of the settings, else that of the home's running stack; nothing is started for it. */
async function inKeyspace(settings: Settings, work: (keyspace: Keyspace) => Promise<number>): Promise<number> {
  const keyspace = await openKeyspace(settings.urls.redis ?? (await stackRedis(settings)));
  try {
    return await work(keyspace);
  } finally {
    keyspace.close();
  }
}

async function stackRedis(settings: Settings): Promise<string> {
  const home = (await existingHome(settings)) ?? homePath(settings);
  const url = readStack(home)?.urls?.redis;
  if (url === undefined)
    throw new StackError(`No stack runs in ${home}.`, 'Start one with promptsales up, or name your own Redis in REDIS_URL.');
  return url;
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`);
  return 2;
}

function print(text: string): void {
  process.stdout.write(`${text.trimEnd()}\n`);
}

function keysText(count: number): string {
  return count === 1 ? '1 key' : `${count} keys`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MB`;
}

/** Columns as wide as they need; those of numbers to the right. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const numeric = heads.map((_, column) => rows.length > 0 && rows.every((row) => /^\d+$/.test(row[column] ?? '')));
  return [heads, ...rows]
    .map((row) =>
      row
        .map((cell, column) => (numeric[column] === true ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
