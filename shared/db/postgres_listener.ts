/** A connection that hears NOTIFY. */
export type PostgresListener = {
  /** True while notifications arrive: what was heard last is then the present state. */
  readonly isListening: () => boolean;
  readonly close: () => Promise<void>;
};

export type ListenerOptions = {
  readonly applicationName: string;
  readonly channel: string;
  readonly onNotification: () => void;
  /** Listening has begun, for the first time or again: what was notified meanwhile is lost, so the state is to be read. */
  readonly onListening: () => void;
};

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** Listens on a channel with one connection of its own, and comes back whenever that is lost. Starts in the background; never throws. */
export function listenToPostgres(url: string, options: ListenerOptions): PostgresListener {
  let closed = false;
  let listening = false;
  let pauseMs = FIRST_PAUSE_MS;
  let endCurrent: () => Promise<void> = async () => undefined;
  let waiting: NodeJS.Timeout | undefined;

  const again = () => {
    listening = false;
    if (closed || waiting !== undefined) return;
    waiting = setTimeout(() => {
      waiting = undefined;
      void connect();
    }, pauseMs).unref();
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  };

  const connect = async () => {
    const { default: pg } = await import('pg');
    const client = new pg.Client({
      connectionString: url,
      application_name: options.applicationName,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    endCurrent = () => client.end();
    client.on('error', () => undefined);
    client.on('end', again);
    client.on('notification', options.onNotification);
    try {
      await client.connect();
      await client.query(`LISTEN ${client.escapeIdentifier(options.channel)}`);
    } catch {
      void client.end().catch(() => undefined);
      return again();
    }
    if (closed) return client.end();
    pauseMs = FIRST_PAUSE_MS;
    listening = true;
    options.onListening();
  };

  void connect();
  return {
    isListening: () => listening,
    close: async () => {
      closed = true;
      clearTimeout(waiting);
      await endCurrent().catch(() => undefined);
    },
  };
}
