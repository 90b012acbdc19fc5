const TWO_TO_32 = 2 ** 32;

/** How long the parts of a row of sales.journeys are: what it begins with, each touch, each order. The migration that makes the table says what is in them. */
export const JOURNEY_BYTES = { header: 8, touch: 12, order: 20 } as const;

/** Bytes that the hub's int4send(), int8send() and timestamptz_send() wrote. */
export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Eight bytes as a whole number, exact below 2^53: an int8, or a time in microseconds since the year 2000. */
export const wholeAt = (view: DataView, at: number): number => view.getInt32(at) * TWO_TO_32 + view.getUint32(at + 4);
