import { randomBytes } from 'node:crypto';

import {
  Engine,
  containerRef,
  engineAddress,
  imageReference,
  isNotFound,
  networkRef,
  type ContainerId,
  type ContainerRef,
  type ContainerSpecification,
  type ImageRef,
  type NetworkRef,
} from '../../../lib/engine/index.js';
import { busyboxImage } from '../../support/busybox-image.js';
import { engineHost } from '../../support/engine.js';

const repository = 'engine-client-test';

/** An engine client with a busybox image, and a record of what the test file created, for its clean-up. */
export class Workbench {
  readonly engine = new Engine(engineAddress(engineHost()));
  readonly image: ImageRef;
  readonly #containers: ContainerRef[] = [];
  readonly #networks: NetworkRef[] = [];
  readonly #images: ImageRef[] = [];

  static async open(): Promise<Workbench> {
    const bench = new Workbench();
    const archive = await busyboxImage({ command: ['sh'], repoTags: [bench.image] });
    await bench.engine.images.load(archive);
    return bench;
  }

  private constructor() {
    this.image = this.newImage();
  }

  /** An unused reference; `close` removes the image with it. */
  newImage(): ImageRef {
    const reference = imageReference(repository, newName());
    this.#images.push(reference);
    return reference;
  }

  /** An unused name; `close` removes the container with it. */
  newContainer(): ContainerRef {
    const name = containerRef(newName());
    this.#containers.push(name);
    return name;
  }

  /** An unused name; `close` removes the network with it. */
  newNetwork(): NetworkRef {
    const name = networkRef(newName());
    this.#networks.push(name);
    return name;
  }

  /** Creates a container without a network that runs a shell script. */
  async create(script: string, changes: Partial<ContainerSpecification> = {}): Promise<ContainerId> {
    const { id } = await this.engine.containers.create({
      name: this.newContainer(),
      specification: {
        Image: this.image,
        Cmd: ['sh', '-c', script],
        HostConfig: { NetworkMode: 'none' },
        ...changes,
      },
    });
    return id;
  }

  /** Creates and starts a container that runs a shell script. */
  async run(script: string, changes: Partial<ContainerSpecification> = {}): Promise<ContainerId> {
    const id = await this.create(script, changes);
    await this.engine.containers.start(id);
    return id;
  }

  async close(): Promise<void> {
    const { containers, networks, images } = this.engine;
    for (const name of this.#containers) await gone(containers.remove(name, { force: true, volumes: true }));
    for (const name of this.#networks) await gone(networks.remove(name));
    for (const reference of this.#images) await gone(images.remove(reference));
    this.engine.close();
  }
}

export const newName = (): string => `t${randomBytes(6).toString('hex')}`;

async function gone(removal: Promise<unknown>): Promise<void> {
  await removal.catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}
