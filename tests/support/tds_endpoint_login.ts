import { shortText, TdsReader, u8, u16 } from './tds_endpoint_bytes.ts';
import { collationChanged, databaseChanged, doneToken, packetSizeChanged } from './tds_endpoint_tokens.ts';
import { SERVER_COLLATION } from './tds_endpoint_types.ts';

/** What a client says about encryption before its login ([MS-TDS] 2.2.6.5). */
export const ENCRYPTION = { off: 0, on: 1, notSupported: 2, required: 3 } as const;

const OPTION = { version: 0, encryption: 1, instance: 2, thread: 3, mars: 4, end: 0xff } as const;
/** SQL Server 2019. */
const SERVER_VERSION = Buffer.of(15, 0, 0x08, 0x02, 0, 0);

/** What the client asks for; 'not supported' when it does not say. */
export function askedEncryption(prelogin: Buffer): number {
  const reader = new TdsReader(prelogin);
  for (let option = reader.u8(); option !== OPTION.end; option = reader.u8()) {
    const at = reader.take(2).readUInt16BE();
    const length = reader.take(2).readUInt16BE();
    if (option === OPTION.encryption && length > 0) return prelogin.readUInt8(at);
  }
  return ENCRYPTION.notSupported;
}

/** The server's answer before the login: no named instance, one request at a time on a connection. */
export function preloginReply(encryption: number): Buffer {
  const options: readonly (readonly [number, Buffer])[] = [
    [OPTION.version, SERVER_VERSION],
    [OPTION.encryption, u8(encryption)],
    [OPTION.instance, u8(0)],
    [OPTION.mars, u8(0)],
  ];
  let at = options.length * 5 + 1;
  const heads = options.map(([option, value]) => {
    const head = Buffer.concat([u8(option), u16(at).swap16(), u16(value.length).swap16()]);
    at += value.length;
    return head;
  });
  return Buffer.concat([...heads, u8(OPTION.end), ...options.map(([, value]) => value)]);
}

/** Who logs in to what. */
export type TdsLogin = {
  readonly user: string;
  readonly password: string;
  readonly application: string;
  readonly server: string;
  readonly database: string;
  readonly packetBytes: number;
  /** The client sent extensions, which have to be acknowledged. */
  readonly hasExtensions: boolean;
};

/** Reads LOGIN7 ([MS-TDS] 2.2.6.4). */
export function readLogin(content: Buffer): TdsLogin {
  const field = (index: number): Buffer => {
    const place = 36 + index * 4;
    const at = content.readUInt16LE(place);
    return content.subarray(at, at + content.readUInt16LE(place + 2) * 2);
  };
  const text = (index: number): string => field(index).toString('utf16le');
  // A password is not encrypted, only turned: each byte XOR 0xA5 with its halves exchanged.
  const password = Buffer.from(
    field(2).map((byte) => {
      const turned = byte ^ 0xa5;
      return ((turned >> 4) | (turned << 4)) & 0xff;
    }),
  );
  return {
    user: text(1),
    password: password.toString('utf16le'),
    application: text(3),
    server: text(4),
    database: text(8) || 'master',
    packetBytes: Math.min(Math.max(content.readUInt32LE(8), 512), 32_767),
    hasExtensions: (content.readUInt8(27) & 0x10) !== 0,
  };
}

/** The server's yes to a login. */
export function loginReply({ database, packetBytes, hasExtensions }: TdsLogin): Buffer {
  const version = Buffer.of(0x74, 0, 0, 4); // TDS 7.4
  const acknowledged = Buffer.concat([u8(1), version, shortText('Microsoft SQL Server'), SERVER_VERSION.subarray(0, 4)]);
  return Buffer.concat([
    databaseChanged(database),
    collationChanged(SERVER_COLLATION),
    u8(0xad),
    u16(acknowledged.length),
    acknowledged,
    packetSizeChanged(packetBytes),
    // FEATUREEXTACK: texts in UTF-8 are understood, and nothing else.
    hasExtensions ? Buffer.of(0xae, 0x0a, 1, 0, 0, 0, 1, 0xff) : Buffer.alloc(0),
    doneToken('done'),
  ]);
}
