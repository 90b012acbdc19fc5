import { shortText, type TdsReader, u8, u16, u32, u64 } from './tds_endpoint_bytes.ts';

/** A type as T-SQL writes it. */
export type TdsType =
  | 'bit'
  | 'tinyint'
  | 'smallint'
  | 'int'
  | 'bigint'
  | 'float'
  | 'date'
  | 'uniqueidentifier'
  | `decimal(${number},${number})`
  | `datetime2(${number})`
  | `${'varchar' | 'nvarchar' | 'varbinary'}(${number | 'max'})`
  | `${'char' | 'nchar' | 'binary'}(${number})`;

/**
 * Values as this endpoint gives and takes them, so that none loses a digit: bigint as bigint, decimals as text, date as 'YYYY-MM-DD', datetime2 as
 * 'YYYY-MM-DDTHH:MM:SS.fffffff' with as many digits as its scale, uniqueidentifier as text, binary as bytes.
 */
export type TdsValue = null | boolean | number | bigint | string | Buffer | TdsTable;

/** The rows of a table-valued parameter. Its columns have no names on the wire, only their order. */
export type TdsTable = { readonly type: string; readonly columnTypes: readonly string[]; readonly rows: readonly (readonly TdsValue[])[] };

/** Latin1_General_CI_AS, code page 1252. */
const COLLATION = Buffer.of(0x09, 0x04, 0xd0, 0x00, 0x34);
export const SERVER_COLLATION: Buffer = COLLATION;
/** A length that stands for (max), and for null. */
const MAX = 0xffff;
const NO_VALUE = 0xffff_ffff_ffff_ffffn;
const DAY_MS = 86_400_000;
const DAY_ONE_MS = Date.parse('0001-01-01T00:00:00Z');

type TypeParts = { readonly name: string; readonly first: string; readonly isMax: boolean; readonly scale: number };

const KNOWN_TYPES = new Map<string, TypeParts>();

/** Read once for each type, not for each value. */
function partsOf(type: string): TypeParts {
  const known = KNOWN_TYPES.get(type);
  if (known !== undefined) return known;
  const [, name = '', first = '', second = '0'] = /^(\w+)(?:\((\w+)(?:,\s*(\d+))?\))?$/.exec(type) ?? [];
  if (name === '') throw new TypeError(`${type} is no type`);
  const parts = { name, first, isMax: first === 'max', scale: Number(second) };
  KNOWN_TYPES.set(type, parts);
  return parts;
}

const timeBytes = (scale: number): number => (scale <= 2 ? 3 : scale <= 4 ? 4 : 5);

/** TYPE_INFO of a column. */
export function typeInfo(type: TdsType): Buffer {
  const { name, first, isMax, scale } = partsOf(type);
  const size = isMax ? MAX : Number(first);
  switch (name) {
    case 'bit':
      return Buffer.of(0x68, 1);
    case 'tinyint':
      return Buffer.of(0x26, 1);
    case 'smallint':
      return Buffer.of(0x26, 2);
    case 'int':
      return Buffer.of(0x26, 4);
    case 'bigint':
      return Buffer.of(0x26, 8);
    case 'float':
      return Buffer.of(0x6d, 8);
    case 'date':
      return Buffer.of(0x28);
    case 'uniqueidentifier':
      return Buffer.of(0x24, 16);
    case 'decimal':
      return Buffer.of(0x6a, 17, size, scale);
    case 'datetime2':
      return Buffer.of(0x2a, size);
    case 'varchar':
      return Buffer.concat([u8(0xa7), u16(size), COLLATION]);
    case 'char':
      return Buffer.concat([u8(0xaf), u16(size), COLLATION]);
    case 'nvarchar':
      return Buffer.concat([u8(0xe7), u16(isMax ? MAX : size * 2), COLLATION]);
    case 'nchar':
      return Buffer.concat([u8(0xef), u16(size * 2), COLLATION]);
    case 'varbinary':
      return Buffer.concat([u8(0xa5), u16(size)]);
    case 'binary':
      return Buffer.concat([u8(0xad), u16(size)]);
    default:
      throw new TypeError(`this endpoint sends no ${type}`);
  }
}

