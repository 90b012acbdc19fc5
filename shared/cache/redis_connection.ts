import { connectDriver, openRedisDriver, type RedisDriver } from './redis_driver.ts';

/** What a Redis reply was: a value, or the reason there is none. */
export type RedisReply = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

/** A script that Redis runs as one step. It may touch only the one key it is given: KEYS[1]. */
export type RedisScript = { readonly name: string; readonly lua: string };

/** A command, or a script (its one key first), and its arguments. A command's name with 'Buffer' behind it ('hmgetBuffer') replies in bytes. */
export type RedisCommand = readonly [command: string | RedisScript, ...parameters: readonly (string | number | Buffer)[]];

/** Redis as the call path uses it: at most one round trip, and never a wait for a server that is not there. */
export interface RedisConnection {
  /**
   * Sends commands in one round trip; in a Cluster, to all nodes concerned at once. A command that Redis refuses is `{ ok: false }`;
   * undefined when Redis cannot answer in time, and then some may have been carried out. Never throws.
   */
  pipeline(commands: readonly RedisCommand[]): Promise<readonly RedisReply[] | undefined>;
  readonly isUp: boolean;
  close(): Promise<void>;
}

/** A cache that is slower than this is no cache, in milliseconds. */
const COMMAND_TIMEOUT_MS = 250;
/** After an answer that did not come in time nothing is asked for so long, then one question tries, in milliseconds. */
const PAUSE_MS = 1_000;
/** The first call should find the cache when it is there, and should not wait long when it is not, in milliseconds. */
const FIRST_CONNECT_MS = 300;

type Outcome =
  | { readonly kind: 'answered'; readonly replies: readonly RedisReply[] }
  | { readonly kind: 'lost' }
  | { readonly kind: 'late' };

/**
 * Connects in the background and keeps reconnecting, to every form of URL that parseRedisAddress reads. While Redis is away or too slow
 * every pipeline returns undefined at once, so that a call never waits for it; `onFailure` hears of each. Throws SettingsError for a URL
 * or a certificate that cannot be read.
 */
export async function connectRedis(url: string, onFailure: () => void = () => undefined): Promise<RedisConnection> {
  const driver = await openRedisDriver(url);
  const ask = asking(driver);
  // After an answer that was late: when the next question may be asked, and whether it is under way.
  let pausedUntil: number | undefined;
  let trying = false;
  const mayAsk = (): boolean =>
    driver.client.status === 'ready' && (pausedUntil === undefined || (!trying && performance.now() >= pausedUntil));
  driver.client.on('ready', () => {
    pausedUntil = undefined;
  });
  await Promise.race([
    connectDriver(driver).catch(() => undefined),
    new Promise((resolve) => setTimeout(resolve, FIRST_CONNECT_MS).unref()),
  ]);

  return {
    get isUp() {
      return mayAsk();
    },
    async pipeline(commands) {
      if (commands.length === 0) return [];
      if (!mayAsk()) {
        onFailure();
        return undefined;
      }
      const isTrial = pausedUntil !== undefined;
      if (isTrial) trying = true;
      const outcome = await inTime(ask(commands));
      if (isTrial) trying = false;
      switch (outcome.kind) {
        case 'answered':
          pausedUntil = undefined;
          return outcome.replies;
        case 'late':
          // Whoever asked now would wait behind it, and what Redis owes would pile up.
          pausedUntil = performance.now() + PAUSE_MS;
          onFailure();
          return undefined;
        case 'lost':
          onFailure();
          return undefined;
      }
    },
    async close() {
      driver.client.disconnect();
    },
  };
}

/** How commands are sent to this kind of Redis, all of them before any reply is waited for. Never rejects. */
function asking({ kind, client }: RedisDriver): (commands: readonly RedisCommand[]) => Promise<Outcome> {
  const names = new Map<string, string>();
  /** The driver's name for a script: made known at its first use; the driver sends the text only where a server lacks it. */
  const nameOf = ({ lua }: RedisScript): string => {
    const known = names.get(lua);
    if (known !== undefined) return known;
    const name = `script_${names.size}`;
    client.defineCommand(name, { numberOfKeys: 1, lua });
    names.set(lua, name);
    return name;
  };
  /** Every command goes through `call`, which knows its keys and its reply, and commands newer than the driver too. */
  const spell = ([command, ...parameters]: RedisCommand): [string, ...(string | number | Buffer)[]] => {
    if (typeof command !== 'string') return [nameOf(command), ...parameters];
    return command.endsWith('Buffer')
      ? ['callBuffer', command.slice(0, -'Buffer'.length), ...parameters]
      : ['call', command, ...parameters];
  };
  const send =
    kind === 'server'
      ? async (commands: readonly RedisCommand[]) => (await client.pipeline(commands.map(spell)).exec()) ?? []
      : (commands: readonly RedisCommand[]) =>
          Promise.all(
            commands.map(spell).map(async ([method, ...parameters]): Promise<[Error | null, unknown]> => {
              try {
                // Commands of a pipeline may lie on any node, so each is sent for itself; the ones for a node leave in order.
                return [null, await (Reflect.get(client, method) as (...all: unknown[]) => Promise<unknown>).apply(client, parameters)];
              } catch (error) {
                return [error instanceof Error ? error : new Error(String(error)), undefined];
              }
            }),
          );
  return async (commands) => {
    try {
      const replies = await send(commands);
      if (replies.some(([error]) => error !== null && !isRefusal(error))) return { kind: 'lost' };
      return { kind: 'answered', replies: replies.map(([error, value]) => (error === null ? { ok: true, value } : { ok: false })) };
    } catch {
      return { kind: 'lost' };
    }
  };
}

/** Replies of a server that cannot serve now, or not from there; whatever else it replies is about the command. */
const UNABLE = /^(LOADING|CLUSTERDOWN|MASTERDOWN|READONLY|TRYAGAIN|MOVED|ASK|BUSY|NOAUTH|Too many Cluster redirections)\b|-READONLY/;

function isRefusal(error: Error): boolean {
  return error.name === 'ReplyError' && !UNABLE.test(error.message);
}

/** The outcome, or 'late'. A reply that lies in the socket while this process was busy counts as in time: it is read before the verdict. */
function inTime(asked: Promise<Outcome>): Promise<Outcome> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => setImmediate(() => resolve({ kind: 'late' })), COMMAND_TIMEOUT_MS);
    void asked.then((outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    });
  });
}
