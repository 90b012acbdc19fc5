import type { ISqlType } from 'mssql';

/** A type of SQL Server as T-SQL writes it. */
export type SqlServerType =
  | 'bit'
  | 'tinyint'
  | 'smallint'
  | 'int'
  | 'bigint'
  | 'float'
  | 'date'
  | `decimal(${number},${number})`
  | `datetime2(${number})`
  | `${'varchar' | 'nvarchar'}(${number | 'max'})`
  | `${'char' | 'nchar'}(${number})`;

/** A type behind which '?' says that the value may be null. */
export type SqlServerColumn = SqlServerType | `${SqlServerType}?`;

type NotNull<Value> = Value extends 'bit'
  ? boolean
  : Value extends 'tinyint' | 'smallint' | 'int' | 'float'
    ? number
    : Value extends `datetime2(${string})`
      ? Date
      : string;

/** What a column gives: bigint and decimal as exact text, a date as 'YYYY-MM-DD', a datetime2 (UTC) as Date. */
export type ReadValue<Column extends SqlServerColumn> = Column extends `${infer Type}?` ? NotNull<Type> | null : NotNull<Column>;

/** What a parameter takes: the same; a bigint as a safe integer too. */
export type GivenValue<Column extends SqlServerColumn> = ReadValue<Column> | (Column extends `bigint${string}` ? number : never);

export type SqlServerColumns = Readonly<Record<string, SqlServerColumn>>;
export type ReadRow<Columns extends SqlServerColumns> = { readonly [Name in keyof Columns]: ReadValue<Columns[Name]> };
export type GivenRow<Columns extends SqlServerColumns> = { readonly [Name in keyof Columns]: GivenValue<Columns[Name]> };

type TypeParts = { readonly name: string; readonly size: number | 'max'; readonly scale: number; readonly mayBeNull: boolean };

function partsOf(column: string): TypeParts {
  const [, name, size = '0', scale = '0', null_] = /^(\w+)(?:\((\w+)(?:,(\d+))?\))?(\?)?$/.exec(column) ?? [];
  if (name === undefined) throw new TypeError(`${column} is no type of SQL Server`);
  return { name, size: size === 'max' ? size : Number(size), scale: Number(scale), mayBeNull: null_ !== undefined };
}

type Driver = typeof import('mssql');

/** The driver's type for a parameter or a column of a table-valued parameter. */
export function driverType(driver: Driver, column: SqlServerColumn): ISqlType {
  const { name, size, scale } = partsOf(column);
  const length = size === 'max' ? driver.MAX : size;
  switch (name) {
    case 'bit':
      return driver.Bit();
    case 'tinyint':
      return driver.TinyInt();
    case 'smallint':
      return driver.SmallInt();
    case 'int':
      return driver.Int();
    case 'bigint':
      return driver.BigInt();
    case 'float':
      return driver.Float();
    case 'date':
      return driver.Date();
    case 'decimal':
      return driver.Decimal(length, scale);
    case 'datetime2':
      return driver.DateTime2(length);
    case 'varchar':
      return driver.VarChar(length);
    case 'nvarchar':
      return driver.NVarChar(length);
    case 'char':
      return driver.Char(length);
    case 'nchar':
      return driver.NChar(length);
    default:
      throw new TypeError(`no parameter is of type ${column}`);
  }
}

/**
 * A value as the driver takes it. The driver makes a binary number of a decimal on its way, which is exact for amounts in cents below 10^12 and checked
 * for each. Throws RangeError for one that would not arrive exactly, or a text that would be cut off.
 */
export function givenValue(column: SqlServerColumn, value: unknown): unknown {
  if (value === null) return null;
  const { name, size, scale } = partsOf(column);
  if (name === 'decimal') {
    const text = String(value);
    const [, whole = '', fraction = ''] = /^-?(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
    const isWritten = whole !== '' && fraction.length <= scale;
    // As the driver computes it: what it would send has to be what was meant.
    const sent = Math.round(Math.abs(Number(text)) * 10 ** scale);
    if (!isWritten || BigInt(sent) !== BigInt(whole + fraction.padEnd(scale, '0'))) {
      throw new RangeError(`${text.slice(0, 40)} does not fit ${column}`);
    }
    return text;
  }
  if (typeof value === 'string' && typeof size === 'number' && name.endsWith('char') && value.length > size) {
    throw new RangeError(`a text of ${value.length} characters does not fit ${column}`);
  }
  return value;
}

/**
 * A value as this project keeps it, of what the driver made of it. Throws TypeError for a value of another type or a null where none may be,
 * RangeError for a decimal of more digits than the driver's binary number holds.
 */
export function readValue(column: SqlServerColumn, value: unknown): unknown {
  const { name, scale, mayBeNull } = partsOf(column);
  if (value === null || value === undefined) {
    if (value === undefined || !mayBeNull) throw new TypeError(`a value of type ${column} is ${String(value)}`);
    return null;
  }
  switch (name) {
    case 'bit':
      return expected(column, value, typeof value === 'boolean');
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'float':
      return expected(column, value, typeof value === 'number');
    case 'decimal':
      return decimalText(expected(column, value, typeof value === 'number'), scale);
    case 'date':
      return dayText(expected(column, value, value instanceof Date));
    case 'datetime2':
      return expected(column, value, value instanceof Date);
    default:
      return expected(column, value, typeof value === 'string');
  }
}

function expected<Value>(column: string, value: Value, isRight: boolean): Value {
  if (!isRight) throw new TypeError(`a value of type ${column} is of another: ${typeof value}`);
  return value;
}

/** The exact text of a decimal that the driver gives as a binary number. Throws RangeError where that number may have lost a digit. */
function decimalText(value: unknown, scale: number): string {
  if (typeof value !== 'number' || !Number.isSafeInteger(Math.round(value * 10 ** scale))) {
    throw new RangeError(`${String(value)} has more digits than a number holds exactly`);
  }
  return value.toFixed(scale);
}

/** The day of a date that the driver gives as midnight UTC. */
function dayText(value: unknown): string {
  if (!(value instanceof Date)) throw new TypeError(`${String(value)} is no date`);
  return value.toISOString().slice(0, 10);
}