const isText = (name: string): boolean => name.endsWith('char');
const isBytes = (name: string): boolean => name.endsWith('binary');

function integer(value: unknown, bytes: number): Buffer {
  return Buffer.concat([u8(bytes), u64(BigInt(String(value))).subarray(0, bytes)]);
}

const wrong = (type: string, value: unknown): TypeError => new TypeError(`${String(value)} is no ${type}`);

/** A value in a row or a return value. Throws TypeError for one that the type cannot hold. */
export function writeValue(type: TdsType, value: TdsValue): Buffer {
  const { name, first, isMax, scale } = partsOf(type);
  if (value === null) return isMax ? u64(NO_VALUE) : isText(name) || isBytes(name) ? u16(MAX) : u8(0);
  if (isText(name) || isBytes(name)) {
    const content = textOrBytes(type, value);
    if (!isMax) return Buffer.concat([u16(content.length), content]);
    const chunk = content.length === 0 ? [] : [u32(content.length), content];
    return Buffer.concat([u64(BigInt(content.length)), ...chunk, u32(0)]);
  }
  switch (name) {
    case 'bit':
      if (typeof value !== 'boolean') throw wrong(type, value);
      return Buffer.of(1, value ? 1 : 0);
    case 'tinyint':
      return integer(value, 1);
    case 'smallint':
      return integer(value, 2);
    case 'int':
      return integer(value, 4);
    case 'bigint':
      return integer(value, 8);
    case 'float': {
      const bytes = Buffer.alloc(9, 8);
      bytes.writeDoubleLE(Number(value), 1);
      return bytes;
    }
    case 'date':
      return Buffer.concat([u8(3), dayBytes(String(value))]);
    case 'uniqueidentifier':
      return Buffer.concat([u8(16), swapGuid(Buffer.from(String(value).replaceAll('-', ''), 'hex'))]);
    case 'decimal':
      return decimalBytes(type, String(value), scale);
    case 'datetime2':
      return dateTimeBytes(type, String(value), Number(first));
    default:
      throw new TypeError(`this endpoint sends no ${type}`);
  }
}

function textOrBytes(type: string, value: TdsValue): Buffer {
  if (isBytes(partsOf(type).name)) {
    if (!Buffer.isBuffer(value)) throw wrong(type, value);
    return value;
  }
  if (typeof value !== 'string') throw wrong(type, value);
  return Buffer.from(value, type.startsWith('n') ? 'utf16le' : 'latin1');
}

function dayBytes(day: string): Buffer {
  const time = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(time)) throw wrong('date', day);
  return u32((time - DAY_ONE_MS) / DAY_MS).subarray(0, 3);
}

function dateTimeBytes(type: string, text: string, scale: number): Buffer {
  const [, day = '', hours, minutes, seconds, fraction = ''] = /^(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,7}))?$/.exec(text) ?? [];
  if (day === '' || fraction.length > scale) throw wrong(type, text);
  const whole = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  const ticks = BigInt(whole) * 10n ** BigInt(scale) + BigInt(fraction.padEnd(scale, '0') || '0');
  const bytes = timeBytes(scale);
  return Buffer.concat([u8(bytes + 3), u64(ticks).subarray(0, bytes), dayBytes(day)]);
}

function decimalBytes(type: string, text: string, scale: number): Buffer {
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === '' || fraction.length > scale) throw wrong(type, text);
  const units = BigInt(whole + fraction.padEnd(scale, '0'));
  return Buffer.concat([Buffer.of(17, sign === '-' ? 0 : 1), u64(units), u64(units >> 64n)]);
}

/** The first three groups of a uniqueidentifier are little-endian on the wire. */
function swapGuid(bytes: Buffer): Buffer {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return Buffer.from(order.map((from) => bytes.readUInt8(from)));
}

