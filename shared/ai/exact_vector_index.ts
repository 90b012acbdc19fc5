import { stat } from 'node:fs/promises';
import type { Deadline } from '../domain/deadline.ts';
import { ToolError } from '../domain/tool_error.ts';
import { type AttributeBits, attributeBits } from './attribute_bits.ts';
import { type InnerProducts, innerProducts } from './inner_products.ts';
import { nearestRows } from './nearest_rows.ts';
import { type ReadVectorFile, readVectorFile, type VectorFile, writeVectorFile } from './vector_file.ts';
import type { VectorAttributes, VectorIndex, VectorItem } from './vector_index.ts';

type Row = { readonly id: string; readonly attributes: VectorAttributes };

/** The vectors in memory: row n is the numbers from n × dimensions on. Rows have no gaps: the last one fills the place of a removed one. */
type Vectors = {
  readonly products: InnerProducts;
  readonly rows: Row[];
  readonly rowOf: Map<string, number>;
  readonly bits: AttributeBits;
};

/**
 * An exact index in this process: every vector that passes the filter is compared, so nothing near is missed. Meant for some ten
 * thousand vectors.
 *
 * With a `path` it is kept in a file: a change is done when it is in the file, and changes that wait for the same writing share it. A
 * file that is torn, foreign, or of another model or size counts as none: the index is then empty, and whoever keeps it in step with the
 * images fills it again. What another process wrote is seen at the next question. One process writes at a time; the caller sees to that.
 */
