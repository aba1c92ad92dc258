import {
  Engine,
  engineAddress,
  imageReference,
  isAtLeast,
  isNotFound,
  volumeName,
} from '../../lib/engine/index.js';
import { imageCacheVolume, label, repository } from '../../lib/common/labels.js';

/** The address of the engine under test. */
export function engineHost(): string {
  const host = process.env['DOCKER_HOST'];
  if (host === undefined || host === '') throw new Error('DOCKER_HOST names no engine');
  return host;
}

/** A client of the engine under test, to inspect it without the driver. The caller closes it. */
export function directEngine(): Engine {
  return new Engine(engineAddress(engineHost()));
}

/** Whether the engine under test has containerd's image store, which names layers differently. */
export async function hasContainerdStore(): Promise<boolean> {
  const engine = directEngine();
  try {
    const { DriverStatus: status } = await engine.system.info();
    return status.some(([name]) => name === 'driver-type');
  } finally {
    engine.close();
  }
}

/** Whether the engine under test speaks an API version. */
export async function isEngineAtLeast(apiVersion: string): Promise<boolean> {
  const engine = directEngine();
  try {
    return isAtLeast((await engine.negotiate()).apiVersion, apiVersion);
  } finally {
    engine.close();
  }
}

/** Removes images that the driver loaded. */
export async function removeImages(image_ids: readonly string[]): Promise<void> {
  const engine = directEngine();
  try {
    for (const id of image_ids) {
      await engine.images.remove(imageReference(repository.image, id)).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
  } finally {
    engine.close();
  }
}

/** Removes the volume in which `manage_image_cache` records since when images are unused. */
export async function forgetUnusedSince(): Promise<void> {
  const engine = directEngine();
  try {
    await engine.volumes.remove(volumeName(imageCacheVolume)).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  } finally {
    engine.close();
  }
}

/** All objects of an engine, to compare before and after a failure. */
export async function inventory(): Promise<
  Record<'containers' | 'networks' | 'images' | 'volumes', string[]>
> {
  const engine = directEngine();
  try {
    const [containers, networks, images, volumes] = await Promise.all([
      engine.containers.list({ all: true }),
      engine.networks.list({}),
      engine.images.list({ all: true }),
      engine.volumes.list(),
    ]);
    return {
      containers: containers.map(({ Names: names, State: state }) => `${names.join()} ${state}`).sort(),
      networks: networks.map(({ Name: name }) => name).sort(),
      images: images.map(({ Id: id, RepoTags: tags }) => `${id} ${tags.join()}`).sort(),
      volumes: volumes.map(({ Name: name }) => name).sort(),
    };
  } finally {
    engine.close();
  }
}

/** The containers of an instance, with all that a verb may change of them. */
export async function containersOf(engine: Engine, uuid: string): Promise<unknown[]> {
  const filters = { label: [`${label.instanceUuid}=${uuid}`] };
  const found = await engine.containers.list({ all: true, filters });
  const containers = await Promise.all(found.map(({ Id: id }) => engine.containers.inspect(id)));
  return containers.map(
    ({ Id: id, Name: name, State: state, HostConfig: host, NetworkSettings: settings }) => ({
      id,
      name,
      status: state.Status,
      started: state.StartedAt,
      memory: host.Memory,
      networks: Object.entries(settings.Networks).map(([of, endpoint]) => [of, endpoint.IPAddress]),
    }),
  );
}
