import type { InnerProducts } from './inner_products.ts';

/** How many numbers a step of the loop takes from each row: two registers of four. */
const NUMBERS_PER_STEP = 8;

const PAGE_BYTES = 65_536;
/** All that 32-bit addresses reach: 4 GiB, 699,000 vectors of 1536 numbers. */
const MOST_PAGES = 65_536;

/** Where the four scores and the question are; the rows come after them. */
const SCORES_AT = 0;
const QUESTION_AT = 64;

let compiled: WebAssembly.Module | undefined;

/**
 * Inner products by the processor's vector instructions, through WebAssembly: the rows are in a memory of its own. Undefined where the
 * engine has no such instructions or gives no memory, and when the size is no multiple of 8. Sums are made in 32 bits in eight parts: for
 * unit vectors they are within 1e-6 of the exact ones, and equal rows have equal sums wherever they are.
 */
export function simdInnerProducts(size: number): InnerProducts | undefined {
  if (size % NUMBERS_PER_STEP !== 0) return undefined;
  const rowsAt = QUESTION_AT + 4 * size;
  let memory: WebAssembly.Memory;
  let score: ScoreFour;
  try {
    compiled ??= new WebAssembly.Module(scoreFourModule());
    memory = new WebAssembly.Memory({ initial: Math.ceil(rowsAt / PAGE_BYTES), maximum: MOST_PAGES });
    score = new WebAssembly.Instance(compiled, { vectors: { memory } }).exports.scoreFour as ScoreFour;
  } catch {
    // No vector instructions, no WebAssembly, or no address space left for it: there is a loop that needs none of them.
    return undefined;
  }
  let values = new Float32Array(memory.buffer, rowsAt);
  let scored = new Float64Array(memory.buffer, SCORES_AT, 4);
  const addressOf = (row = 0): number => rowsAt + 4 * size * row;
  return {
    values: () => values,
    makeRoom: (rows) => {
      const pages = memory.buffer.byteLength / PAGE_BYTES;
      const needed = Math.ceil(addressOf(rows) / PAGE_BYTES);
      if (needed <= pages) return;
      // A quarter more than there was, because each growth makes new views; pages that were never written take no memory.
      memory.grow(Math.max(needed, Math.min(MOST_PAGES, Math.ceil(1.25 * pages))) - pages);
      values = new Float32Array(memory.buffer, rowsAt);
      scored = new Float64Array(memory.buffer, SCORES_AT, 4);
    },
    ask: (question) => new Float32Array(memory.buffer, QUESTION_AT, size).set(question),
    scoreFour: (rows, scores) => {
      score(addressOf(rows[0]), addressOf(rows[1]), addressOf(rows[2]), addressOf(rows[3]), QUESTION_AT, rowsAt, SCORES_AT);
      scores.set(scored);
    },
  };
}

type ScoreFour = (first: number, second: number, third: number, fourth: number, question: number, end: number, scores: number) => void;

/** The bytes of the instructions used, as the WebAssembly 2.0 specification numbers them (§5.4); 0xfd begins those on vectors. */
const LOOP = [0x03, 0x40];
const BRANCH_IF = 0x0d;
const END = 0x0b;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const I32_CONST = 0x41;
const I32_LESS_UNSIGNED = 0x49;
const I32_ADD = 0x6a;
const F64_STORE = 0x39;
const F64_ADD = 0xa0;
const F64_PROMOTE_F32 = 0xbb;
const V128_LOAD = [0xfd, 0x00];
const F32X4_EXTRACT_LANE = [0xfd, 0x1f];
const F32X4_ADD = [0xfd, 0xe4, 0x01];
const F32X4_MUL = [0xfd, 0xe6, 0x01];
const TYPE_I32 = 0x7f;
const TYPE_V128 = 0x7b;

