import { randomBytes } from 'node:crypto';

/**
 * A fence around the data of one prompt. What stands inside came from databases and from people, and a model is told to read it and never
 * to obey it; the name of the fence is not known to who wrote the data, and no data can hold its end.
 */
export type DataFence = {
  /** The tag of this prompt: 'data-' and 32 hexadecimal digits. */
  readonly tag: string;
  /**
   * The text as one fenced block. At most `maxCharacters` characters (UTF-16 units) of it are kept, and '…' says that it was cut. Angle
   * brackets become ‹ and ›, and control, direction and invisible characters are taken out, so that no text closes a fence or hides.
   */
  readonly block: (name: string, text: string, maxCharacters: number) => string;
};

/** A new fence. The nonce is random; tests may give one. */
export function dataFence(nonce: string = randomBytes(16).toString('hex')): DataFence {
  const tag = `data-${nonce}`;
  return {
    tag,
    block(name, text, maxCharacters) {
      if (!/^[a-z_]+$/.test(name)) throw new TypeError(`Not a name of a block of data: ${name}`);
      const harmless = neutralised(cut(text, maxCharacters)).replaceAll(nonce, '…');
      return `<${tag} name="${name}">\n${harmless}\n</${tag}>`;
    },
  };
}

/** Whatever looks like a bracket of a tag, and what it becomes. */
const OPENING = /[<\uFF1C\uFE64]/g;
const CLOSING = /[>\uFF1E\uFE65]/g;
/** Line ends of every kind. */
const LINE_END = /\r\n?|[\u0085\u2028\u2029]/g;
/**
 * Controls but tab and line feed, formats (direction marks, zero width, byte order mark, the invisible tag alphabet), private use, unassigned.
 * The zero-width joiner stays: emoji are made with it.
 */
const INVISIBLE = /(?![\t\n\u200D])[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/gu;

function neutralised(text: string): string {
  return text.toWellFormed().replace(LINE_END, '\n').replace(OPENING, '‹').replace(CLOSING, '›').replace(INVISIBLE, '').trim();
}

function cut(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const end = /[\uD800-\uDBFF]/.test(text.charAt(maxCharacters - 1)) ? maxCharacters - 1 : maxCharacters;
  return `${text.slice(0, end).trimEnd()}…`;
}
