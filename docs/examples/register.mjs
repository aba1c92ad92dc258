// Lets Node run the TypeScript of the examples as it stands: node --import ./docs/examples/register.mjs docs/examples/….ts
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';

register('ts-node/esm', pathToFileURL('./'));
