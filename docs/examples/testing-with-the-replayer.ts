/**
 * Tests an orchestrator without Docker: a recorded scenario answers instead of an engine, and whatever was not recorded fails loudly.
 *
 * Record your own with `startRecorder` from 'nova-docker-driver/testing'.
 */
import { fileURLToPath } from 'node:url';
import { DockerDriver, power_state } from '../../lib/index.js';
import { startReplayer } from '../../lib/testing/index.js';

const fixture = fileURLToPath(new URL('../../fixtures/engine-20.10/get-info.json', import.meta.url));
const replayer = await startReplayer(fixture);
const driver = new DockerDriver({ engine: replayer.host });
