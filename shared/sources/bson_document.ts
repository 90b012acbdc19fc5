import type { Document } from 'mongodb';

/** What the driver gives for a value of a type that JavaScript has not; by name, so that the driver is loaded only by who uses it. */
type BsonValue = { readonly _bsontype: string; readonly toString: () => string };

/** Fields that hold a time wherever they occur at the top of a document. */
const TIMES = new Set(['createdAt', 'updatedAt', 'fecha', 'ultima_rotacion']);

/**
 * A document as it is stored: under its id, its times as dates, so that indexes and comparisons go by time.
 * Everything else stays the JSON it is.
 */
export function storedDocument(id: string, document: Readonly<Record<string, unknown>>): { readonly _id: string } & Document {
  const fields = Object.entries(document).map(([name, value]) => [
    name,
    TIMES.has(name) && typeof value === 'string' ? new Date(value) : value,
  ]);
  return { _id: id, ...Object.fromEntries(fields) };
}

/** The id that a document is known by, as text. */
export function idOf(id: unknown): string {
  return typeof id === 'string' ? id : String(plainValue(id));
}

/** The document without its `_id`, as JSON: what the same document is in a database that knows only JSON. */
export function plainDocument({ _id, ...document }: Document): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).map(([name, value]) => [name, plainValue(value)]));
}

/**
 * A field may hold another BSON type in each document that a different program wrote: times as dates, integers of 32 or 64 bits, amounts as
 * Decimal128. What JSON cannot say becomes the text that says it exactly.
 */
function plainValue(value: unknown): unknown {
  // A date beyond what JavaScript can say stays a text that no schema takes, instead of an error that ends the read.
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value === 'bigint') return wholeNumber(value.toString());
  if (typeof value !== 'object' || value === null) return value;
  if (isBsonValue(value)) return plainBson(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plainValue(part)]));
}

function isBsonValue(value: object): value is BsonValue {
  return '_bsontype' in value && typeof value._bsontype === 'string';
}

function plainBson(value: BsonValue): unknown {
  switch (value._bsontype) {
    case 'Int32':
    case 'Double':
      return Number(value.toString());
    case 'Long':
      return wholeNumber(value.toString());
    case 'Decimal128':
      return withoutExponent(value.toString());
    case 'Timestamp':
      // Its upper half is seconds since 1970.
      return new Date(Number(BigInt(value.toString()) >> 32n) * 1_000).toISOString();
    case 'Binary':
      return 'sub_type' in value && value.sub_type === 4 && 'toUUID' in value ? uuidText(value) : base64(value);
    default:
      return value.toString();
  }
}

function uuidText(value: BsonValue): string {
  return String((value as { readonly toUUID?: () => unknown }).toUUID?.());
}

function base64(value: BsonValue): string {
  return (value as { readonly toString: (encoding?: string) => string }).toString('base64');
}

/** As a number where that is exact. */
function wholeNumber(text: string): number | string {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

/** '1.5E-7' → '0.00000015': amounts are decimal text everywhere else. */
function withoutExponent(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent] = /^(-?)(\d+)(?:\.(\d+))?E([+-]?\d+)$/.exec(text) ?? [];
  if (exponent === undefined) return text;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return `${sign}${digits}${'0'.repeat(point - digits.length)}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
