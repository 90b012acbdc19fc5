import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../config/package_root.ts';
import { canonicalHash } from '../domain/canonical_json.ts';
import { dataFence } from './fenced_data.ts';
import type { ModelPrompt } from './text_model.ts';

/** The languages prompts are written in. */
export type PromptLanguage = 'es' | 'en';

/** A file of prompts/: what is told to a model, with places for what differs. */
export type PromptFile = {
  readonly name: string;
  readonly version: number;
  readonly language: PromptLanguage;
  /** Places for values of our own: a channel's name, a number. */
  readonly values: readonly string[];
  /** Places for text from databases and people, which goes in fenced, and the most characters of each. */
  readonly data: Readonly<Record<string, number>>;
  readonly system: string;
  readonly user: string;
  /** 'campaign_messages.v1.es#' and a hash of the file's text: what caches and records name the prompt by. Another text is another prompt. */
  readonly identity: string;
};

/** A prompt file, or what was put into one, that is not as it has to be: a defect of the program. The message names file and place. */
export class PromptFileError extends Error {
  override readonly name = 'PromptFileError';
}

/** What a prompt is made of. Each place of the file is given, and nothing else. */
export type PromptParts = {
  readonly values: Readonly<Record<string, string | number>>;
  readonly data: Readonly<Record<string, string>>;
};

/** The prompt, and what it is known by in caches: the file and the parts, without the nonce that differs each time. */
export type FilledPrompt = ModelPrompt & { readonly key: { readonly prompt: string } & PromptParts };

const PLACE = /\{\{([^{}]*)\}\}/g;
const PLACE_NAME = /^[a-z][a-z_]*$/;
/** Given to every prompt that has data: the tag that the data stands in. */
const FENCE = 'fence';
/** A value of our own is a word or a few; what is longer is data. */
const VALUE = /^[^\p{C}<>{}]{1,100}$/u;

const FrontMatter = z.strictObject({
  name: z.string().regex(PLACE_NAME),
  version: z.coerce.number().int().positive(),
  language: z.enum(['es', 'en']),
  values: z.string().optional(),
  data: z.string().optional(),
});

/**
 * Reads prompts/{folder}/{name}.v{version}.{language}.md. Throws {@link PromptFileError} for one that is not there, is called differently
 * inside, or names a place it does not have.
 */
export async function loadPrompt(
  name: string,
  version: number,
  language: PromptLanguage,
  folder: string = join(packageRoot(), 'prompts', 'generation'),
): Promise<PromptFile> {
  const file = `${name}.v${version}.${language}.md`;
  let text: string;
  try {
    text = await readFile(join(folder, file), 'utf8');
  } catch (cause) {
    throw new PromptFileError(`${file}: cannot be read`, { cause });
  }
  const prompt = parsePromptFile(text, file);
  if (`${prompt.name}.v${prompt.version}.${prompt.language}.md` !== file) throw new PromptFileError(`${file}: says it is another one`);
  return prompt;
}

/**
 * A prompt file is front matter between two lines '---' (`key: value`; name, version, language, `values: a, b`, `data: c 4000, d 800` with the
 * most characters of each), then the parts '# system' and '# user'. `file` is its name in messages.
 */
export function parsePromptFile(text: string, file: string): PromptFile {
  const [, head, system, user] =
    /^---\n([\s\S]*?)\n---\n\s*# system\n([\s\S]*?)\n# user\n([\s\S]*)$/.exec(text.replaceAll('\r\n', '\n')) ?? [];
  if (head === undefined || system === undefined || user === undefined) {
    throw new PromptFileError(`${file}: has to be front matter, '# system' and '# user'`);
  }
  const lines = head.split('\n').map((line) => /^([a-z]+):\s*(.*?)\s*$/.exec(line)?.slice(1) ?? [line, '']);
  const front = FrontMatter.safeParse(Object.fromEntries(lines));
  if (!front.success) throw new PromptFileError(`${file}: ${z.prettifyError(front.error)}`);
  const { name, version, language } = front.data;
  const values = listOf(front.data.values);
  const data = Object.fromEntries(listOf(front.data.data).map((entry) => limitOf(entry, file)));
  const dataNames = Object.keys(data);
  const declared = [...values, ...dataNames, ...(dataNames.length > 0 ? [FENCE] : [])];
  const used = new Set([...`${system}\n${user}`.matchAll(PLACE)].map(([, place = '']) => place));
  for (const place of declared) {
    if (!PLACE_NAME.test(place)) throw new PromptFileError(`${file}: '${place}' is no name of a place`);
    if (!used.has(place)) throw new PromptFileError(`${file}: {{${place}}} is declared and not used`);
  }
  if (new Set(declared).size < declared.length) throw new PromptFileError(`${file}: a place is declared twice`);
  for (const place of used) if (!declared.includes(place)) throw new PromptFileError(`${file}: {{${place}}} is not declared`);
  // Only our own words stand where a model takes its orders from.
  const inSystem = dataNames.find((place) => system.includes(`{{${place}}}`));
  if (inSystem !== undefined) throw new PromptFileError(`${file}: {{${inSystem}}} is data and stands in the system part`);
  const hash = canonicalHash(text.replaceAll('\r\n', '\n')).slice(0, 16);
  return {
    name,
    version,
    language,
    values,
    data,
    system: system.trim(),
    user: user.trim(),
    identity: `${name}.v${version}.${language}#${hash}`,
  };
}

/**
 * Puts the parts into their places, data fenced under a fresh nonce (tests may give one). What is put in is not read again: a text with
 * {{places}} in it stays as it is. Throws {@link PromptFileError} for a part that is missing, unknown, or no short value of our own.
 */
export function fillPrompt(file: PromptFile, parts: PromptParts, nonce?: string): FilledPrompt {
  const { identity } = file;
  agree(identity, file.values, Object.keys(parts.values));
  agree(identity, Object.keys(file.data), Object.keys(parts.data));
  const fence = dataFence(nonce);
  const filled = new Map<string, string>([[FENCE, fence.tag]]);
  for (const [name, value] of Object.entries(parts.values)) {
    if (!VALUE.test(String(value))) throw new PromptFileError(`${identity}: ${name} is no short value; what others wrote is data`);
    filled.set(name, String(value));
  }
  for (const [name, text] of Object.entries(parts.data)) filled.set(name, fence.block(name, text, file.data[name] ?? 0));
  const fill = (text: string) => text.replaceAll(PLACE, (_place, name: string) => filled.get(name) ?? '');
  return { system: fill(file.system), user: fill(file.user), key: { prompt: identity, values: parts.values, data: parts.data } };
}

function agree(identity: string, places: readonly string[], given: readonly string[]): void {
  const missing = places.find((place) => !given.includes(place));
  if (missing !== undefined) throw new PromptFileError(`${identity}: nothing was given for {{${missing}}}`);
  const unknown = given.find((name) => !places.includes(name));
  if (unknown !== undefined) throw new PromptFileError(`${identity}: there is no {{${unknown}}} among these`);
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** 'campaign 4000' → ['campaign', 4000]. */
function limitOf(entry: string, file: string): [string, number] {
  const [, name, limit] = /^([a-z_]+) (\d+)$/.exec(entry) ?? [];
  if (name === undefined || limit === undefined) throw new PromptFileError(`${file}: '${entry}' is not a name and its most characters`);
  return [name, Number(limit)];
}
