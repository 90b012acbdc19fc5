import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TdsReader } from './tds_endpoint_bytes.ts';
import { askedEncryption, ENCRYPTION, loginReply, preloginReply, readLogin, type TdsLogin } from './tds_endpoint_login.ts';
import { messageAssembler, PACKET, packetsOf, type TdsMessage } from './tds_endpoint_packets.ts';
import { secured, type TdsCertificate } from './tds_endpoint_tls.ts';
import {
  columnsToken,
  doneToken,
  INFORMATION_CLASS,
  noticeToken,
  returnStatus,
  returnValue,
  rowToken,
  sessionReset,
  type TdsNotice,
  type TdsOutput,
  type TdsResult,
  transactionBegun,
  transactionEnded,
} from './tds_endpoint_tokens.ts';
import { readBulk, readType, readValue, type TdsValue } from './tds_endpoint_types.ts';

export type TdsParameter = { readonly name: string; readonly type: string; readonly isOutput: boolean; readonly value: TdsValue };

/** What a client asked for, as the server understands it. */
export type TdsRequest = {
  readonly session: TdsSession;
  readonly inTransaction: boolean;
  readonly reset: boolean;
} /** A batch, or a statement with parameters (sp_executesql). */ & (
  | { readonly kind: 'statement'; readonly sql: string; readonly parameters: readonly TdsParameter[] }
  | { readonly kind: 'procedure'; readonly procedure: string; readonly parameters: readonly TdsParameter[] }
  | { readonly kind: 'bulk'; readonly columns: readonly { name: string; type: string }[]; readonly rows: readonly (readonly TdsValue[])[] }
  | { readonly kind: 'transaction'; readonly what: 'begin' | 'commit' | 'rollback' | 'save' }
);

export type TdsSession = { readonly id: number; readonly login: TdsLogin; readonly isEncrypted: boolean };

/** What is answered. The parts come in this order; nothing at all is the end of a statement that tells no number of rows. */
export type TdsReply = {
  /** So long nothing is sent, unless the client cancels; 'never': until it does. */
  readonly afterMs?: number | 'never';
  readonly results?: readonly TdsResult[];
  /** Rows written, of a statement without a result. */
  readonly written?: number;
  readonly notices?: readonly TdsNotice[];
  /** The transaction is rolled back by the server, as after error 1205 or under XACT_ABORT. */
  readonly rollsBack?: boolean;
  readonly outputs?: Readonly<Record<string, TdsOutput>>;
  readonly status?: number;
  /** The connection breaks in the middle of a packet, after so many rows of the first result. */
  readonly breaksAfterRows?: number;
};

export type TdsAnswer = (request: TdsRequest) => TdsReply | undefined | Promise<TdsReply | undefined>;

export type TdsEndpoint = {
  readonly port: number;
  /** Everything asked since the start, but for what a driver sets by itself when it has logged in. */
  readonly requests: readonly TdsRequest[];
  /** Connections that are open now. */
  readonly connections: () => number;
  /** Requests that were cancelled by their client. */
  readonly cancelled: () => number;
  readonly stop: () => Promise<void>;
};

export type TdsEndpointOptions = {
  /** Undefined, or an answer of undefined: there is no such procedure (2812). */
  readonly answer?: TdsAnswer;
  /** What stands against a login; undefined: nothing. */
  readonly refuseLogin?: (login: TdsLogin) => TdsNotice | undefined;
  /** With it, the endpoint lets nobody in without TLS; without it, nobody with. */
  readonly certificate?: TdsCertificate;
};

/** What drivers send before the first request of their own. */
const SESSION_SETTINGS =
  /^\s*(set (textsize|ansi_|arithabort|concat_null|numeric_roundabort|quoted_identifier|transaction isolation|datefirst|language|implicit_transactions|cursor_close|xact_abort|dateformat)[^;]*;?\s*)+$/i;
const NO_TRANSACTION = 0n;
const FATAL_CLASS = 20;

/**
 * A server that speaks TDS 7.4 ([MS-TDS]) on 127.0.0.1 and answers as a test says. It understands what clients send and runs no SQL: what it
 * proves is drivers, mapping, retries and pools, never T-SQL.
 */
