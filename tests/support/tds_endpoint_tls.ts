import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { messageAssembler, PACKET, packetsOf } from './tds_endpoint_packets.ts';

/** A certificate and its key, as PEM. */
export type TdsCertificate = { readonly certificate: string; readonly privateKey: string };

/** The first byte of a TLS record says what it holds (RFC 5246, 6.2.1). */
const RECORD = { changeCipher: 20, applicationData: 23 } as const;

/**
 * TLS as TDS 7.4 has it: the handshake travels inside packets of type PRELOGIN, everything after it is plain TLS that carries the packets. The
 * server ends the handshake: what arrives after its change of cipher is plain. No TLS 1.3 and no tickets, which would come after the handshake.
 */
export function secured(socket: Socket, { certificate, privateKey }: TdsCertificate): TLSSocket {
  const unwrap = messageAssembler();
  let hasEnded = false;
  let isPlain = false;
  const send = (bytes: Buffer, sent: () => void): void => {
    const record = bytes.readUInt8(0);
    isPlain ||= hasEnded && record === RECORD.applicationData;
    hasEnded ||= record === RECORD.changeCipher;
    socket.write(isPlain ? bytes : packetsOf(bytes, { type: PACKET.reply, packetBytes: 4096, session: 0 }), () => sent());
  };
  const carrier = new Duplex({
    read: () => undefined, // what arrives is handed on at once
    write: (chunk: Buffer, _encoding, sent) => send(chunk, sent),
    // A flight of the handshake is one message, in however many pieces it was written.
    writev: (pieces: readonly { readonly chunk: Buffer }[], sent) => send(Buffer.concat(pieces.map(({ chunk }) => chunk)), sent),
    final: (ended) => socket.end(() => ended()),
  });
  socket.on('data', (chunk: Buffer) => {
    if (hasEnded) carrier.push(chunk);
    else for (const { content } of unwrap(chunk)) carrier.push(content);
  });
  socket.on('close', () => carrier.destroy());
  return new TLSSocket(carrier, {
    isServer: true,
    cert: certificate,
    key: privateKey,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
}
