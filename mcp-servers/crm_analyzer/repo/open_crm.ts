import type { CrmStore } from '../../../shared/sources/crm_store.ts';
import { openSource } from '../../../shared/sources/open_source.ts';

/** PromptCRM as crm_analyzer moves leads in it; opened at first use, errors as of openSource(). */
export function openCrm(url: string | undefined): () => Promise<CrmStore> {
  return openSource(
    {
      subject: 'PromptCRM',
      setting: 'CRM_WRITER_DATABASE_URL',
      other: {
        name: 'SQL Server',
        schemes: ['mssql', 'sqlserver'],
        open: async (address) => (await import('../../../shared/sources/sql_server_crm_store.ts')).openSqlServerCrmStore(address),
      },
      openPostgres: async (address) => (await import('../../../shared/sources/postgres_crm_store.ts')).openPostgresCrmStore(address),
    },
    url,
  );
}
