import { openedOnce } from '../../../shared/domain/opened_once.ts';
import { ToolError } from '../../../shared/domain/tool_error.ts';
import type { ContentStore } from '../../../shared/sources/content_store.ts';

/**
 * PromptContent, opened by who first needs it and then shared; a failed opening is tried again by the next. Throws ToolError 'unavailable'
 * where no address is set, or one of a kind of database that no adapter writes to yet.
 */
export function openContent(url: string | undefined): () => Promise<ContentStore> {
  return openedOnce(async () => {
    const address = requirePostgres(url);
    return (await import('../../../shared/sources/postgres_content_store.ts')).openPostgresContentStore(address);
  });
}

function requirePostgres(url: string | undefined): string {
  if (url === undefined) {
    throw new ToolError('unavailable', 'This server has no way into PromptContent.', {
      remedy: 'An administrator sets CONTENT_WRITER_DATABASE_URL, or lets the embedded stack run, which sets it.',
    });
  }
  const kind = /^([a-z][a-z0-9+]*):/i.exec(url)?.[1]?.toLowerCase();
  if (kind === 'postgres' || kind === 'postgresql') return url;
  const found = kind?.startsWith('mongodb') === true ? 'MongoDB, and the adapter for MongoDB is not there yet' : 'no PostgreSQL database';
  throw new ToolError('unavailable', `The address of PromptContent is of ${found}.`, {
    remedy: 'An administrator sets CONTENT_WRITER_DATABASE_URL to an address that begins with postgres://.',
  });
}
