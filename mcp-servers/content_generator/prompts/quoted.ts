/** Words of a user inside a prompt: as a JSON text, so that they cannot end their own quotation. */
export function quoted(words: string): string {
  return JSON.stringify(words);
}
