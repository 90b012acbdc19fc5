import type { ContentStore } from '../../../shared/sources/content_store.ts';
import { openSource } from '../../../shared/sources/open_source.ts';

/** PromptContent as content_generator reads and writes it; opened at first use, errors as of openSource(). */
export function openContent(url: string | undefined): () => Promise<ContentStore> {
  return openSource(
    {
      subject: 'PromptContent',
      setting: 'CONTENT_WRITER_DATABASE_URL',
      other: {
        name: 'MongoDB',
        schemes: ['mongodb', 'mongodb+srv'],
        open: async (address) => (await import('../../../shared/sources/mongo_content_store.ts')).openMongoContentStore(address),
      },
      openPostgres: async (address) =>
        (await import('../../../shared/sources/postgres_content_store.ts')).openPostgresContentStore(address),
    },
    url,
  );
}
