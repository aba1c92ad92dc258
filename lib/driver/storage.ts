import { DockerNetworkVerbs } from './network.js';

/** The verbs about volumes and disks. */
export abstract class DockerStorageVerbs extends DockerNetworkVerbs {}
