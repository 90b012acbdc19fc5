// A process of its own that runs one round, so that a test can kill it in the middle.
import { openConnections } from '../../etl/connections.ts';
import { runOnce } from '../../etl/run.ts';

const connections = await openConnections(JSON.parse(process.env.ETL_URLS ?? '{}'));
process.send?.('begins');
const report = await runOnce({ connections, timeZone: 'America/Costa_Rica' });
await connections.close();
process.exitCode = report.failed;
process.disconnect?.();
