import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { BSON, type Document, Timestamp } from 'mongodb';

/** A command as it came over the wire: its document, and the bytes of it. */
export type ReceivedCommand = { readonly name: string; readonly document: Document; readonly bytes: Uint8Array };

/** What a script answers: a reply, or the end of the connection. */
export type ScriptedReply = Document | 'cut';

/** Answers the commands of a test; those that every client sends by itself (handshake, ping, ends of sessions and cursors) never come here. */
export type Script = (command: Document, name: string) => ScriptedReply | Promise<ScriptedReply>;

/**
 * The network's edge of MongoDB: speaks OP_MSG as the manual's "MongoDB Wire Protocol" says, keeps nothing and evaluates nothing. Each test
 * scripts the replies it needs.
 */
export type MongoEndpoint = {
  readonly url: string;
  /** What was asked beside the handshake, in order. */
  readonly received: readonly ReceivedCommand[];
  /** The one command of that name; throws when there are none or several. */
  readonly only: (name: string) => ReceivedCommand;
  readonly all: (name: string) => readonly ReceivedCommand[];
  /** Replaces the script and forgets what was received. */
  readonly answer: (script: Script) => void;
  /** The time of the last write, which replies and `hello` tell. */
  readonly setTime: (seconds: number) => void;
  readonly stop: () => Promise<void>;
};

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER_BYTES = 16;
/** MongoDB 7.0. */
const WIRE_VERSION = 21;

/** Error replies as the server words them. */
export const failure = (code: number, codeName: string, labels: readonly string[] = []): Document => ({
  ok: 0,
  errmsg: `${codeName} (scripted)`,
  code,
  codeName,
  ...(labels.length === 0 ? {} : { errorLabels: labels }),
});

/** A first batch; the cursor is at its end unless an id is given. */
export const firstBatch = (collection: string, batch: readonly Document[], id = 0, more: Document = {}): Document => ({
  ok: 1,
  cursor: { id: BSON.Long.fromNumber(id), ns: `promptcontent.${collection}`, firstBatch: batch, ...more },
});

/** A later one. */
export const nextBatch = (collection: string, batch: readonly Document[], id = 0, more: Document = {}): Document => ({
  ok: 1,
  cursor: { id: BSON.Long.fromNumber(id), ns: `promptcontent.${collection}`, nextBatch: batch, ...more },
});

