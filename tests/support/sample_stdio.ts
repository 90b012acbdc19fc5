import '../../shared/mcp/quick_start.ts';
import { readSettings } from '../../shared/config/settings.ts';
import { serveOverStdio } from '../../shared/mcp/stdio.ts';
import { sampleServer } from './sample_server.ts';

// What a bundle's entry does for a real server; the databases are those the test names.
serveOverStdio(sampleServer, {
  settings: readSettings(),
  locate: async (settings, progress) => {
    progress('looking for the databases');
    if (settings.urls.hub === undefined) throw new Error('the test names no hub');
    return { addresses: { hub: settings.urls.hub, redis: settings.urls.redis } };
  },
});
