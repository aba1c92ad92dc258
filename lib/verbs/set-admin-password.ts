import type { VerbOptions } from '../../interfaces/index.js';
import { NovaException } from '../../interfaces/index.js';
import { setAdministratorPassword } from '../instances/index.js';
import { containerOf, type OfInstance, schemas, type Verb } from './definition/index.js';

type Subjects = OfInstance & Readonly<Record<'new_pass', string>>;

export const setAdminPassword: Verb<Subjects, VerbOptions, void> = {
  action: 'set the password of',
  lock: 'instance',
  failure: NovaException,
  arguments: { instance: schemas.instance, new_pass: schemas.text },
  run: async (node, given) => {
    const { instance, new_pass, signal } = given;
    const container = await containerOf(node, given);
    await setAdministratorPassword(node.engine, instance, container, new_pass, node.logger, signal);
  },
};
