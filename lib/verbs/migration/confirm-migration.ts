import type { NetworkInfo, VerbOptions } from '../../../interfaces/index.js';
import { MigrationError } from '../../../interfaces/index.js';
import { removeInstanceImages } from '../../images/index.js';
import { findInstance, findKeptContainer, forgetResize, removeContainer } from '../../instances/index.js';
import { type OfInstance, schemas, type Verb } from '../definition/index.js';
import { tryAll } from '../steps/index.js';

/**
 * Runs on the source host, or on the only host of a resize: removes what a revert would need. Idempotent: a repeated
 * call finishes one that was interrupted.
 */
export const confirmMigration: Verb<
  OfInstance & Readonly<Record<'network_info', NetworkInfo>>,
  VerbOptions,
  void
> = {
  action: 'confirm the migration of',
  lock: 'instance',
  failure: MigrationError,
  arguments: { instance: schemas.instance, network_info: schemas.networkInfo },
  run: async (node, { instance, network_info, signal }) => {
    const { engine, host, networks, states } = node;
    const kept = await findKeptContainer(engine, host, instance, signal);
    if (kept !== undefined) await removeContainer(engine, kept.Id);
    // Nothing else records the image and the networks of a removed container, so the signal is ignored from here on.
    await tryAll(
      node,
      instance,
      () => removeInstanceImages(engine, instance.uuid, kept === undefined ? [] : [kept.Image]),
      () => networks.release(kept === undefined ? [] : [kept], network_info),
      async () => {
        const isHere = (await findInstance(engine, host, instance)) !== undefined;
        if (isHere) await forgetResize(states, instance);
        else await states.forget(instance.uuid);
      },
    );
  },
};
