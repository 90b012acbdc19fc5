/** A column of a binary COPY stream, by what its bytes are. */
export type CopyColumn = 'bool' | 'int4' | 'int8' | 'float8' | 'text' | 'textArray' | 'jsonb' | 'date' | 'timestamptz' | 'numeric';

/** int8 and numeric come as exact text, jsonb and textArray as JSON, a date as midnight UTC, a time to the millisecond. */
export type CopyValue = null | boolean | number | string | Date;

const HEADER_BYTES = 19;
const EPOCH_MS = 946_684_800_000;
const NUMERIC_NEGATIVE = 0x4000;

/**
 * The rows of a binary COPY stream that BinaryCopyWriter wrote: chunks end between rows. Throws RangeError for another number of columns, a value of
 * another length than its type has, or a stream that ends before its trailer.
 */
export function* copyRows(chunks: Iterable<Uint8Array>, columns: readonly CopyColumn[]): Generator<CopyValue[]> {
  let isFirst = true;
  let ended = false;
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = isFirst ? HEADER_BYTES : 0;
    isFirst = false;
    while (at < bytes.length) {
      const count = bytes.readInt16BE(at);
      at += 2;
      if (count === -1) {
        ended = true;
        break;
      }
      if (count !== columns.length) throw new RangeError(`a row of ${count} columns where ${columns.length} belong`);
      const row: CopyValue[] = new Array(count);
      for (let i = 0; i < count; i++) {
        const length = bytes.readInt32BE(at);
        at += 4;
        if (length < 0) row[i] = null;
        else {
          row[i] = readField(bytes.subarray(at, at + length), columns[i] as CopyColumn);
          at += length;
        }
      }
      yield row;
    }
  }
  if (!ended) throw new RangeError('a COPY stream without its end');
}

function readField(field: Buffer, column: CopyColumn): CopyValue {
  switch (column) {
    case 'bool':
      return sized(field, 1)[0] === 1;
    case 'int4':
      return sized(field, 4).readInt32BE();
    case 'int8':
      return sized(field, 8).readBigInt64BE().toString();
    case 'float8':
      return sized(field, 8).readDoubleBE();
    case 'text':
      return field.toString('utf8');
    case 'jsonb':
      return field.toString('utf8', 1);
    case 'textArray':
      return JSON.stringify(textsOf(field));
    case 'date':
      return new Date(EPOCH_MS + sized(field, 4).readInt32BE() * 86_400_000);
    case 'timestamptz':
      return new Date(EPOCH_MS + Number(sized(field, 8).readBigInt64BE() / 1000n));
    case 'numeric':
      return numericText(field);
  }
}

function sized(field: Buffer, bytes: number): Buffer {
  if (field.length !== bytes) throw new RangeError(`a value of ${field.length} bytes where ${bytes} belong`);
  return field;
}

/** One dimension, as BinaryCopyWriter.textArray writes it. */
function textsOf(field: Buffer): (string | null)[] {
  if (field.readInt32BE(0) === 0) return [];
  const texts: (string | null)[] = [];
  for (let at = 20; at < field.length; ) {
    const length = field.readInt32BE(at);
    at += 4;
    texts.push(length < 0 ? null : field.toString('utf8', at, at + length));
    at += Math.max(0, length);
  }
  return texts;
}

/** Digits in groups of four, the first of them worth 10000^weight. */
function numericText(field: Buffer): string {
  const groups = field.readInt16BE(0);
  const weight = field.readInt16BE(2);
  const scale = field.readInt16BE(6);
  const group = (place: number) => (place >= 0 && place < groups ? field.readInt16BE(8 + 2 * place) : 0);
  let whole = '0';
  for (let place = 0; place <= weight; place++) whole += String(group(place)).padStart(4, '0');
  let fraction = '';
  for (let place = weight + 1; fraction.length < scale; place++) fraction += String(group(place)).padStart(4, '0');
  const sign = field.readUInt16BE(4) === NUMERIC_NEGATIVE ? '-' : '';
  return `${sign}${whole.replace(/^0+(?=\d)/, '')}${scale === 0 ? '' : `.${fraction.slice(0, scale)}`}`;
}
