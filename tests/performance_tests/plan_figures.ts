import type pg from 'pg';
import type { Statement } from '../../shared/db/sql_database.ts';

/** A statement as a repo sends it. */
export type SentStatement = { readonly statement: Statement; readonly values: readonly unknown[] };

/** What carrying out some statements took. */
export type PlanFigures = {
  /** Pages of 8 KiB read, from memory or disk, temporary files included. */
  readonly buffers: number;
  /** Rows that the scans looked at, those they threw away included. */
  readonly rows: number;
  /** How tables are read, for example 'Index Scan customers_position' or 'Seq Scan customers'; each once. */
  readonly scans: readonly string[];
  /** For information: it depends on the machine and on what else it does. */
  readonly milliseconds: number;
};

/** The same statements without some indexes and with them. */
export type Comparison = { readonly before: PlanFigures; readonly after: PlanFigures };

/**
 * Explains the statements with the indexes and without, in one transaction that is rolled back: the indexes are as before afterwards. An index of a
 * key goes with its constraint. One process works (no parallel plans) and nothing is compiled, so both sides count the same kind of work.
 */
export async function comparePlans(owner: pg.Client, sent: readonly SentStatement[], indexes: readonly string[]): Promise<Comparison> {
  await owner.query(`BEGIN; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off`);
  try {
    // The first of two also sets hint bits and fills the catalogue's caches.
    await figuresOf(owner, sent);
    const after = await figuresOf(owner, sent);
    for (const index of indexes) await owner.query(await dropOf(owner, index));
    await figuresOf(owner, sent);
    return { before: await figuresOf(owner, sent), after };
  } finally {
    await owner.query('ROLLBACK');
  }
}

async function dropOf(owner: pg.Client, index: string): Promise<string> {
  const { rows } = await owner.query<{ sql: string }>(
    `SELECT coalesce((SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint WHERE conindid = $1::regclass LIMIT 1),
                     format('DROP INDEX %s', $1::regclass)) AS sql`,
    [index],
  );
  return rows[0]?.sql ?? '';
}

/** A node of EXPLAIN's JSON, as far as it is read here. */
type PlanNode = {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly 'Temp Read Blocks': number;
  readonly 'Temp Written Blocks': number;
  readonly Plans?: readonly PlanNode[];
};
type Explained = { readonly Plan: PlanNode; readonly 'Execution Time': number };

async function figuresOf(owner: pg.Client, sent: readonly SentStatement[]): Promise<PlanFigures> {
  let [buffers, rows, milliseconds] = [0, 0, 0];
  const scans = new Set<string>();
  for (const { statement, values } of sent) {
    const { rows: answer } = await owner.query<{ 'QUERY PLAN': readonly Explained[] }>(
      `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ${statement.text}`,
      [...values],
    );
    const [explained] = answer[0]?.['QUERY PLAN'] ?? [];
    if (explained === undefined) throw new Error(`${statement.name} has no plan`);
    const { Plan: plan } = explained;
    // The first node's pages are those of all nodes below it.
    buffers += plan['Shared Hit Blocks'] + plan['Shared Read Blocks'] + plan['Temp Read Blocks'] + plan['Temp Written Blocks'];
    milliseconds += explained['Execution Time'];
    for (const node of nodesOf(plan)) {
      const read = node['Index Name'] ?? node['Relation Name'];
      // A bitmap's table is read by what its index scan found: that one is named.
      if (read === undefined || node['Node Type'] === 'Bitmap Heap Scan' || node['Actual Loops'] === 0) continue;
      scans.add(`${node['Node Type']} ${read}`);
      const looked = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
      rows += looked * node['Actual Loops'];
    }
  }
  return { buffers, rows: Math.round(rows), scans: [...scans].sort(), milliseconds };
}

function* nodesOf(node: PlanNode): Iterable<PlanNode> {
  yield node;
  for (const child of node.Plans ?? []) yield* nodesOf(child);
}
