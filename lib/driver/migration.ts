import { DockerConsoleVerbs } from './console.js';

/** The verbs of cold migration and resize. */
export abstract class DockerMigrationVerbs extends DockerConsoleVerbs {}
