import { type EtlUrls, openConnections } from '../../etl/connections.ts';
import { runOnce } from '../../etl/run.ts';

/** Brings what is new in the sources to the hub, roll-ups included. Throws with what failed. */
export async function loadOnce(urls: EtlUrls): Promise<void> {
  const connections = await openConnections(urls);
  try {
    const round = await runOnce({ connections, timeZone: 'America/Costa_Rica' });
    if (round.failed > 0) throw new Error(round.runs.map(({ table, error }) => `${table}: ${error ?? 'done'}`).join('\n'));
  } finally {
    await connections.close();
  }
}
