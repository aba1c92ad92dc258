/**
 * Marks an error of a function that the orchestrator has passed. It is not the driver's error, so the driver throws its
 * cause unconverted.
 */
export class OrchestratorFailure extends Error {
  constructor(cause: unknown) {
    super('a callback of the orchestrator failed', { cause });
    this.name = 'OrchestratorFailure';
  }
}

/**
 * Calls a function of the orchestrator.
 *
 * @throws OrchestratorFailure when the call fails.
 */
export async function callOrchestrator<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new OrchestratorFailure(error);
  }
}
