/** One row as a driver hands it over. */
export type Row = Readonly<Record<string, unknown>>;

const unexpected = (row: Row, column: string, wanted: string): Error =>
  new Error(`column ${column} is not ${wanted} but ${column in row ? typeof row[column] : 'absent'}`);

/** A text, a numeric or a date: what arrives as text, exactly as the database wrote it. Throws when the column is something else. */
export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw unexpected(row, column, 'text');
  return value;
}

export function optionalTextOf(row: Row, column: string): string | null {
  return row[column] === null ? null : textOf(row, column);
}

/** A count: a bigint arrives as text, an integer as a number. Throws beyond 2^53, where a number would lie. */
export function countOf(row: Row, column: string): number {
  const value = row[column];
  const count = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(count)) throw unexpected(row, column, 'a whole number');
  return count;
}

function timeOf(row: Row, column: string): Date {
  const value = row[column];
  if (!(value instanceof Date)) throw unexpected(row, column, 'a time');
  return value;
}

export function optionalTimeOf(row: Row, column: string): Date | null {
  return row[column] === null ? null : timeOf(row, column);
}

export function flagOf(row: Row, column: string): boolean {
  const value = row[column];
  if (typeof value !== 'boolean') throw unexpected(row, column, 'true or false');
  return value;
}

export function textsOf(row: Row, column: string): readonly string[] {
  const value = row[column];
  if (!Array.isArray(value) || !value.every((part) => typeof part === 'string')) throw unexpected(row, column, 'a list of texts');
  return value;
}

/** A bytea. Throws when the column is something else. */
export function bytesOf(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw unexpected(row, column, 'bytes');
  return value;
}

/** Numbers that came together as string_agg(float8send(…), ''), in that order; none where nothing was aggregated. Throws when the column is something else. */
export function doublesOf(row: Row, column: string): Float64Array {
  if (row[column] === null) return new Float64Array();
  const bytes = bytesOf(row, column);
  if (bytes.length % 8 !== 0) throw unexpected(row, column, 'doubles');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const doubles = new Float64Array(bytes.length / 8);
  for (let i = 0; i < doubles.length; i++) doubles[i] = view.getFloat64(8 * i);
  return doubles;
}
