import type {
  ImageMeta,
  Instance,
  NetworkInfo,
  RequestContext,
  RescueOptions,
} from '../../interfaces/index.js';
import { InstanceNotFound } from '../../interfaces/index.js';
import type { ContainerInspect } from '../engine/index.js';
import { copyFileSystem } from '../images/index.js';
import {
  adoptName,
  blamedOnImage,
  configDriveFiles,
  configDriveMounts,
  containerName,
  containerPartName,
  containerSpecification,
  imageMustFit,
  instanceFiles,
  makeRescuedFolder,
  mountedPaths,
  part,
  putBack,
  rescuedFolder,
  rescuedMounts,
  rescueLabels,
  settleParts,
  startContainer,
  stopContainer,
  Undo,
  withMounts,
} from '../instances/index.js';
import { interfacesOf } from '../network/index.js';
import type { ComputeNode } from './compute-node.js';
import { connectAndStart } from './connect-and-start.js';
import { newAttempt, prepareContainer } from './prepare-container.js';

/**
 * Lets another container, of a rescue image, be the instance for a while: with its name, host name, interfaces and key, and with all its files below `/rescued`, to be read and
 * changed. Its own container is put aside as it is, until `unrescue`. Its volumes are there themselves, in their places below `/rescued`; its files are a copy.
 *
 * The instance goes on until the rescue container is there; from then on it is stopped at once, as by Nova's libvirt driver: Nova has stopped it cleanly before. When something
 * fails, the instance is as it was. May be repeated.
 *
 * @throws InstanceNotFound when there is no such instance; InstanceNotRescuable when the rescue image has `/rescued` itself.
 * @throws what spawn throws about images, interfaces and flavors.
 */
export async function rescue(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  network_info: NetworkInfo | null,
  image_meta: ImageMeta,
  options: RescueOptions,
): Promise<void> {
  const { engine, host } = node;
  const { current, rescued } = await settleParts(engine, host, instance);
  if (current === undefined)
    throw new InstanceNotFound(`Instance ${instance.uuid} could not be found`, {
      instance_uuid: instance.uuid,
    });
  if (rescued === undefined) {
    const interfaces = network_info ?? (await interfacesOf(engine, current, options.signal));
    await standIn(node, context, instance, current, interfaces, image_meta, options);
  } else await connectAndStart(node, current, network_info, options.signal);
}

async function standIn(
  node: ComputeNode,
  context: RequestContext,
  instance: Instance,
  original: ContainerInspect,
  network_info: NetworkInfo,
  image_meta: ImageMeta,
  { rescue_password, signal, onProgress }: RescueOptions,
): Promise<void> {
  const { engine, networks, policy } = node;
  imageMustFit(image_meta, instance.flavor);
  const given = { admin_password: rescue_password ?? null, network_info };
  const drive = configDriveFiles(instance, image_meta, given, policy);
  const files = instanceFiles(instance, [], rescue_password, drive);
  const attempt = newAttempt(node.host, false);
  const image = await node.imageLoader.hold(image_meta.id, signal);
  const undo = new Undo(node.logger);
  undo.push('that the instance is as it was', () => putBack(engine, instance, original));
  undo.push('its rescue image', () => image.abandon());
  try {
    const { wiring, launch } = await prepareContainer(
      node,
      {
        instance,
        network_info,
        attempt,
        specification: (network) => {
          const bare = containerSpecification(
            instance,
            { meta: image_meta, reference: image.reference },
            network,
            attempt,
            policy,
          );
          const labels = { ...bare.Labels, ...rescueLabels(original, network_info) };
          const mounts = [...rescuedMounts(original), ...configDriveMounts(drive, node.host, instance)];
          return withMounts({ ...bare, Labels: labels }, mounts);
        },
        // It holds the files of two.
        sized: false,
        load: () => image.load(context, { signal, onProgress }),
        files,
        signal,
      },
      undo,
    );
    const container = await launch((made) => Promise.resolve(made));
    await makeRescuedFolder(engine, container);
    await stopContainer(engine, original.Id, { timeout: 0, retry_interval: 0, signal });
    await copyFileSystem({
      engine,
      from: original.Id,
      to: container,
      folder: rescuedFolder,
      volumes: mountedPaths(original),
      signal,
      onProgress,
    });
    signal?.throwIfAborted();
    await adoptName(engine, original.Id, containerPartName(instance.uuid, part.rescued), instance);
    await adoptName(engine, container, containerName(instance.uuid), instance);
    onProgress?.({ phase: 'starting', bytes: 0 });
    await networks.startIn(container, network_info, () => startContainer(engine, container));
    signal?.throwIfAborted();
    networks.keep(wiring);
    image.keep();
  } catch (error) {
    await undo.run();
    throw blamedOnImage(error);
  }
}
