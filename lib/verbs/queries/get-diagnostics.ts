import type { Diagnostics, VerbOptions } from '../../../interfaces/index.js';
import { NovaException } from '../../../interfaces/index.js';
import { flatDiagnostics, hasConfigDrive, instanceDiagnostics, measure } from '../../instances/index.js';
import {
  type ComputeNode,
  containerOf,
  type Controls,
  type OfInstance,
  schemas,
  type Verb,
} from '../definition/index.js';

export const getDiagnostics: Verb<OfInstance, VerbOptions, Record<string, string | number>> = {
  action: 'get the diagnostics of',
  lock: 'none',
  failure: NovaException,
  arguments: { instance: schemas.instance },
  run: async (node, given) => flatDiagnostics(await diagnostics(node, given)),
};

export const getInstanceDiagnostics: Verb<OfInstance, VerbOptions, Diagnostics> = {
  action: 'get the diagnostics of',
  lock: 'none',
  failure: NovaException,
  arguments: { instance: schemas.instance },
  run: diagnostics,
};

async function diagnostics(node: ComputeNode, given: OfInstance & Controls): Promise<Diagnostics> {
  const { engine } = node;
  const { signal } = given;
  const container = await containerOf(node, given);
  const [stats, { OperatingSystem: hypervisor_os }] = await Promise.all([
    measure(engine, container, signal),
    engine.system.info({ signal }),
  ]);
  return instanceDiagnostics(container, stats, { config_drive: hasConfigDrive(container), hypervisor_os });
}
