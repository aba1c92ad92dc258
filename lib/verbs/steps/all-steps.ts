import type { Instance } from '../../../interfaces/index.js';
import type { ComputeNode } from '../definition/index.js';

/**
 * Runs the steps that follow the removal of an instance's containers. All are tried, also after a failure: only the
 * removed containers named their images and networks, so a repeated verb could not finish the rest.
 *
 * @throws the first failure; the others are logged.
 */
export async function tryAll(
  { logger }: Pick<ComputeNode, 'logger'>,
  { uuid }: Pick<Instance, 'uuid'>,
  ...steps: readonly (() => Promise<unknown>)[]
): Promise<void> {
  let first: { readonly error: unknown } | undefined;
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      if (first === undefined) first = { error };
      else logger.error('a part of an instance could not be removed', { instance: uuid, error });
    }
  }
  if (first !== undefined) throw first.error;
}
