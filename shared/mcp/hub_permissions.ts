import type { KnownPermissions, PermissionSource } from '../cache/client_limits.ts';
import { DEFAULT_LIMITS } from '../cache/rate_limits.ts';
import type { SqlDatabase, Statement } from '../db/sql_database.ts';
import { deadlineIn } from '../domain/deadline.ts';

const PERMISSIONS: Statement = {
  name: 'client_permissions',
  text: `
  SELECT coalesce(p.active, true) AS active, p.tools,
         coalesce(p.calls_per_minute, plan.calls_per_minute, $2) AS calls_per_minute,
         coalesce(p.tool_calls_per_hour, plan.tool_calls_per_hour, $3) AS tool_calls_per_hour
    FROM (SELECT $1::text AS client_name) asked
    LEFT JOIN business.client_permissions p USING (client_name)
    LEFT JOIN LATERAL (
      SELECT b.calls_per_minute, b.tool_calls_per_hour
        FROM business.subscriptions s JOIN business.plans b USING (plan_id)
       WHERE s.client_id = asked.client_name AND s.status = 'active'
       ORDER BY b.calls_per_minute DESC LIMIT 1
    ) plan ON true
   WHERE p.client_name IS NOT NULL OR plan.calls_per_minute IS NOT NULL`,
};

const DEADLINE_MS = 2_000;

/** A client's permissions as the hub has them: what an administrator said of it, else what its plan includes. */
export function hubPermissions(hub: SqlDatabase): PermissionSource {
  return async (client) => {
    const rows = await hub.rows(
      PERMISSIONS,
      [client, DEFAULT_LIMITS.callsPerMinute, DEFAULT_LIMITS.toolCallsPerHour],
      (row): KnownPermissions => ({
        active: row.active === true,
        tools: Array.isArray(row.tools) ? row.tools.map(String) : 'all',
        callsPerMinute: Number(row.calls_per_minute),
        toolCallsPerHour: Number(row.tool_calls_per_hour),
      }),
      deadlineIn(DEADLINE_MS),
    );
    return rows[0];
  };
}
