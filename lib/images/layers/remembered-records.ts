import type { RequestContext } from '../../../interfaces/index.js';
import { mayContain } from './layer-rights.js';
import type { ShownImage } from '../../image-services/index.js';

/** The fields that decide who may use an image's layers. */
type Ownership = Pick<ShownImage, 'owner' | 'visibility' | 'status'>;

/** What is cached about an image in the engine. */
interface Memory {
  ownership: Ownership | undefined;
  /** Projects that may not read the image. */
  readonly hiddenFrom: Set<string>;
  /** Sequence number of the last request for its record; larger is later. */
  askedAt: number;
}

/** An image in the engine, and the number of layers that it could supply. */
export interface Candidate {
  readonly image_id: string;
  readonly count: number;
}

/** Number of presumably forbidden images that are tried anyway: they may have become public since. */
const maxForbiddenCandidates = 8;

/**
 * Caches the owners of an engine's images, to try the images first that are probably allowed. It only sets the order:
 * access is checked on every use. Without it, a tenant with enough images on a host that share a base could use up the
 * request limit of all other tenants.
 */
export class RememberedRecords {
  readonly #memories = new Map<string, Memory>();
  #asked = 0;

  /** Caches a record that the image service has shown. */
  note({ id, owner, visibility, status }: ShownImage): void {
    this.#memory(id).ownership = { owner, visibility, status };
  }

  /**
   * Caches the answer to a request for a record.
   *
   * @param record - the record; undefined when the image service did not show it.
   */
  noteAnswer(image_id: string, context: RequestContext, record: ShownImage | undefined): void {
    const memory = this.#memory(image_id);
    this.#asked += 1;
    memory.askedAt = this.#asked;
    if (record === undefined) memory.hiddenFrom.add(projectOf(context));
    else {
      memory.hiddenFrom.delete(projectOf(context));
      this.note(record);
    }
  }

  /** Drops the images that the engine no longer has. */
  keepOnly(image_ids: ReadonlySet<string>): void {
    for (const id of this.#memories.keys()) if (!image_ids.has(id)) this.#memories.delete(id);
  }

  /**
   * Sorts candidates: first those that were allowed at the last check, then unknown ones, each by most layers; last a
   * few that were forbidden, the least recently tried first.
   */
  inOrder<T extends Candidate>(
    candidates: readonly T[],
    image: Pick<ShownImage, 'owner'>,
    context: RequestContext,
  ): T[] {
    const groups: Record<AccessLikelihood, T[]> = { good: [], unknown: [], none: [] };
    for (const candidate of candidates)
      groups[accessLikelihood(this.#memories.get(candidate.image_id), image, context)].push(candidate);
    const most = (a: Candidate, b: Candidate): number => b.count - a.count;
    const askedAt = ({ image_id }: Candidate): number => this.#memories.get(image_id)?.askedAt ?? 0;
    return [
      ...groups.good.toSorted(most),
      ...groups.unknown.toSorted(most),
      ...groups.none.toSorted((a, b) => askedAt(a) - askedAt(b)).slice(0, maxForbiddenCandidates),
    ];
  }

  #memory(image_id: string): Memory {
    const known = this.#memories.get(image_id);
    if (known !== undefined) return known;
    const fresh: Memory = { ownership: undefined, hiddenFrom: new Set(), askedAt: 0 };
    this.#memories.set(image_id, fresh);
    return fresh;
  }
}

type AccessLikelihood = 'good' | 'unknown' | 'none';

function accessLikelihood(
  memory: Memory | undefined,
  image: Pick<ShownImage, 'owner'>,
  context: RequestContext,
): AccessLikelihood {
  if (memory?.hiddenFrom.has(projectOf(context)) === true) return 'none';
  if (memory?.ownership === undefined) return 'unknown';
  return mayContain(image, memory.ownership) ? 'good' : 'none';
}

const projectOf = ({ project_id }: RequestContext): string => project_id ?? '';
