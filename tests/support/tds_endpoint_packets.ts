import { u16 } from './tds_endpoint_bytes.ts';

/** Kinds of packets ([MS-TDS] 2.2.3.1.1). */
export const PACKET = { batch: 1, rpc: 3, reply: 4, attention: 6, bulk: 7, transaction: 14, login: 16, prelogin: 18 } as const;

const HEADER_BYTES = 8;
const STATUS = { endOfMessage: 1, ignore: 2, reset: 8, resetKeepingTransaction: 16 } as const;

/** A message as it came: the content of its packets together. */
export type TdsMessage = {
  readonly type: number;
  readonly content: Buffer;
  /** The client asks for a session as after its login, before this is done. */
  readonly reset: boolean;
  /** The client took back what it had sent so far. */
  readonly ignored: boolean;
};

/** Puts packets together to messages. Give it each chunk as it arrives; it returns what is complete. Throws for what is no packet. */
export function messageAssembler(): (chunk: Buffer) => TdsMessage[] {
  let waiting: Buffer = Buffer.alloc(0);
  let parts: Buffer[] = [];
  let reset = false;
  return (chunk) => {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
    const complete: TdsMessage[] = [];
    while (waiting.length >= HEADER_BYTES) {
      const length = waiting.readUInt16BE(2);
      if (length < HEADER_BYTES) throw new RangeError('a packet is shorter than its header');
      if (waiting.length < length) break;
      const type = waiting.readUInt8(0);
      const status = waiting.readUInt8(1);
      parts.push(waiting.subarray(HEADER_BYTES, length));
      waiting = waiting.subarray(length);
      reset ||= (status & (STATUS.reset | STATUS.resetKeepingTransaction)) !== 0;
      // An attention has no content and may come in the middle of another message, which it ends.
      if ((status & STATUS.endOfMessage) === 0 && type !== PACKET.attention) continue;
      complete.push({ type, content: Buffer.concat(parts), reset, ignored: (status & STATUS.ignore) !== 0 });
      parts = [];
      reset = false;
    }
    return complete;
  };
}

/** A message in packets of at most `packetBytes`. `isWhole` false: more of it would follow. */
export function packetsOf(
  content: Buffer,
  options: { readonly type: number; readonly packetBytes: number; readonly session: number; readonly isWhole?: boolean },
): Buffer {
  const most = options.packetBytes - HEADER_BYTES;
  const packets: Buffer[] = [];
  let number = 0;
  for (let from = 0; from < content.length || from === 0; from += most) {
    const part = content.subarray(from, from + most);
    const isLast = from + most >= content.length && options.isWhole !== false;
    const length = u16(part.length + HEADER_BYTES).swap16();
    number = (number + 1) & 0xff;
    packets.push(
      Buffer.of(options.type, isLast ? STATUS.endOfMessage : 0),
      length,
      u16(options.session).swap16(),
      Buffer.of(number, 0),
      part,
    );
  }
  return Buffer.concat(packets);
}
