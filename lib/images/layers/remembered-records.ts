import type { RequestContext } from '../../../interfaces/index.js';
import { mayContain } from './layer-rights.js';
import type { ShownImage } from '../../image-services/index.js';

/** What says whose an image is. */
type Ownership = Pick<ShownImage, 'owner' | 'visibility' | 'status'>;

/** What is remembered of an image of the engine. */
interface Memory {
  ownership: Ownership | undefined;
  /** The projects that were not shown it. */
  readonly hiddenFrom: Set<string>;
  /** When it was asked for the last time: the larger, the later. */
  askedAt: number;
}

/** An image that the engine has, and how many layers it could give. */
export interface Candidate {
  readonly image_id: string;
  readonly count: number;
}

/** Hopeless images that are asked for all the same: they may have been made public since. */
const hopelessAtOnce = 8;

/**
 * Remembers whose the images of an engine are, to ask first for those that may be used. What may be used is asked anew
 * each time: this is about the order alone. Without it, somebody who has enough images on a host that share a base
 * would be all that others ever ask for.
 */
export class RememberedRecords {
  readonly #memories = new Map<string, Memory>();
  #asked = 0;

  /** The image service has shown a record to somebody. */
  note({ id, owner, visibility, status }: ShownImage): void {
    this.#memory(id).ownership = { owner, visibility, status };
  }

  /** The image service has been asked for a record. @param record - what it has shown; undefined when it has not. */
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

  /** Forgets the images that the engine has no more. */
  keepOnly(image_ids: ReadonlySet<string>): void {
    for (const id of this.#memories.keys()) if (!image_ids.has(id)) this.#memories.delete(id);
  }

  /**
   * In which order to ask for images: those that were allowed when they were last seen, then those that nothing is
   * known of, each with the most layers first; at last a few of those that were not allowed, in turn.
   */
  inOrder(
    candidates: readonly Candidate[],
    image: Pick<ShownImage, 'owner'>,
    context: RequestContext,
  ): Candidate[] {
    const groups: Record<AccessLikelihood, Candidate[]> = { good: [], unknown: [], none: [] };
    for (const candidate of candidates)
      groups[accessLikelihood(this.#memories.get(candidate.image_id), image, context)].push(candidate);
    const most = (a: Candidate, b: Candidate): number => b.count - a.count;
    const askedAt = ({ image_id }: Candidate): number => this.#memories.get(image_id)?.askedAt ?? 0;
    return [
      ...groups.good.toSorted(most),
      ...groups.unknown.toSorted(most),
      ...groups.none.toSorted((a, b) => askedAt(a) - askedAt(b)).slice(0, hopelessAtOnce),
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
