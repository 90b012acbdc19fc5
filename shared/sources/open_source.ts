import { UnreadableAddress } from '../db/sql_server_address.ts';
import { openedOnce } from '../domain/opened_once.ts';
import { ToolError } from '../domain/tool_error.ts';

/** A source that servers write to. */
export type WrittenSource<Store> = {
  /** 'PromptContent': how people call it. */
  readonly subject: string;
  /** The variable its address is read from. */
  readonly setting: string;
  /** The other kind of database it may live in, the schemes of its addresses, and what opens it there. */
  readonly other: { readonly name: string; readonly schemes: readonly string[]; readonly open: (address: string) => Promise<Store> };
  /** Opens it at an address of PostgreSQL. */
  readonly openPostgres: (address: string) => Promise<Store>;
};

/**
 * The source at that address, opened by who first needs it and then shared; a failed opening is tried again by the next. Throws ToolError
 * 'unavailable' where no address is set, or one of a kind of database that no adapter writes to; no part of the address is told.
 */
export function openSource<Store>(source: WrittenSource<Store>, url: string | undefined): () => Promise<Store> {
  return openedOnce(async () => {
    const { subject, setting, other } = source;
    if (url === undefined) {
      throw new ToolError('unavailable', `This server has no way into ${subject}.`, {
        remedy: `An administrator sets ${setting}, or lets the embedded stack run, which sets it.`,
      });
    }
    const kind = /^([a-z][a-z0-9+]*):/i.exec(url)?.[1]?.toLowerCase() ?? '';
    if (kind === 'postgres' || kind === 'postgresql') return source.openPostgres(url);
    if (other.schemes.includes(kind)) return opened(source, url);
    throw new ToolError('unavailable', `The address of ${subject} is of neither PostgreSQL nor ${other.name}.`, {
      remedy: addressRemedy(source),
    });
  });
}

async function opened<Store>(source: WrittenSource<Store>, url: string): Promise<Store> {
  try {
    return await source.other.open(url);
  } catch (cause) {
    if (!(cause instanceof UnreadableAddress)) throw cause;
    throw new ToolError('unavailable', `The address of ${source.subject} cannot be read: ${cause.message}.`, {
      remedy: addressRemedy(source),
      cause,
    });
  }
}

function addressRemedy<Store>({ setting, other }: WrittenSource<Store>): string {
  return `An administrator sets ${setting} to an address that begins with postgres:// or ${other.schemes[0]}://.`;
}