/** A type as it was sent, with what is needed to read its values. */
export type SentType = {
  readonly id: number;
  /** As T-SQL writes it: 'nvarchar(100)', 'ads.budget_change'. */
  readonly name: string;
  readonly size: number;
  readonly scale: number;
};

const FIXED: ReadonlyMap<number, readonly [name: string, bytes: number]> = new Map([
  [0x30, ['tinyint', 1]],
  [0x32, ['bit', 1]],
  [0x34, ['smallint', 2]],
  [0x38, ['int', 4]],
  [0x3a, ['smalldatetime', 4]],
  [0x3b, ['real', 4]],
  [0x3c, ['money', 8]],
  [0x3d, ['datetime', 8]],
  [0x3e, ['float', 8]],
  [0x7f, ['bigint', 8]],
]);
const INTEGERS: Readonly<Record<number, string>> = { 1: 'tinyint', 2: 'smallint', 4: 'int', 8: 'bigint' };
const VARIABLE: ReadonlyMap<number, string> = new Map([
  [0xe7, 'nvarchar'],
  [0xef, 'nchar'],
  [0xa7, 'varchar'],
  [0xaf, 'char'],
  [0xa5, 'varbinary'],
  [0xad, 'binary'],
]);
const TABLE_TYPE = 0xf3;

/** Reads TYPE_INFO. Throws TypeError for a type that this endpoint does not know. */
export function readType(reader: TdsReader): SentType {
  const id = reader.u8();
  const of = (name: string, size = 0, scale = 0): SentType => ({ id, name, size, scale });
  const fixed = FIXED.get(id);
  if (fixed !== undefined) return of(...fixed);
  const variable = VARIABLE.get(id);
  if (variable !== undefined) {
    const size = reader.u16();
    if (isText(variable)) reader.take(COLLATION.length);
    const length = size === MAX ? 'max' : variable.startsWith('n') ? size / 2 : size;
    return of(`${variable}(${length})`, size);
  }
  switch (id) {
    case 0x1f:
      return of('null');
    case 0x24:
      return of('uniqueidentifier', reader.u8());
    case 0x26: {
      const size = reader.u8();
      return of(INTEGERS[size] ?? 'int', size);
    }
    case 0x28:
      return of('date');
    case 0x2a: {
      const scale = reader.u8();
      return of(`datetime2(${scale})`, 0, scale);
    }
    case 0x68:
      return of('bit', reader.u8());
    case 0x6a:
    case 0x6c: {
      const [size, precision, scale] = [reader.u8(), reader.u8(), reader.u8()];
      return of(`decimal(${precision},${scale})`, size, scale);
    }
    case 0x6d: {
      const size = reader.u8();
      return of(size === 4 ? 'real' : 'float', size);
    }
    case TABLE_TYPE: {
      const [database, schema, name] = [reader.shortText(), reader.shortText(), reader.shortText()];
      return of([database, schema, name].filter((part) => part !== '').join('.'));
    }
    default:
      throw new TypeError(`this endpoint reads no values of type 0x${id.toString(16)}`);
  }
}

