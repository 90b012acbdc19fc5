import { z } from 'zod';
import { clientConfigKey } from './keys.ts';
import { DEFAULT_LIMITS, type Limits } from './rate_limits.ts';
import type { RedisConnection } from './redis_connection.ts';

/** What a client may do (S6). */
export type ClientPermissions = {
  readonly active: boolean;
  /** Names of tools, or 'all'. */
  readonly tools: ReadonlySet<string> | 'all';
  readonly limits: Limits;
};

/** What the hub says of a client; undefined for one it does not know. */
export type KnownPermissions = {
  readonly active: boolean;
  readonly tools: readonly string[] | 'all';
  readonly callsPerMinute: number;
  readonly toolCallsPerHour: number;
};

/** Where permissions come from when Redis has none. Rejects when the hub cannot be asked. */
export type PermissionSource = (client: string) => Promise<KnownPermissions | undefined>;

/** A host that nobody made an entry for: the defaults. */
const DEFAULT_PERMISSIONS: ClientPermissions = { active: true, tools: 'all', limits: DEFAULT_LIMITS };

const Stored = z.object({
  tools_acceso: z.string().transform((text, context) => {
    try {
      return z.array(z.string()).parse(JSON.parse(text));
    } catch {
      context.addIssue({ code: 'custom', message: 'not a JSON list of names' });
      return z.NEVER;
    }
  }),
  rate_limit: z.coerce.number().int().min(0),
  max_requests_hora: z.coerce.number().int().min(0),
  estado: z.enum(['activo', 'suspendido']),
});

/** A change of a client's permissions is seen by every process within this time, in milliseconds. */
const KNOWN_FOR_MS = 10_000;
/** Beyond so many clients the one unused for longest is forgotten. */
const MOST_CLIENTS = 10_000;

type Entry = { readonly permissions: ClientPermissions; readonly since: number };

/**
 * Each client's permissions: from config:client:{client_name}, else from the hub, which then go to Redis for the other processes. Where neither
 * can be asked, what was known last holds, or the defaults.
 */
export class ClientLimits {
  readonly #entries = new Map<string, Entry>();
  readonly #loading = new Map<string, Promise<ClientPermissions>>();
  readonly #redis: RedisConnection | undefined;
  readonly #source: PermissionSource;
  readonly #now: () => number;

  constructor(options: {
    readonly redis: RedisConnection | undefined;
    readonly source: PermissionSource;
    readonly now?: (() => number) | undefined;
  }) {
    this.#redis = options.redis;
    this.#source = options.source;
    this.#now = options.now ?? performance.now.bind(performance);
  }

  /** What is known without asking; asks anew behind the call's back when that is not of now. Undefined for a client never seen. */
  known(client: string): ClientPermissions | undefined {
    const entry = this.#entries.get(client);
    if (entry !== undefined && this.#now() - entry.since > KNOWN_FOR_MS) void this.#load(client);
    return entry?.permissions;
  }

  /** The client's permissions, asked for when nothing is known. Never rejects. */
  async of(client: string): Promise<ClientPermissions> {
    return this.known(client) ?? this.#load(client);
  }

  #load(client: string): Promise<ClientPermissions> {
    const loading = this.#loading.get(client);
    if (loading !== undefined) return loading;
    const started = this.#read(client).then((permissions) => {
      this.#loading.delete(client);
      this.#entries.delete(client);
      this.#entries.set(client, { permissions, since: this.#now() });
      for (const oldest of this.#entries.keys()) {
        if (this.#entries.size <= MOST_CLIENTS) break;
        this.#entries.delete(oldest);
      }
      return permissions;
    });
    this.#loading.set(client, started);
    return started;
  }

  async #read(client: string): Promise<ClientPermissions> {
    const before = this.#entries.get(client)?.permissions ?? DEFAULT_PERMISSIONS;
    const key = clientConfigKey.of({ client_name: client });
    const reply = (await this.#redis?.pipeline([['hgetall', key]]))?.[0];
    const stored = Stored.safeParse(reply?.ok === true ? reply.value : undefined);
    if (stored.success) {
      const { tools_acceso: tools, rate_limit, max_requests_hora, estado } = stored.data;
      return permissionsOf({
        active: estado === 'activo',
        tools: tools.includes('*') ? 'all' : tools,
        callsPerMinute: rate_limit,
        toolCallsPerHour: max_requests_hora,
      });
    }
    try {
      const known = await this.#source(client);
      // Where Redis could not be asked, what it said before is still the best that is known.
      if (known === undefined) return reply === undefined ? before : DEFAULT_PERMISSIONS;
      void this.#redis?.pipeline([
        [
          'hset',
          key,
          ...['tools_acceso', JSON.stringify(known.tools === 'all' ? ['*'] : known.tools)],
          ...['rate_limit', known.callsPerMinute],
          ...['max_requests_hora', known.toolCallsPerHour],
          ...['estado', known.active ? 'activo' : 'suspendido'],
        ],
        ['expire', key, clientConfigKey.seconds],
      ]);
      return permissionsOf(known);
    } catch {
      return before;
    }
  }
}

function permissionsOf({ active, tools, callsPerMinute, toolCallsPerHour }: KnownPermissions): ClientPermissions {
  return { active, tools: tools === 'all' ? 'all' : new Set(tools), limits: { callsPerMinute, toolCallsPerHour } };
}
