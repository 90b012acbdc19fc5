import { z } from 'zod';
import { providerConfigKey } from '../cache/keys.ts';
import type { RedisConnection } from '../cache/redis_connection.ts';
import { replaceHash } from '../cache/replace_value.ts';
import { jsonText } from '../domain/json_text.ts';

/** How an outside service may be called. */
export type ProviderConfig = {
  readonly status: 'active' | 'disabled';
  /** Calls a minute, of all processes together. */
  readonly callsPerMinute: number;
  /** Which of its endpoints are in use; for whoever reads the setting. */
  readonly endpoints: readonly string[];
  readonly lastUpdated: Date | undefined;
};

/** Where nothing is set. Below the smallest paid limit of the services we know. */
const USUAL_PROVIDER: ProviderConfig = { status: 'active', callsPerMinute: 300, endpoints: [], lastUpdated: undefined };

const Stored = z.object({
  status: z.enum(['active', 'disabled']).catch(USUAL_PROVIDER.status),
  rate_limit: z.coerce.number().int().positive().catch(USUAL_PROVIDER.callsPerMinute),
  endpoints: jsonText(z.array(z.string())).catch([]),
  last_updated: z.coerce.date().optional().catch(undefined),
});

/** Reads a stored setting (the reply of HGETALL); what is absent or cannot be read is as usual. */
export function readProviderConfig(reply: unknown): ProviderConfig {
  const { status, rate_limit, endpoints, last_updated } = Stored.parse(typeof reply === 'object' && reply !== null ? reply : {});
  return { status, callsPerMinute: rate_limit, endpoints, lastUpdated: last_updated };
}

/**
 * Sets how a service may be called, for all processes, for an hour (the life of the key): then it is as usual again unless it was set
 * anew. False when Redis did not take it.
 */
export async function writeProviderConfig(
  redis: RedisConnection | undefined,
  provider: string,
  config: Omit<ProviderConfig, 'lastUpdated'>,
  now: () => Date = () => new Date(),
): Promise<boolean> {
  const fields = {
    status: config.status,
    rate_limit: config.callsPerMinute,
    endpoints: JSON.stringify(config.endpoints),
    last_updated: now().toISOString(),
  };
  const [reply] = (await redis?.pipeline([replaceHash(providerConfigKey.of({ provider }), fields, providerConfigKey.seconds)])) ?? [];
  return reply?.ok === true;
}
