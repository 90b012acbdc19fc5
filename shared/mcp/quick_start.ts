import { config } from 'zod';

// zod compiles each object schema to JavaScript of its own when it first reads with it: worth it for a server that reads thousands of messages
// a second, 12 ms of start lost for one that a host starts to look at its tools. Imported first, since schemas ask when they are made.
config({ jitless: true });
