import type { Stream } from './stream.ts';

/** The columns of a stream, for a column list. */
export function columnList(stream: Stream): string {
  return stream.columns.map((column) => column.name).join(', ');
}

/** Whether row `s` (staged or gone) and row `t` (of the target) have the same key. */
export function sameKey(stream: Stream): string {
  return stream.key.map((name) => `t.${name} = s.${name}`).join(' AND ');
}

/** Whether rows `t` and `incoming` of the same key differ in anything else. */
export function differs(stream: Stream, incoming: string): string {
  const names = valueColumns(stream);
  const row = (alias: string) => `(${names.map((name) => `${alias}.${name}`).join(', ')})`;
  return `${row('t')} IS DISTINCT FROM ${row(incoming)}`;
}

/** What an update sets. */
export function assignments(stream: Stream, incoming: string): string {
  return valueColumns(stream)
    .map((name) => `${name} = ${incoming}.${name}`)
    .join(', ');
}

/** A row's key as one text, the way dead letters and tombstones name rows: 'CMP-VERANO-2025/instagram/12/2025-12-01'. */
export function keyText(stream: Stream, alias: string): string {
  return `concat_ws('/', ${stream.key.map((name) => `${alias}.${name}`).join(', ')})`;
}

function valueColumns(stream: Stream): string[] {
  return stream.columns.map((column) => column.name).filter((name) => !stream.key.includes(name));
}
