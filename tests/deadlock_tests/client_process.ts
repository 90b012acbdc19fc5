// A client of its own: one transfer between two channels, in a process and on a connection that nobody else has. Told what to do by its parent.
import pg from 'pg';
import { pastCrossings } from '../../shared/sources/crossing_writes.ts';
import { type Move, moveOf } from './budget_transfers.ts';

/** `gates` are advisory locks that the parent holds until it is the client's turn; 0: no gate. */
export type ClientOrder = {
  readonly name: string;
  readonly url: string;
  readonly moves: readonly Move[];
  readonly gates: { readonly second: number; readonly retry: number };
  /** How long the client waits before it looks for a deadlock. */
  readonly looksAfter: string;
};

export type ClientMessage = { readonly did: string; readonly saw: string; readonly victimOf?: string };

const order: ClientOrder = JSON.parse(process.argv[2] ?? '');
const client = new pg.Client({ connectionString: order.url, application_name: `lab ${order.name}` });
await client.connect();
await client.query(`SET deadlock_timeout = '${order.looksAfter}'`);

const tell = (message: ClientMessage): void => void process.send?.(message);
const pass = async (gate: number): Promise<void> => {
  if (gate > 0) await client.query('SELECT pg_advisory_xact_lock_shared($1)', [gate]);
};

let attempts = 0;
await pastCrossings('PromptAds', async () => {
  attempts++;
  await client.query('BEGIN');
  let did = '';
  try {
    if (attempts > 1) await pass(order.gates.retry);
    for (const [index, move] of order.moves.entries()) {
      if (index > 0) await pass(order.gates.second);
      const statement = moveOf(move);
      did = statement.did;
      const { rowCount } = await client.query(statement.sql, [...(statement.values ?? [])]);
      tell({ did, saw: `${rowCount} row` });
    }
    await client.query('COMMIT');
    tell({ did: 'commits', saw: `attempt ${attempts}` });
  } catch (error) {
    await client.query('ROLLBACK');
    if (error instanceof pg.DatabaseError) tell({ did, saw: 'rolled back', victimOf: `${error.code} ${error.message}` });
    throw error;
  }
});
await client.end();
process.disconnect?.();
