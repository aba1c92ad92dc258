import { isDeepStrictEqual } from 'node:util';
import { NovaException } from '../../interfaces/index.js';
import type { Engine, VolumeInspect, VolumeName } from '../engine/index.js';
import { isConflict, isNotFound, volumeName } from '../engine/index.js';
import { instanceContainerName, label } from '../common/index.js';

/** What can be noted of an instance. */
type NoteKind = 'suspended' | 'stopped' | 'flavor' | 'resize' | 'still';

/**
 * What must be remembered of an instance and was not known when its container was made. The labels of a container
 * cannot be changed, so a note is an empty volume of the engine, which has labels too: it outlives the driver, and
 * needs no place of our own.
 */
export class InstanceStateStore {
  readonly #engine: Engine;
  readonly #host: string;

  constructor(engine: Engine, host: string) {
    this.#engine = engine;
    this.#host = host;
  }

  /**
   * Notes something, in place of what was noted before.
   *
   * @throws NovaException when what was noted before, or a volume that is no note, cannot be replaced: a container has
   * mounted it by hand.
   */
  async write(
    uuid: string,
    kind: NoteKind,
    values: Readonly<Record<string, string>> = {},
    signal?: AbortSignal,
  ): Promise<void> {
    await this.remove(uuid, kind, signal);
    const note = {
      Name: noteName(uuid, kind),
      Labels: { ...values, [label.host]: this.#host, [label.instanceUuid]: uuid, [label.note]: kind },
    };
    // Of a name that is taken, the engine gives back the volume that has it.
    const { Labels: noted } = await this.#engine.volumes.create(note, { signal });
    if (!isDeepStrictEqual({ ...noted }, note.Labels))
      throw new NovaException(
        `The volume ${note.Name} cannot be replaced: a container has mounted it, and it is the driver's`,
        { instance_uuid: uuid },
      );
  }

  /** @returns the values of a note, undefined when there is none. */
  async read(
    uuid: string,
    kind: NoteKind,
    signal?: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    try {
      const note = await this.#engine.volumes.inspect(noteName(uuid, kind), { signal });
      return this.#isOurs(note, kind) ? note.Labels : undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** The values of all notes of a kind, by the instance's uuid. */
  async list(
    kind: NoteKind,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
    const labels = [`${label.host}=${this.#host}`, `${label.note}=${kind}`];
    const notes = await this.#engine.volumes.list({ filters: { label: labels }, signal });
    return new Map(notes.map(({ Labels: values }) => [values[label.instanceUuid] ?? '', values]));
  }

  /** Removes a note; that there is none is no error. */
  async remove(uuid: string, kind: NoteKind, signal?: AbortSignal): Promise<void> {
    await this.#engine.volumes.remove(noteName(uuid, kind), { signal }).catch((error: unknown) => {
      // In conflict: somebody mounted it by hand, which only its owner can undo; the next note of the kind finds it.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    });
  }

  /** The uuids of all instances that something is noted of. */
  async noted(signal?: AbortSignal): Promise<ReadonlySet<string>> {
    const filters = { label: [`${label.host}=${this.#host}`, label.note] };
    const notes = await this.#engine.volumes.list({ filters, signal });
    return new Set(notes.flatMap(({ Labels: values }) => values[label.instanceUuid] ?? []));
  }

  /** Removes all notes of an instance. */
  async forget(uuid: string): Promise<void> {
    const labels = [`${label.host}=${this.#host}`, `${label.instanceUuid}=${uuid}`, label.note];
    for (const { Labels: values } of await this.#engine.volumes.list({ filters: { label: labels } })) {
      const kind = noteKinds.find((known) => known === values[label.note]);
      if (kind !== undefined) await this.remove(uuid, kind);
    }
  }

  #isOurs({ Labels: labels }: VolumeInspect, kind: NoteKind): boolean {
    return labels[label.host] === this.#host && labels[label.note] === kind;
  }
}

const noteKinds: readonly NoteKind[] = ['suspended', 'stopped', 'flavor', 'resize', 'still'];

function noteName(uuid: string, kind: NoteKind): VolumeName {
  return volumeName(`${instanceContainerName(uuid)}.${kind}`);
}
