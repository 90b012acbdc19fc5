import type { z } from 'zod';
import { ToolError } from '../domain/tool_error.ts';

/** Arguments larger than this are refused unread, in characters of JSON. */
const MAX_ARGUMENT_CHARACTERS = 64_000;

/** What reading arguments needs to know of a tool. */
export type ArgumentRules = {
  readonly tool: string;
  readonly schema: z.ZodObject;
  readonly aliases: Readonly<Record<string, string>>;
};

/**
 * Reads a call's arguments: aliases are renamed, null means "not given" for optional arguments, unknown keys and wrong
 * values are named. Throws ToolError 'invalid_input' that says what was wrong and lists what would be right.
 */
export function readArguments({ tool, schema, aliases }: ArgumentRules, raw: unknown): Record<string, unknown> {
  const refuse = (problems: readonly string[]): never => {
    throw new ToolError('invalid_input', problems.join('; ').replaceAll('?; ', '? '), {
      remedy: `${tool} takes: ${describeArguments(schema)}`,
    });
  };
  if (raw !== undefined && raw !== null && (typeof raw !== 'object' || Array.isArray(raw))) {
    return refuse([`arguments must be an object of named values, not ${kindOf(raw)}`]);
  }
  const size = sizeOf(raw);
  if (size > MAX_ARGUMENT_CHARACTERS) {
    return refuse([`the arguments are too large (${size} characters; at most ${MAX_ARGUMENT_CHARACTERS})`]);
  }

  const given = new Map<string, unknown>();
  const problems: string[] = [];
  for (const [key, value] of Object.entries(raw ?? {})) {
    const name = Object.hasOwn(schema.shape, key) ? key : Object.hasOwn(aliases, key) ? aliases[key] : undefined;
    if (name === undefined) {
      problems.push(unknownArgument(key, Object.keys(schema.shape)));
    } else if (given.has(name)) {
      problems.push(`'${name}' is given twice, once as '${key}'`);
    } else if (value !== null && value !== undefined) {
      given.set(name, value);
    }
  }
  const parsed = schema.safeParse(Object.fromEntries(given), { reportInput: true });
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => describeIssue(issue, given)));
  if (problems.length > 0 || !parsed.success) return refuse(problems);
  return parsed.data;
}

/** The word of `known` that a mistyped word most likely meant, or undefined when none is near. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const wanted = plain(word);
  const [best] = known.map((name) => ({ name, distance: wordDistance(wanted, plain(name)) })).sort((a, b) => a.distance - b.distance);
  return best === undefined || wanted === '' ? undefined : best.distance <= 0.5 ? best.name : undefined;
}

function unknownArgument(key: string, known: readonly string[]): string {
  const shown = shorten(key);
  const meant = key.length > 64 ? undefined : nearestWord(key, known);
  return meant === undefined ? `unknown argument '${shown}'` : `unknown argument '${shown}'; did you mean '${meant}'?`;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** 0 for equal words; a word that begins the other is near; else the edits needed as a share of the longer word's length. */
function wordDistance(a: string, b: string): number {
  if (a === b) return 0;
  if (a.length >= 3 && b.length >= 3 && (a.startsWith(b) || b.startsWith(a))) return 0.1;
  const shared = commonPrefix(a, b);
  if (shared >= 5) return 0.2;
  return edits(a, b) / Math.max(a.length, b.length);
}

function commonPrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}

/** Levenshtein distance. */
function edits(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

function describeIssue(issue: z.core.$ZodIssue, given: ReadonlyMap<string, unknown>): string {
  const path = issue.path.map(String).join('.') || 'arguments';
  const [first] = issue.path;
  const missing = issue.path.length === 1 && typeof first === 'string' && !given.has(first);
  if (missing && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) return `'${path}' is required`;
  switch (issue.code) {
    case 'invalid_type':
      return `'${path}' must be ${article(issue.expected)}, not ${kindOf(issue.input)}`;
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      const meant = typeof issue.input === 'string' && issue.input.length <= 64 ? nearestWord(issue.input, allowed) : undefined;
      return `'${path}' must be one of ${allowed.join(', ')}, not ${kindOf(issue.input)}${meant === undefined ? '' : `; did you mean '${meant}'?`}`;
    }
    case 'too_big':
      return `'${path}' must be at most ${issue.maximum}${measure(issue.origin)}`;
    case 'too_small':
      return `'${path}' must be at least ${issue.minimum}${measure(issue.origin)}`;
    case 'unrecognized_keys':
      return `unknown key ${issue.keys.map((key) => `'${shorten(key)}'`).join(', ')} in '${path}'`;
    default:
      return `'${path}': ${issue.message}`;
  }
}

function measure(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' || origin === 'set' ? ' items' : '';
}

function article(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'an object',
  };
  return names[expected] ?? expected;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return `the text "${shorten(value)}"`;
    case 'number':
      return `the number ${value}`;
    case 'boolean':
      return String(value);
    case 'undefined':
      return 'absent';
    default:
      return 'an object';
  }
}

function shorten(text: string): string {
  const visible = text.replaceAll(/\p{C}/gu, '�');
  return visible.length <= 60 ? visible : `${visible.slice(0, 60)}…`;
}

/** 'campaignName (text, required), granularity (country | region | city)', so that the next attempt can be right. */
function describeArguments(schema: z.ZodObject): string {
  const described = Object.entries(schema.shape).map(([name, field]) => {
    const { type, required } = describeField(field);
    return `${name} (${type}${required ? ', required' : ''})`;
  });
  return described.length === 0 ? 'no arguments' : described.join(', ');
}

function describeField(field: z.core.$ZodType): { type: string; required: boolean } {
  const { def } = field._zod;
  if ('innerType' in def) return { ...describeField(def.innerType as z.core.$ZodType), required: field._zod.optin !== 'optional' };
  if ('in' in def) return describeField(def.in as z.core.$ZodType);
  const type =
    'entries' in def ? Object.values(def.entries as Record<string, string>).join(' | ') : def.type === 'string' ? 'text' : def.type;
  return { type, required: field._zod.optin !== 'optional' };
}

/** Characters of the value's JSON; infinite for what cannot be written as JSON (nested too deep). */
function sizeOf(value: unknown): number {
  try {
    return JSON.stringify(value)?.length ?? 0;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
