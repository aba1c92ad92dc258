// Lets Node run the TypeScript of the examples as it stands: node --import ./docs/examples/register.mjs docs/examples/….ts
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';

// The examples may be run in any folder: ts-node would look for its settings there.
process.env.TS_NODE_PROJECT ??= fileURLToPath(new URL('../../tsconfig.json', import.meta.url));
register('ts-node/esm', import.meta.url);
