// npm run plans: compares the plans of the important questions on the full data set and writes documentation/query_plans.md. About a minute.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fillSources } from '../../database/generator/fill_sources.ts';
import { packageRoot } from '../../shared/config/package_root.ts';
import { createEtlDatabases, loadHub, query } from '../support/etl_databases.ts';
import { startScratchPostgres } from '../support/scratch_postgres.ts';
import { compareAll } from './compare_all.ts';
import { planTable } from './plan_table.ts';

const SEED = 2025;
const REFERENCE_DATE = '2026-11-21';

const server = await startScratchPostgres({ shared_buffers: '1GB', work_mem: '32MB', random_page_cost: '1.1', autovacuum: 'off' });
try {
  const { urls, hubOwner } = await createEtlDatabases(server, { constraints: false });
  console.error('filling the sources');
  await fillSources(urls, { seed: SEED, referenceDate: REFERENCE_DATE, scale: 'full', onProgress: () => {} });
  console.error('loading the hub');
  await loadHub(urls);
  await query(hubOwner, 'VACUUM (ANALYZE)');
  await query(urls.crm, 'VACUUM (ANALYZE)');
  console.error('comparing');
  const compared = await compareAll({ hub: hubOwner, crm: urls.crm, changed: 5_000 });
  const [counts] = await query(
    hubOwner,
    `SELECT (SELECT count(*) FROM crm.customers) AS customers, (SELECT count(*) FROM crm.orders) AS orders, (SELECT count(*) FROM ads.touches) AS touches,
            (SELECT count(*) FROM ads.daily_metrics) AS metrics, (SELECT count(*) FROM crm.leads) AS leads, split_part(version(), ' ', 2) AS version`,
  );
  const count = (name: string): string => Number(counts?.[name]).toLocaleString('en');
  const text = `# Plans of the important queries, without their indexes and with them

Written by \`npm run plans\`, which fills the three sources at full scale (seed ${SEED}, ${REFERENCE_DATE}), loads the hub through the ETL, and explains the
statements that the tools send, taken from the repos as they send them: ${count('customers')} customers, ${count('orders')} orders, ${count('leads')} leads,
${count('touches')} touches, ${count('metrics')} rows of daily figures; PostgreSQL ${counts?.version}.

A page is 8 KiB, from memory or disk; several statements of a question are added up. "Without" is in a transaction that drops the indexes and is rolled back.
One process, warm memory, no just-in-time compilation. Milliseconds are for information: pages and the way tables are read are what
tests/performance_tests asserts, on a tenth of the data. Each question has a script that captures the same on SQL Server
(SET STATISTICS XML and IO; "without" by a table hint, so nothing is dropped there).

${planTable(compared)}
`;
  await writeFile(join(packageRoot(), 'documentation', 'query_plans.md'), text);
  console.log(text);
  const useless = compared.filter(({ before, after }) => before.buffers <= after.buffers).map(({ name }) => name);
  if (useless.length > 0) {
    console.error(`no page is saved in ${useless.join(', ')}`);
    process.exitCode = 1;
  }
} finally {
  await server.stop();
}