export function exactVectorIndex(options: {
  readonly dimensions: number;
  /** What made the vectors: those of another model in the file are not used. */
  readonly model: string;
  readonly path?: string | undefined;
}): VectorIndex {
  const { dimensions, model, path } = options;
  /** Undefined until it is first needed, so that opening an index costs nothing. */
  let held: Vectors | undefined;
  let seenFile = '';
  let saving: { readonly begun: boolean; readonly done: Promise<void> } | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  /** One change or look at the file after the other. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work, work);
    turn = mine.catch(() => undefined);
    return mine;
  };
  const vectors = (): Vectors => {
    held ??= noVectors(dimensions);
    return held;
  };
  const look = async (): Promise<void> => {
    // While something is waiting to be written, the file is the older one.
    if (path === undefined || saving !== undefined) return;
    const now = await identityOf(path);
    if (now === seenFile) return;
    const file = await readVectorFile(path);
    // A change that came meanwhile is newer than what was read.
    if (saving !== undefined) return;
    held = file === undefined || file.model !== model || file.dimensions !== dimensions ? undefined : vectorsOf(file);
    seenFile = now;
  };
  const save = (): Promise<void> => {
    if (path === undefined) return Promise.resolve();
    if (saving !== undefined && !saving.begun) return saving.done;
    const before = saving?.done;
    const mine = { begun: false, done: Promise.resolve() };
    mine.done = (async () => {
      try {
        // When the writing before fails, what was changed on top of it fails too.
        await before;
        // What is changed until here, in the same turn of the event loop or while the one before was written, goes with it.
        await Promise.resolve();
        mine.begun = true;
        const { rows, products } = vectors();
        const items = rows.map(toFileItem);
        await writeVectorFile(path, { model, dimensions, items, values: products.values().slice(0, items.length * dimensions) });
        seenFile = await identityOf(path);
      } catch (error) {
        // What could not be kept was not done: the next question reads the file again.
        seenFile = 'unread';
        held = undefined;
        throw error;
      } finally {
        if (saving === mine) saving = undefined;
      }
    })();
    saving = mine;
    return mine.done;
  };

  return {
    upsert: async (items, deadline) => {
      deadline.signal.throwIfAborted();
      const scaled = items.map(({ id, attributes, vector }) => ({ id, attributes, vector: unitLength(vector, dimensions) }));
      await inTurn(look);
      put(vectors(), dimensions, scaled);
      if (items.length > 0) await save();
    },
    remove: async (ids, deadline) => {
      deadline.signal.throwIfAborted();
      await inTurn(look);
      const removed = ids.filter((id) => take(vectors(), dimensions, id));
      if (removed.length > 0) await save();
    },
    search: async (vector, { limit, filter }, deadline) => {
      deadline.signal.throwIfAborted();
      const question = unitLength(vector, dimensions);
      await inTurn(look);
      // Nothing is awaited from here on: what is asked is asked of rows that stay, and by one question at a time.
      const { products, rows, bits } = vectors();
      products.ask(question);
      const nearest = nearestRows(limit);
      const passing = filter === undefined ? undefined : bits.passing(filter, rows.length);
      const four = new Uint32Array(4);
      const scores = new Float64Array(4);
      let waiting = 0;
      const offerWaiting = () => {
        products.scoreFour(four, scores);
        for (let place = 0; place < waiting; place++) nearest.offer(four[place] as number, scores[place] as number);
        waiting = 0;
      };
      for (let row = 0; row < rows.length; row++) {
        if (passing !== undefined) {
          const word = passing[row >>> 5] ?? 0;
          if (word === 0) {
            row |= 31;
            continue;
          }
          if ((word & (1 << (row & 31))) === 0) continue;
        }
        four[waiting++] = row;
        if (waiting === 4) offerWaiting();
      }
      if (waiting > 0) offerWaiting();
      return nearest.ranked().map(({ row, score }) => ({ id: rows[row]?.id ?? '', score }));
    },
    vectors: async (ids, deadline) => {
      deadline.signal.throwIfAborted();
      await inTurn(look);
      const { products, rowOf } = vectors();
      return new Map(
        ids.flatMap((id) => {
          const row = rowOf.get(id);
          return row === undefined ? [] : [[id, products.values().slice(row * dimensions, (row + 1) * dimensions)] as const];
        }),
      );
    },
    count: async (deadline: Deadline) => {
      deadline.signal.throwIfAborted();
      await inTurn(look);
      return held?.rows.length ?? 0;
    },
  };
}

function noVectors(dimensions: number): Vectors {
  return { products: innerProducts(dimensions), rows: [], rowOf: new Map(), bits: attributeBits() };
}

function vectorsOf({ dimensions, items, writeValues }: ReadVectorFile): Vectors {
  const vectors = noVectors(dimensions);
  makeRoom(vectors.products, items.length);
  writeValues(vectors.products.values());
  for (const [row, { id, attributes }] of items.entries()) {
    vectors.rows.push({ id, attributes });
    vectors.rowOf.set(id, row);
    vectors.bits.add(row, attributes);
  }
  return vectors;
}

/** Adds the items or puts them in the place of those with the same id: all of them, or none when there is no room for them. */
function put({ products, rows, rowOf, bits }: Vectors, dimensions: number, items: readonly VectorItem[]): void {
  makeRoom(products, rows.length + items.length);
  const values = products.values();
  for (const { id, attributes, vector } of items) {
    const row = rowOf.get(id) ?? rows.length;
    const before = rows[row];
    if (before !== undefined) bits.drop(row, before.attributes);
    values.set(vector, row * dimensions);
    rows[row] = { id, attributes };
    rowOf.set(id, row);
    bits.add(row, attributes);
  }
}

/** ToolError 'internal' when this computer has no room for so many. */
function makeRoom(products: InnerProducts, rows: number): void {
  try {
    products.makeRoom(rows);
  } catch (cause) {
    throw new ToolError('internal', `There is no memory for ${rows} vectors in this process.`, {
      remedy: 'Free memory, or configure Pinecone, which keeps vectors elsewhere.',
      cause,
    });
  }
}

/** Whether it was there. */
function take(vectors: Vectors, dimensions: number, id: string): boolean {
  const row = vectors.rowOf.get(id);
  const removed = row === undefined ? undefined : vectors.rows[row];
  const last = vectors.rows.at(-1);
  if (row === undefined || removed === undefined || last === undefined) return false;
  const lastRow = vectors.rows.length - 1;
  vectors.bits.drop(row, removed.attributes);
  vectors.rowOf.delete(id);
  vectors.rows.pop();
  if (row !== lastRow) {
    vectors.bits.drop(lastRow, last.attributes);
    vectors.bits.add(row, last.attributes);
    vectors.products.values().copyWithin(row * dimensions, lastRow * dimensions, (lastRow + 1) * dimensions);
    vectors.rows[row] = last;
    vectors.rowOf.set(last.id, row);
  }
  return true;
}

/** The vector scaled to unit length. ToolError 'internal' when it has another size, no direction, or is not made of numbers. */
function unitLength(vector: Float32Array, dimensions: number): Float32Array {
  if (vector.length !== dimensions) {
    throw new ToolError('internal', `A vector of ${vector.length} numbers does not fit an index of ${dimensions}.`, {
      remedy: 'The embedding model and the index must have the same dimensions; run the indexing again after the model was changed.',
    });
  }
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  if (!(length > 0) || !Number.isFinite(length))
    throw new ToolError('internal', 'A vector has no direction: its numbers are all zero, or no numbers.');
  return vector.map((value) => value / length);
}

function toFileItem({ id, attributes }: Row): VectorFile['items'][number] {
  const { category, hashtags, campaignIds, clientIds, format, approved } = attributes;
  return {
    id,
    attributes: { category, hashtags: [...hashtags], campaignIds: [...campaignIds], clientIds: [...clientIds], format, approved },
  };
}

/** What changes when a file is replaced; empty when there is none. */
async function identityOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