export async function startTdsEndpoint(options: TdsEndpointOptions = {}): Promise<TdsEndpoint> {
  const requests: TdsRequest[] = [];
  const sockets = new Set<Socket>();
  let cancelled = 0;
  let sessions = 50;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined); // clients break connections; that is what some tests are about
    socket.on('close', () => sockets.delete(socket));
    serve(socket, { ...options, id: ++sessions, note: (request) => requests.push(request), onCancel: () => cancelled++ });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the endpoint has no port');
  return {
    port: address.port,
    requests,
    connections: () => sockets.size,
    cancelled: () => cancelled,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

type Serving = TdsEndpointOptions & { readonly id: number; readonly note: (request: TdsRequest) => void; readonly onCancel: () => void };

/** One connection, from its first packet to its end. */
function serve(socket: Socket, serving: Serving): void {
  let stream: Duplex = socket;
  let login: TdsLogin | undefined;
  let transaction = NO_TRANSACTION;
  let transactions = 0n;
  let running: AbortController | undefined;
  let turn: Promise<void> = Promise.resolve();

  const send = (content: Buffer, isWhole = true): void => {
    const packets = packetsOf(content, { type: PACKET.reply, packetBytes: login?.packetBytes ?? 4096, session: serving.id, isWhole });
    if (!stream.destroyed) stream.write(packets);
  };
  const fail = (notice: TdsNotice): void => send(Buffer.concat([noticeToken(notice), doneToken('done', { isError: true })]));

  const beforeLogin = ({ type, content }: TdsMessage): void => {
    if (type === PACKET.prelogin) {
      const asked = askedEncryption(content);
      const { certificate } = serving;
      send(preloginReply(certificate === undefined ? ENCRYPTION.notSupported : ENCRYPTION.required));
      if (certificate === undefined || asked === ENCRYPTION.notSupported) return;
      socket.off('data', receive);
      stream = secured(socket, certificate);
      stream.on('error', () => socket.destroy());
      stream.on('data', receive);
    } else if (type === PACKET.login && (serving.certificate === undefined || stream !== socket)) {
      const asked = readLogin(content);
      const refused = serving.refuseLogin?.(asked);
      if (refused === undefined) {
        send(loginReply(asked));
        login = asked;
      } else {
        fail(refused);
      }
    } else {
      socket.destroy();
    }
  };

  const carryOut = async (message: TdsMessage, signal: AbortSignal, login: TdsLogin): Promise<void> => {
    const session: TdsSession = { id: serving.id, login, isEncrypted: stream !== socket };
    if (message.reset) transaction = NO_TRANSACTION;
    const prefix = message.reset ? sessionReset() : Buffer.alloc(0);
    const { request, descriptor } = readRequest(message, { session, inTransaction: transaction !== NO_TRANSACTION, reset: message.reset });
    if (descriptor !== undefined && descriptor !== transaction) {
      return fail({ number: 3989, message: 'The transaction descriptor of the request is not that of the session.' });
    }
    if (message.type === PACKET.batch && request.kind === 'statement' && SESSION_SETTINGS.test(request.sql))
      return send(Buffer.concat([prefix, doneToken('done')]));
    serving.note(request);
    if (request.kind === 'transaction') {
      if (request.what === 'begin') {
        transaction = ++transactions;
        return send(Buffer.concat([prefix, transactionBegun(transaction), doneToken('done')]));
      }
      if (transaction === NO_TRANSACTION) return fail({ number: 3902, message: 'The request has no corresponding BEGIN TRANSACTION.' });
      if (request.what === 'save') return send(doneToken('done'));
      const ended = transactionEnded(request.what === 'commit' ? 'committed' : 'rolled back', transaction);
      transaction = NO_TRANSACTION;
      return send(Buffer.concat([prefix, ended, doneToken('done')]));
    }
    const reply = (await serving.answer?.(request)) ?? unknownRequest(request);
    await pause(reply.afterMs, signal, socket);
    // A client that cancels waits for the end of its request here, and for that of the attention after it.
    if (signal.aborted) return send(doneToken('done', { isError: true }));
    const isProcedure = message.type === PACKET.rpc;
    const [first] = reply.results ?? [];
    if (reply.breaksAfterRows !== undefined && first !== undefined) {
      const rows = first.rows.slice(0, reply.breaksAfterRows).map((row) => rowToken(first, row));
      send(Buffer.concat([columnsToken(first), ...rows]), false);
      socket.end(() => socket.destroy());
      return;
    }
    const hasError = reply.notices?.some(({ class: severity = 16 }) => severity > INFORMATION_CLASS) ?? false;
    const parts = [prefix, ...replyTokens(reply, isProcedure)];
    if (reply.rollsBack === true && transaction !== NO_TRANSACTION) {
      parts.push(transactionEnded('rolled back', transaction));
      transaction = NO_TRANSACTION;
    }
    if (isProcedure && !hasError) {
      parts.push(returnStatus(reply.status ?? 0));
      parts.push(...Object.entries(reply.outputs ?? {}).map(([name, output], place) => returnValue(place, name, output)));
    }
    // What a statement wrote is told by its own end, what one in a procedure wrote before the procedure's.
    const rows = isProcedure || reply.written === undefined ? {} : { rows: reply.written };
    parts.push(doneToken(isProcedure ? 'doneProc' : 'done', { isError: hasError, ...rows }));
    send(Buffer.concat(parts));
    if (reply.notices?.some(({ class: severity = 16 }) => severity >= FATAL_CLASS) ?? false) socket.end();
  };

  const assemble = messageAssembler();
  const receive = (chunk: Buffer): void => {
    for (const message of messagesOf(chunk)) {
      if (message.type === PACKET.attention) {
        serving.onCancel();
        running?.abort();
        turn = turn.then(() => send(doneToken('done', { isAttention: true })));
      } else if (message.ignored) {
        send(doneToken('done'));
      } else if (login === undefined) {
        beforeLogin(message);
      } else {
        const by = login;
        const controller = new AbortController();
        running = controller;
        turn = turn
          .then(() => carryOut(message, controller.signal, by))
          .catch((error: unknown) =>
            fail({ number: 4002, message: `This endpoint: ${error instanceof Error ? error.message : String(error)}` }),
          );
      }
    }
  };
  const messagesOf = (chunk: Buffer): TdsMessage[] => {
    try {
      return assemble(chunk);
    } catch {
      socket.destroy();
      return [];
    }
  };
  socket.on('data', receive);
}

/** Result sets, counts and notices of a reply, in that order. */
function replyTokens(reply: TdsReply, isProcedure: boolean): Buffer[] {
  const token = isProcedure ? 'doneInProc' : 'done';
  return [
    ...(reply.results ?? []).flatMap((result) => [
      columnsToken(result),
      ...result.rows.map((row) => rowToken(result, row)),
      doneToken(token, { rows: result.rows.length, hasMore: true }),
    ]),
    ...(reply.written === undefined || !isProcedure ? [] : [doneToken(token, { rows: reply.written, hasMore: true })]),
    ...(reply.notices ?? []).map(noticeToken),
  ];
}

function unknownRequest(request: TdsRequest): TdsReply {
  if (request.kind === 'bulk') return { written: request.rows.length };
  const name = request.kind === 'procedure' ? request.procedure : 'that statement';
  return { notices: [{ number: 2812, message: `Could not find stored procedure '${name}'.` }] };
}

const TRANSACTION_REQUESTS: Readonly<Record<number, 'begin' | 'commit' | 'rollback' | 'save'>> = {
  5: 'begin',
  7: 'commit',
  8: 'rollback',
  9: 'save',
};
/** Procedures that clients call by number ([MS-TDS] 2.2.6.6). */
const NUMBERED: Readonly<Record<number, string>> = {
  10: 'sp_executesql',
  11: 'sp_prepare',
  12: 'sp_execute',
  13: 'sp_prepexec',
  15: 'sp_unprepare',
};
const TRANSACTION_HEADER = 2;

/** What a message asks for, and the transaction it says it is in. */
function readRequest(
  { type, content }: TdsMessage,
  base: Pick<TdsRequest, 'session' | 'inTransaction' | 'reset'>,
): { readonly request: TdsRequest; readonly descriptor: bigint | undefined } {
  const reader = new TdsReader(content);
  if (type === PACKET.bulk) {
    // A bulk load has no headers; it goes on in the transaction of the statement that announced it.
    const { columns, rows } = readBulk(reader);
    return { request: { ...base, kind: 'bulk', columns, rows }, descriptor: undefined };
  }
  const descriptor = readHeaders(reader);
  if (type === PACKET.batch)
    return { request: { ...base, kind: 'statement', sql: reader.rest().toString('utf16le'), parameters: [] }, descriptor };
  if (type === PACKET.transaction) {
    const what = TRANSACTION_REQUESTS[reader.u16()];
    if (what === undefined) throw new TypeError('this endpoint knows no such transaction request');
    // A rollback that names a savepoint ends no transaction.
    return { request: { ...base, kind: 'transaction', what: what === 'rollback' && reader.u8() > 0 ? 'save' : what }, descriptor };
  }
  if (type !== PACKET.rpc) throw new TypeError(`this endpoint knows no packets of type ${type}`);
  const length = reader.u16();
  const procedure = length === 0xffff ? (NUMBERED[reader.u16()] ?? 'unknown') : reader.take(length * 2).toString('utf16le');
  reader.u16(); // options
  const parameters: TdsParameter[] = [];
  while (!reader.ended && reader.peek() < 0x80) {
    const name = reader.shortText().replace(/^@/, '');
    const isOutput = (reader.u8() & 1) !== 0;
    const type = readType(reader);
    parameters.push({ name, type: type.name, isOutput, value: readValue(reader, type) });
  }
  if (procedure === 'sp_executesql') {
    // The statement, the declaration of its parameters, the parameters.
    return { request: { ...base, kind: 'statement', sql: String(parameters[0]?.value), parameters: parameters.slice(2) }, descriptor };
  }
  return { request: { ...base, kind: 'procedure', procedure, parameters }, descriptor };
}

/** ALL_HEADERS; returns the descriptor of the transaction that the request belongs to. */
function readHeaders(reader: TdsReader): bigint {
  const end = reader.at + reader.u32();
  let descriptor = NO_TRANSACTION;
  while (reader.at < end) {
    const next = reader.at + reader.u32();
    if (reader.u16() === TRANSACTION_HEADER) descriptor = reader.u64();
    reader.at = next;
  }
  return descriptor;
}

/** Waits as the reply says; ended early by a cancel or the connection's end. */
async function pause(duration: TdsReply['afterMs'], signal: AbortSignal, socket: Socket): Promise<void> {
  if (duration === undefined || signal.aborted || socket.destroyed) return;
  await new Promise<void>((resolve) => {
    const timer = duration === 'never' ? undefined : setTimeout(resolve, duration);
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.once('close', stop);
  });
}
