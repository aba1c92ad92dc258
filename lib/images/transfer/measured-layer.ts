import { createHash } from 'node:crypto';
import type { Meter } from '../../progress/index.js';

/** What must be said of a layer before it is sent. */
interface LayerMeasures {
  readonly size: number;
  readonly diffId: string;
}

/** A layer that was read once, to be measured. */
export interface MeasuredLayer extends LayerMeasures {
  /** Reads it again: a tar archive, the same bytes each time. */
  readonly content: () => AsyncGenerator<Buffer, void, void>;
  /** The layers that it lies upon, which the destination has. */
  readonly below: readonly string[];
}

/** Reads a layer to its end. */
export async function measure(content: AsyncIterable<Buffer>, meter: Meter): Promise<LayerMeasures> {
  const digest = createHash('sha256');
  let size = 0;
  for await (const chunk of content) {
    digest.update(chunk);
    size += chunk.length;
    meter.add(chunk.length);
  }
  return { size, diffId: `sha256:${digest.digest('hex')}` };
}
