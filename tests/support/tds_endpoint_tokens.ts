import { longText, shortBytes, shortText, u8, u16, u32, u64 } from './tds_endpoint_bytes.ts';
import { columnMetadata, type TdsType, type TdsValue, typeInfo, writeValue } from './tds_endpoint_types.ts';

/** The columns of a result set in their order, and its rows. */
export type TdsResult = { readonly columns: Readonly<Record<string, TdsType>>; readonly rows: readonly (readonly TdsValue[])[] };

/** What a server says: an error from class 11 on, else information; from class 20 on it ends the connection. */
export type TdsNotice = {
  readonly number: number;
  readonly message: string;
  readonly class?: number;
  readonly state?: number;
  readonly procedure?: string;
  readonly line?: number;
};

export type TdsOutput = { readonly type: TdsType; readonly value: TdsValue };

/** Bits of a DONE token's status ([MS-TDS] 2.2.7.6). */
const DONE = { more: 0x01, error: 0x02, count: 0x10, attention: 0x20 } as const;

export type DoneToken = 'done' | 'doneProc' | 'doneInProc';
const DONE_TOKENS: Readonly<Record<DoneToken, number>> = { done: 0xfd, doneProc: 0xfe, doneInProc: 0xff };

/** The end of a statement, a procedure, or a statement in a procedure. */
export function doneToken(
  token: DoneToken,
  options: { readonly rows?: number; readonly hasMore?: boolean; readonly isError?: boolean; readonly isAttention?: boolean } = {},
): Buffer {
  const status =
    (options.hasMore === true ? DONE.more : 0) |
    (options.isError === true ? DONE.error : 0) |
    (options.rows === undefined ? 0 : DONE.count) |
    (options.isAttention === true ? DONE.attention : 0);
  return Buffer.concat([u8(DONE_TOKENS[token]), u16(status), u16(0xc1), u64(BigInt(options.rows ?? 0))]);
}

function sized(token: number, body: Buffer): Buffer {
  return Buffer.concat([u8(token), u16(body.length), body]);
}

export const INFORMATION_CLASS = 10;

/** An ERROR or an INFO token, by the notice's class (16 where it has none). */
export function noticeToken(notice: TdsNotice): Buffer {
  const severity = notice.class ?? 16;
  const body = Buffer.concat([
    u32(notice.number),
    u8(notice.state ?? 1),
    u8(severity),
    longText(notice.message),
    shortText('ENDPOINT'),
    shortText(notice.procedure ?? ''),
    u32(notice.line ?? 1),
  ]);
  return sized(severity > INFORMATION_CLASS ? 0xaa : 0xab, body);
}

/** ENVCHANGE: something of the session has changed. */
function change(type: number, now: Buffer, before: Buffer): Buffer {
  return sized(0xe3, Buffer.concat([u8(type), now, before]));
}

const NOTHING = u8(0);
export const databaseChanged = (database: string): Buffer => change(1, shortText(database), shortText('master'));
export const packetSizeChanged = (bytes: number): Buffer => change(4, shortText(String(bytes)), shortText('4096'));
export const collationChanged = (collation: Buffer): Buffer => change(7, shortBytes(collation), NOTHING);
export const transactionBegun = (id: bigint): Buffer => change(8, shortBytes(u64(id)), NOTHING);
export const transactionEnded = (how: 'committed' | 'rolled back', id: bigint): Buffer =>
  change(how === 'committed' ? 9 : 10, NOTHING, shortBytes(u64(id)));
export const sessionReset = (): Buffer => change(18, NOTHING, NOTHING);

export function columnsToken({ columns }: TdsResult): Buffer {
  const entries = Object.entries(columns);
  return Buffer.concat([u8(0x81), u16(entries.length), ...entries.map(([name, type]) => columnMetadata(name, type))]);
}

/** Throws RangeError for a row with another number of values than the result has columns. */
export function rowToken({ columns }: TdsResult, row: readonly TdsValue[]): Buffer {
  const types = Object.values(columns);
  if (row.length !== types.length) throw new RangeError(`a row has ${row.length} values and its result ${types.length} columns`);
  return Buffer.concat([u8(0xd1), ...types.map((type, index) => writeValue(type, row[index] ?? null))]);
}

export const returnStatus = (status: number): Buffer => Buffer.concat([u8(0x79), u32(status)]);

/** The value of an output parameter, by its place and its name without @. */
export const returnValue = (place: number, name: string, { type, value }: TdsOutput): Buffer =>
  Buffer.concat([u8(0xac), u16(place), shortText(`@${name}`), u8(1), u32(0), u16(0), typeInfo(type), writeValue(type, value)]);