/**
 * The module that compares, assembled here so that what runs can be read. In WebAssembly's text format, said once for the four rows:
 *
 *     (import "vectors" "memory" (memory 1 65536))
 *     (func (export "scoreFour") (param $first $second $third $fourth $question $end $scores i32)
 *       (local $asked $a0 $a1 $b0 $b1 $c0 $c1 $d0 $d1 v128)
 *       (loop
 *         (local.set $asked (v128.load (local.get $question)))
 *         (local.set $a0 (f32x4.add (local.get $a0) (f32x4.mul (v128.load (local.get $first)) (local.get $asked))))       ;; and b0, c0, d0
 *         (local.set $asked (v128.load offset=16 (local.get $question)))
 *         (local.set $a1 (f32x4.add (local.get $a1) (f32x4.mul (v128.load offset=16 (local.get $first)) (local.get $asked))))      ;; …
 *         (local.set $first (i32.add (local.get $first) (i32.const 32)))                                  ;; and the other three
 *         (br_if 0 (i32.lt_u (local.tee $question (i32.add (local.get $question) (i32.const 32))) (local.get $end))))
 *       (local.set $a0 (f32x4.add (local.get $a0) (local.get $a1)))
 *       (f64.store (local.get $scores) (the four lanes of $a0, each promoted to f64, added from the first on)))           ;; and b, c, d
 */
function scoreFourModule(): Uint8Array<ArrayBuffer> {
  const rows = [0, 1, 2, 3];
  const [question, end, scores, asked] = [4, 5, 6, 7];
  const sum = (row: number, part: number): number => 8 + 2 * row + part;
  const alignment = 2;

  const multiplied = [0, 1].flatMap((part) => [
    ...[LOCAL_GET, question, ...V128_LOAD, alignment, 16 * part, LOCAL_SET, asked],
    ...rows.flatMap((row) => [
      ...[LOCAL_GET, sum(row, part), LOCAL_GET, row, ...V128_LOAD, alignment, 16 * part, LOCAL_GET, asked],
      ...[...F32X4_MUL, ...F32X4_ADD, LOCAL_SET, sum(row, part)],
    ]),
  ]);
  const moved = rows.flatMap((row) => [LOCAL_GET, row, I32_CONST, 32, I32_ADD, LOCAL_SET, row]);
  const again = [LOCAL_GET, question, I32_CONST, 32, I32_ADD, LOCAL_TEE, question, LOCAL_GET, end, I32_LESS_UNSIGNED, BRANCH_IF, 0];
  const stored = rows.flatMap((row) => [
    ...[LOCAL_GET, scores],
    ...[LOCAL_GET, sum(row, 0), LOCAL_GET, sum(row, 1), ...F32X4_ADD, LOCAL_SET, sum(row, 0)],
    ...[0, 1, 2, 3].flatMap((lane) => [
      ...[LOCAL_GET, sum(row, 0), ...F32X4_EXTRACT_LANE, lane, F64_PROMOTE_F32],
      ...(lane === 0 ? [] : [F64_ADD]),
    ]),
    ...[F64_STORE, alignment, 8 * row],
  ]);
  const locals = [1, 9, TYPE_V128];
  const body = [...locals, ...LOOP, ...multiplied, ...moved, ...again, END, ...stored, END];

  return Uint8Array.from([
    ...[...letters('\0asm'), 1, 0, 0, 0],
    ...section(1, [1, 0x60, ...counted(Array.from({ length: 7 }, () => TYPE_I32)), 0]),
    ...section(2, [1, ...counted(letters('vectors')), ...counted(letters('memory')), 0x02, 0x01, 1, ...unsigned(MOST_PAGES)]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...counted(letters('scoreFour')), 0x00, 0]),
    ...section(10, [1, ...counted(body)]),
  ]);
}

function letters(text: string): readonly number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

function section(id: number, content: readonly number[]): readonly number[] {
  return [id, ...counted(content)];
}

/** Bytes after their number. */
function counted(bytes: readonly number[]): readonly number[] {
  return [...unsigned(bytes.length), ...bytes];
}

/** LEB128: seven bits a byte, the least first, the eighth set on all but the last. */
function unsigned(value: number): readonly number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...unsigned(Math.floor(value / 128))];
}
