import type { BinaryCopyWriter } from '../db/binary_copy.ts';
import { isDay } from '../domain/calendar_day.ts';

/** How values of a hub column come out of SQL Server's driver and go into a binary COPY stream. */
export type CopyColumn<Checked = never> = {
  /** The value as `write` takes it. Throws TypeError or RangeError for one that the column cannot hold. Not asked about null. */
  readonly check: (value: unknown) => Checked;
  readonly write: (copy: BinaryCopyWriter, value: Checked) => unknown;
};

const DAY_MS = 86_400_000;

/** By PostgreSQL's name of the column's type. Throws TypeError for a type that no source of the project has. */
export function copyColumn(type: string): CopyColumn {
  const column = COLUMNS[type.replace(/\(.*$/, '')];
  if (column === undefined) throw new TypeError(`no column of type ${type} is read from SQL Server`);
  return column;
}

function column<Checked>(check: (value: unknown) => Checked, write: (copy: BinaryCopyWriter, value: Checked) => unknown): CopyColumn {
  return { check: check as (value: unknown) => never, write };
}

const COLUMNS: Readonly<Record<string, CopyColumn>> = {
  text: column(textOf, (copy, value) => copy.text(value)),
  'text[]': column(textsOf, (copy, values) => copy.textArray(values)),
  jsonb: column(jsonOf, (copy, value) => copy.jsonb(value)),
  integer: column(numberOf, (copy, value) => copy.int4(value)),
  bigint: column(wholeOf, (copy, value) => copy.int8(value)),
  'double precision': column(numberOf, (copy, value) => copy.float8(value)),
  boolean: column(flagOf, (copy, value) => copy.bool(value)),
  numeric: column(decimalOf, (copy, value) => copy.numeric(value)),
  date: column(dayOf, (copy, value) => copy.date(value)),
  'timestamp with time zone': column(microsecondsOf, (copy, value) => copy.timestamptzMicroseconds(value)),
};

const wrong = (value: unknown, wanted: string): TypeError => new TypeError(`${JSON.stringify(value)?.slice(0, 60)} is not ${wanted}`);

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw wrong(value, 'a text');
  if (value.includes('\0')) throw new RangeError('PostgreSQL keeps no text with a NUL character');
  return value;
}

function textsOf(value: unknown): readonly string[] {
  const list: unknown = JSON.parse(textOf(value));
  if (!Array.isArray(list)) throw wrong(value, 'a JSON array of texts');
  return list.map(textOf);
}

function jsonOf(value: unknown): string {
  const text = textOf(value);
  JSON.parse(text);
  return text;
}

function numberOf(value: unknown): number {
  if (typeof value !== 'number') throw wrong(value, 'a number');
  return value;
}

/** The driver hands a bigint over as text. */
function wholeOf(value: unknown): bigint {
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) throw wrong(value, 'a whole number');
  return BigInt(value);
}

function flagOf(value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrong(value, 'true or false');
  return value;
}

/** The procedures hand a decimal over as text: the driver would make a binary number of it. */
function decimalOf(value: unknown): string {
  if (typeof value !== 'string' || !/^-?\d+(\.\d+)?$/.test(value)) throw wrong(value, 'a decimal as text');
  return value;
}

/** Days since 1970 of 'YYYY-MM-DD'. */
function dayOf(value: unknown): number {
  if (typeof value !== 'string' || !isDay(value)) throw wrong(value, 'a day as YYYY-MM-DD');
  return Date.parse(`${value}T00:00:00Z`) / DAY_MS;
}

const TIME = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?$/;

/** Microseconds since 1970 of 'YYYY-MM-DD hh:mm:ss.fffffff' in UTC. A tenth of a microsecond, which PostgreSQL has no place for, is cut off. */
function microsecondsOf(value: unknown): bigint {
  const [, day = '', clock = '', fraction = ''] = typeof value === 'string' ? (TIME.exec(value) ?? []) : [];
  const milliseconds = Date.parse(`${day}T${clock}Z`);
  if (Number.isNaN(milliseconds)) throw wrong(value, 'a time as YYYY-MM-DD hh:mm:ss.fffffff');
  return BigInt(milliseconds) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6));
}

/** A time that the driver read or that came as text. */
export function timeOf(value: unknown): Date {
  return value instanceof Date ? value : new Date(Number(microsecondsOf(value) / 1000n));
}