/** Starts one on 127.0.0.1, on a free port unless one is given: the primary of the replica set 'rs0', or a single server. */
export async function startMongoEndpoint(kind: 'replica set' | 'single server' = 'replica set', givenPort = 0): Promise<MongoEndpoint> {
  let script: Script = (_, name) => failure(59, `CommandNotFound: ${name}`);
  let received: ReceivedCommand[] = [];
  let seconds = 1_770_000_000;
  const sockets = new Set<Socket>();
  const time = (): Timestamp => Timestamp.fromBits(1, seconds);

  const hello = (port: number): Document => ({
    helloOk: true,
    isWritablePrimary: true,
    ...(kind === 'replica set'
      ? {
          setName: 'rs0',
          setVersion: 1,
          primary: `127.0.0.1:${port}`,
          me: `127.0.0.1:${port}`,
          hosts: [`127.0.0.1:${port}`],
          lastWrite: { opTime: { ts: time(), t: 1 }, majorityOpTime: { ts: time(), t: 1 } },
        }
      : {}),
    maxBsonObjectSize: 16_777_216,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    localTime: new Date(seconds * 1_000),
    logicalSessionTimeoutMinutes: 30,
    connectionId: 1,
    minWireVersion: 0,
    maxWireVersion: WIRE_VERSION,
    readOnly: false,
    ok: 1,
  });

  const clockOf = (): Document =>
    kind === 'replica set'
      ? {
          operationTime: time(),
          $clusterTime: { clusterTime: time(), signature: { hash: new BSON.Binary(new Uint8Array(20)), keyId: BSON.Long.ZERO } },
        }
      : {};

  const replyTo = async (document: Document, bytes: Uint8Array, port: number): Promise<ScriptedReply> => {
    const [name = ''] = Object.keys(document);
    if (/^(hello|ismaster)$/i.test(name)) return hello(port);
    if (['ping', 'endSessions', 'killCursors'].includes(name)) return { ok: 1 };
    received.push({ name, document, bytes });
    return await script(document, name);
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setNoDelay(true);
    let waiting = Buffer.alloc(0);
    let turn = Promise.resolve();
    socket.on('data', (chunk) => {
      waiting = Buffer.concat([waiting, chunk]);
      while (waiting.length >= HEADER_BYTES && waiting.length >= waiting.readInt32LE(0)) {
        const message = waiting.subarray(0, waiting.readInt32LE(0));
        waiting = waiting.subarray(message.length);
        turn = turn.then(() => handle(socket, message)).catch(() => void socket.destroy());
      }
    });
  });

  const handle = async (socket: Socket, message: Buffer): Promise<void> => {
    const requestId = message.readInt32LE(4);
    const opCode = message.readInt32LE(12);
    const bytes = commandIn(message, opCode);
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const command = { ...BSON.deserialize(bytes, { promoteValues: false }), ...sequencesIn(message, opCode) };
    const reply = await replyTo(command, bytes, port);
    if (reply === 'cut') {
      socket.destroy();
      return;
    }
    const body = BSON.serialize({ ...reply, ...clockOf() });
    if (!socket.destroyed) socket.write(opCode === OP_QUERY ? opReply(requestId, body) : opMsg(requestId, body));
  };

  server.listen(givenPort, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  const all = (name: string): ReceivedCommand[] => received.filter((command) => command.name === name);
  return {
    url: `mongodb://127.0.0.1:${port}/promptcontent${kind === 'replica set' ? '?replicaSet=rs0' : '?directConnection=true'}`,
    get received() {
      return received;
    },
    all,
    only: (name) => {
      const [command, other] = all(name);
      if (command === undefined || other !== undefined) {
        throw new Error(`${name} was asked ${all(name).length} times; received: ${received.map((one) => one.name).join(', ')}`);
      }
      return command;
    },
    answer: (next) => {
      script = next;
      received = [];
    },
    setTime: (at) => {
      seconds = at;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The bytes of the command's document. */
function commandIn(message: Buffer, opCode: number): Uint8Array {
  if (opCode === OP_QUERY) {
    const name = message.indexOf(0, HEADER_BYTES + 4); // flags, then the collection's name
    return message.subarray(name + 1 + 8); // skip, limit
  }
  if (opCode !== OP_MSG) throw new Error(`opcode ${opCode} is not spoken here`);
  const kind = message.readUInt8(HEADER_BYTES + 4);
  const start = HEADER_BYTES + 5;
  const end = start + message.readInt32LE(start);
  if (kind !== 0) throw new Error('a message that begins with another section than its body is not spoken here');
  return message.subarray(start, end);
}

/** The lists of documents that a message carries behind its body, of which a bulk write has one, by the name of the field they stand for. */
function sequencesIn(message: Buffer, opCode: number): Document {
  if (opCode !== OP_MSG) return {};
  const sequences: Record<string, Document[]> = {};
  const body = HEADER_BYTES + 5;
  for (let start = body + message.readInt32LE(body); start < message.length; start += 1 + message.readInt32LE(start + 1)) {
    if (message.readUInt8(start) !== 1) throw new Error('only a body and lists of documents are spoken here');
    const end = start + 1 + message.readInt32LE(start + 1);
    const name = message.indexOf(0, start + 5);
    const documents: Document[] = [];
    for (let at = name + 1; at < end; at += message.readInt32LE(at)) {
      documents.push(BSON.deserialize(message.subarray(at, at + message.readInt32LE(at)), { promoteValues: false }));
    }
    sequences[message.toString('utf8', start + 5, name)] = documents;
  }
  return sequences;
}

function opMsg(responseTo: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(HEADER_BYTES + 5);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(responseTo, 8);
  head.writeInt32LE(OP_MSG, 12);
  return Buffer.concat([head, body]);
}

function opReply(responseTo: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(HEADER_BYTES + 20);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(responseTo, 8);
  head.writeInt32LE(OP_REPLY, 12);
  head.writeInt32LE(8, 16); // AwaitCapable
  head.writeInt32LE(1, 32); // one document
  return Buffer.concat([head, body]);
}

/** What of a command is another each time: the session, the transaction's number, the cluster's time and what is left of the deadline. */
const CHANGING = ['lsid', 'txnNumber', '$clusterTime', 'maxTimeMS'];

/**
 * A command's bytes without what changes from one to the next, as hexadecimal text: for comparison with {@link bsonOf} what the manual writes. The
 * types of numbers stay as they were sent.
 */
export function sent({ document }: ReceivedCommand): string {
  return bsonOf(Object.fromEntries(Object.entries(document).filter(([name]) => !CHANGING.includes(name))));
}

/** The BSON of a document, as hexadecimal text. */
export function bsonOf(document: Document): string {
  return Buffer.from(BSON.serialize(document, { ignoreUndefined: true })).toString('hex');
}

/** A resume token that a server would give at that time; `event` tells several of one second apart. */
export function tokenAt(seconds: number, event = 0): Document {
  return { _data: `82${seconds.toString(16).padStart(8, '0')}${event.toString(16).padStart(8, '0')}2B0429296E1404` };
}
