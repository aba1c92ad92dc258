import type { ContainerRef, Engine, FileChange } from '../../engine/index.js';
import { EngineProtocolError } from '../../engine/index.js';

/**
 * Lists the files that differ from a container's image.
 *
 * @returns undefined when there are too many to list.
 * @throws the engine's error.
 */
export async function listedChanges(
  engine: Engine,
  container: ContainerRef,
  signal?: AbortSignal,
): Promise<FileChange[] | undefined> {
  try {
    return await engine.files.changes(container, { signal });
  } catch (error) {
    if (error instanceof EngineProtocolError) return undefined;
    throw error;
  }
}
