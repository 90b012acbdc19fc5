import { it } from 'vitest';
import { fillSources } from '../../database/generator/fill_sources.ts';
import { DOCUMENT_CHECKS, prepareSource } from '../../database/postgresql/prepare_source.ts';
import { startScratchPostgres } from '../support/scratch_postgres.ts';
import pg from 'pg';
it('m', async () => {
  const server = await startScratchPostgres();
  for (const d of ['a','b','c']) await server.createDatabase(d);
  const urls = { ads: server.url('a'), crm: server.url('b'), content: server.url('c') };
  const r = await fillSources(urls, { seed: 1, referenceDate: '2026-11-21', scale: 'full', onProgress: () => {} });
  console.log('fill', r.milliseconds.total, 'keys content', r.milliseconds['keys of PromptContent']);
  for (let i = 0; i < 4; i++) { const t = performance.now(); await prepareSource(urls.content, DOCUMENT_CHECKS); console.log('checks', performance.now() - t); }
  const c = new pg.Client({connectionString: urls.content}); await c.connect();
  for (const n of ['imagenes','campanas','clientes','servicios_terceros','mcp_servers']) { const t = performance.now(); await c.query(`ALTER TABLE content.${n} VALIDATE CONSTRAINT ${n}_document`); console.log(n, performance.now() - t); }
  await c.end();
  await server.stop();
}, 200_000);
