import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { salesDashboard } from '../../mcp-servers/sales_dashboard/index.ts';
import { packageRoot } from '../../shared/config/package_root.ts';
import { toolDefinitions } from '../../shared/mcp/tool_definitions.ts';
import { connectHost, REVISIONS } from '../support/hosts.ts';

const bundle = join(packageRoot(), 'dist', 'mcp', 'sales_dashboard.mjs');

describe.skipIf(!existsSync(bundle))('the bundle of sales_dashboard (npm run build)', () => {
  it.each(REVISIONS)('lists to a host of %s what the sources define', async (revision) => {
    // No stack is near: listing must not need one.
    const host = await connectHost(revision, { command: [process.execPath, bundle], environment: { PROMPTSALES_HOME: '/nonexistent' } });
    try {
      const listed = await host.listTools();
      expect(JSON.parse(JSON.stringify(listed))).toEqual(
        JSON.parse(JSON.stringify(toolDefinitions(salesDashboard.tools.map(({ tool }) => tool)))),
      );
    } finally {
      await host.close();
    }
  });
});
