import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { join } from 'node:path';
import pg from 'pg';
import { inKeyOrder, type Move, plannedSums } from './budget_transfers.ts';
import type { ClientMessage, ClientOrder } from './client_process.ts';
import type { LabResult, LabRun } from './experiment.ts';
import { openRecord } from './lab_session.ts';
import type { LabWorld } from './lab_world.ts';

const FIRST: readonly Move[] = [
  { channel: 'facebook', by: -50 },
  { channel: 'instagram', by: 50 },
];
const SECOND: readonly Move[] = [
  { channel: 'instagram', by: -80 },
  { channel: 'facebook', by: 80 },
];
const RIGHT = { facebook: '330.00', instagram: '370.00', total: '1000.00' };
const PATIENCE_MS = 20_000;

/** A deadlock of two programs that know nothing of each other: two processes, each with a connection of its own. */
export async function separateClients(world: LabWorld): Promise<LabResult> {
  return {
    name: 'separate_clients',
    title: 'Deadlock of two separate clients',
    harm: 'Two servers on two machines write the same two rows: no lock inside a program can keep them apart.',
    runs: [await twoProcesses(world, 'crossed'), await twoProcesses(world, 'ordered')],
  };
}

/** The clients' process ids beside the run, for who wants to see that there are two. */
export type SeparateRun = LabRun & { readonly processIds: readonly number[] };

async function twoProcesses(world: LabWorld, order: 'crossed' | 'ordered'): Promise<SeparateRun> {
  await world.reset();
  const before = await world.planned();
  const record = await openRecord(world.adsUrl);
  const gates = await openGates(world.adsUrl, [1, 2, 3]);
  const moves = (asked: readonly Move[]): readonly Move[] => (order === 'crossed' ? asked : inKeyOrder(asked));
  // The second is the one that looks for deadlocks: it closes the circle.
  const orders: readonly ClientOrder[] = [
    { name: 'client 1', url: world.adsUrl, moves: moves(FIRST), gates: { second: 1, retry: 3 }, looksAfter: '1h' },
    { name: 'client 2', url: world.adsUrl, moves: moves(SECOND), gates: { second: 2, retry: 3 }, looksAfter: '10ms' },
  ];
  const clients: Client[] = [];
  const started = (index: number): Client => {
    const asked = orders[index];
    if (asked === undefined) throw new RangeError(`there is no client ${index}`);
    const client = startClient(asked);
    clients.push(client);
    return client;
  };
  /** Notes the next things a client tells, of which the parent knows that they come. */
  const hear = async (client: Client, times: number, follows?: 'follows'): Promise<void> => {
    for (let time = 0; time < times; time++) {
      const { did, saw, victimOf } = await client.next();
      record.note(client.name, did, victimOf === undefined ? saw : `${victimOf}; ${saw}`, time === 0 ? follows : undefined);
      if (victimOf !== undefined) record.noteVictim(client.name, victimOf);
    }
  };
  try {
    const first = started(0);
    await hear(first, 1);
    await gates.waitsAt('client 1', 'advisory');
    const second = started(1);
    if (order === 'crossed') {
      await hear(second, 1);
      await gates.waitsAt('client 2', 'advisory');
      await gates.open(1);
      await gates.waitsAt('client 1', 'transactionid');
      record.note('client 1', 'wants instagram', 'waits for client 2');
      await gates.open(2);
      await hear(second, 1);
      await hear(first, 2, 'follows');
    } else {
      await gates.waitsAt('client 2', 'transactionid');
      record.note('client 2', 'wants facebook', 'waits for client 1');
      await gates.open(1);
      await gates.open(2);
      await hear(first, 2);
    }
    await first.ended;
    await gates.open(3);
    await (order === 'crossed' ? hear(second, 3) : hear(second, 3, 'follows'));
    await second.ended;
    return {
      title:
        order === 'crossed'
          ? 'Provoked: two processes take the same two rows in opposite order; the victim’s own retry finishes its work'
          : 'Fixed: both take the rows in the order of the keys',
      events: record.events,
      victims: record.victims,
      sums: plannedSums(before, await world.planned(), RIGHT),
      shows:
        order === 'crossed'
          ? 'The server sees the circle where neither client can; one is sent back whole, the other goes on as if nothing had been.'
          : 'The second waits at the first row; nobody is sent back.',
      processIds: clients.map(({ process: { pid } }) => pid ?? 0),
    };
  } finally {
    for (const { process: child } of clients) if (child.exitCode === null) child.kill();
    await gates.end();
    await record.end();
  }
}

type Client = {
  readonly name: string;
  readonly process: ChildProcess;
  /** What the client tells next. */
  readonly next: () => Promise<ClientMessage>;
  readonly ended: Promise<void>;
};

function startClient(order: ClientOrder): Client {
  const child = fork(join(import.meta.dirname, 'client_process.ts'), [JSON.stringify(order)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk}`.slice(-2_000);
  });
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const messages = on(child, 'message', { signal, close: ['close'] });
  const ended = once(child, 'close', { signal }).then(([code]) => {
    if (code !== 0) throw new Error(`${order.name} ended with ${code}: ${complaint}`);
  });
  ended.catch(() => undefined); // heard where it is awaited
  return {
    name: order.name,
    process: child,
    next: async () => {
      const { value, done } = await messages.next();
      if (done === true) throw new Error(`${order.name} has nothing more to tell: ${complaint}`);
      return value[0];
    },
    ended,
  };
}

/** Advisory locks that clients pass once they are open, and a look at who waits where. */
async function openGates(url: string, numbers: readonly number[]) {
  const holder = new pg.Client({ connectionString: url });
  await holder.connect();
  for (const number of numbers) await holder.query('SELECT pg_advisory_lock($1)', [number]);
  return {
    open: async (number: number): Promise<void> => void (await holder.query('SELECT pg_advisory_unlock($1)', [number])),
    waitsAt: async (name: string, at: 'advisory' | 'transactionid'): Promise<void> => {
      for (const end = performance.now() + PATIENCE_MS; performance.now() < end; ) {
        const { rowCount } = await holder.query(
          `SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock' AND wait_event = $2`,
          [`lab ${name}`, at],
        );
        if ((rowCount ?? 0) > 0) return;
      }
      throw new Error(`${name} does not wait (${at})`);
    },
    end: () => holder.end(),
  };
}