/** Reads one value of a type that was sent before. */
export function readValue(reader: TdsReader, type: SentType): TdsValue {
  if (type.id === TABLE_TYPE) return readTable(reader, type.name);
  const bytes = readBytes(reader, type);
  if (bytes === null) return null;
  if (VARIABLE.has(type.id)) {
    if (isBytes(VARIABLE.get(type.id) ?? '')) return Buffer.from(bytes);
    return bytes.toString(type.name.startsWith('n') ? 'utf16le' : 'latin1');
  }
  switch (type.name) {
    case 'tinyint':
      return bytes.readUInt8();
    case 'smallint':
      return bytes.readInt16LE();
    case 'int':
      return bytes.readInt32LE();
    case 'bigint':
      return bytes.readBigInt64LE();
    case 'bit':
      return bytes.readUInt8() === 1;
    case 'real':
      return bytes.readFloatLE();
    case 'float':
      return bytes.readDoubleLE();
    case 'date':
      return dayText(bytes);
    case 'uniqueidentifier':
      return swapGuid(bytes)
        .toString('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
        .toUpperCase();
    default:
      if (type.name.startsWith('decimal')) return decimalText(bytes, type.scale);
      if (type.name.startsWith('datetime2')) return dateTimeText(bytes, type.scale);
      throw new TypeError(`this endpoint reads no values of type ${type.name}`);
  }
}

function readBytes(reader: TdsReader, type: SentType): Buffer | null {
  if (type.name === 'null') return null;
  const fixed = FIXED.get(type.id);
  if (fixed !== undefined) return reader.take(fixed[1]);
  if (!VARIABLE.has(type.id)) {
    const length = reader.u8();
    return length === 0 ? null : reader.take(length);
  }
  if (type.size !== MAX) {
    const length = reader.u16();
    return length === MAX ? null : reader.take(length);
  }
  if (reader.u64() === NO_VALUE) return null;
  const chunks: Buffer[] = [];
  for (let length = reader.u32(); length > 0; length = reader.u32()) chunks.push(reader.take(length));
  return Buffer.concat(chunks);
}

const dayText = (bytes: Buffer): string => new Date(DAY_ONE_MS + bytes.readUIntLE(0, 3) * DAY_MS).toISOString().slice(0, 10);

function dateTimeText(bytes: Buffer, scale: number): string {
  const ticks = bytes.readUIntLE(0, bytes.length - 3);
  const perSecond = 10 ** scale;
  const seconds = Math.floor(ticks / perSecond);
  const clock = new Date(seconds * 1000).toISOString().slice(11, 19);
  const fraction = scale === 0 ? '' : `.${String(ticks % perSecond).padStart(scale, '0')}`;
  return `${dayText(bytes.subarray(-3))}T${clock}${fraction}`;
}

function decimalText(bytes: Buffer, scale: number): string {
  let units = 0n;
  for (const byte of bytes.subarray(1).toReversed()) units = (units << 8n) | BigInt(byte);
  const digits = units.toString().padStart(scale + 1, '0');
  const sign = bytes.readUInt8(0) === 0 ? '-' : '';
  return scale === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** TVP_TYPE_INFO behind its name, and its rows ([MS-TDS] 2.2.5.5.5.2). */
function readTable(reader: TdsReader, type: string): TdsTable | null {
  const columnCount = reader.u16();
  const columns: SentType[] = [];
  if (columnCount !== MAX) {
    for (let index = 0; index < columnCount; index++) {
      reader.take(6); // user type and flags
      columns.push(readType(reader));
      reader.shortText(); // always empty
    }
  }
  for (let token = reader.u8(); token !== 0; token = reader.u8()) {
    if (token !== 0x10 && token !== 0x11) throw new TypeError(`a table has an unknown token 0x${token.toString(16)}`);
    reader.take(reader.u16()); // hints of order and uniqueness
  }
  const rows: TdsValue[][] = [];
  for (let token = reader.u8(); token === 0x01; token = reader.u8()) rows.push(columns.map((column) => readValue(reader, column)));
  return columnCount === MAX ? null : { type, columnTypes: columns.map(({ name }) => name), rows };
}

/** Name and TYPE_INFO of a column of a result. */
export const columnMetadata = (name: string, type: TdsType): Buffer =>
  Buffer.concat([u32(0), u16(0x0009), typeInfo(type), shortText(name)]);

/** The columns and rows of a bulk load: what a BULK packet holds. */
export function readBulk(reader: TdsReader): {
  columns: readonly { name: string; type: string }[];
  rows: readonly (readonly TdsValue[])[];
} {
  if (reader.u8() !== 0x81) throw new TypeError('a bulk load does not begin with its columns');
  const columns = Array.from({ length: reader.u16() }, () => {
    reader.take(6); // user type and flags
    const type = readType(reader);
    return { name: reader.shortText(), type };
  });
  const rows: TdsValue[][] = [];
  while (!reader.ended && reader.u8() === 0xd1) rows.push(columns.map(({ type }) => readValue(reader, type)));
  return { columns: columns.map(({ name, type }) => ({ name, type: type.name })), rows };
}
