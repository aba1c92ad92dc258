import { NotImplementedError } from '../../interfaces/index.js';

/** Why this driver refuses verbs. Each is the end of a sentence that names the verb. */
export const noHostControl = 'an engine does not control its host';
export const orchestratorDecides = 'the orchestrator decides which hosts get instances';
export const noOtherPowerSwitch = 'only the driver starts and stops its containers';
export const noGuestAgent = 'containers have no guest agent';
export const noShares = 'the driver mounts no shares into containers';
export const volumesAreFixed = 'a container gets its volumes when it is created';
export const noDeviceNames = 'containers have no device names';
export const noDisks = 'containers have no block devices of their own';
export const noScreen = 'containers have no screen';
export const noLiveMigration = 'a running container cannot be moved';

/**
 * The answer of a verb that the driver refuses.
 *
 * @throws NotImplementedError, as Nova's base class throws for a verb that a driver does not implement.
 */
export function refused(verb: string, reason: string): Promise<never> {
  return Promise.reject(new NotImplementedError(`This driver does not implement ${verb}: ${reason}`));
}

/** The answer of a verb that needs no work here: the same as in Nova's base class. */
export function novaDefault<T>(answer: T): Promise<T> {
  return Promise.resolve(answer);
}
