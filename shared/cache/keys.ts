/** Redis keys of PromptSales, with their lives in seconds. A key is written nowhere else as text. */

/** A tool's cached result. Hash: result, timestamp, tokens_used, cost_usd, segmento. */
export const toolResultKey = {
  of: (server: string, tool: string, parametersHash: string) => `mcp:tool:${server}:${tool}:${parametersHash}`,
  seconds: 1_800,
} as const;

/** A server's own figures. Hash: status, last_health_check, requests_last_min, avg_response_time, errors_last_hour. */
export const serverStatusKey = {
  of: (server: string) => `mcp:server:status:${server}`,
  seconds: 300,
} as const;

/** Calls of a client to a service in a minute (UTC). Counter. */
export const minuteLimitKey = {
  of: (client: string, service: string, at: Date) => `ratelimit:${client}:${service}:minute:${stamp(at, 16)}`,
  seconds: 120,
} as const;

/** Calls of a client to a tool in an hour (UTC). Counter. */
export const hourLimitKey = {
  of: (tool: string, client: string, at: Date) => `ratelimit:mcp:${tool}:${client}:hour:${stamp(at, 13)}`,
  seconds: 7_200,
} as const;

let lastStamp = { minute: Number.NaN, text: '' };

/** '2026-11-21-04-47' from an instant; `length` 13 ends it after the hour, 16 after the minute. Each call needs two, so a minute's is kept. */
function stamp(at: Date, length: 13 | 16): string {
  const minute = Math.floor(at.getTime() / 60_000);
  if (minute !== lastStamp.minute) lastStamp = { minute, text: at.toISOString().slice(0, 16).replaceAll(/[T:]/g, '-') };
  return length === 16 ? lastStamp.text : lastStamp.text.slice(0, length);
}
