import { createHash } from 'node:crypto';
import type { Meter } from '../../progress/index.js';

/** Size in bytes and digest of a layer, which precede it in the stream or the configuration. */
interface LayerMeasures {
  readonly size: number;
  readonly diffId: string;
}

/** A layer that was read once to be measured. */
export interface MeasuredLayer extends LayerMeasures {
  /** Reads the layer again as a tar archive, with the same bytes each time. */
  readonly content: () => AsyncGenerator<Buffer, void, void>;
  /** Diff ids of the layers below it, which the destination has. */
  readonly below: readonly string[];
}

/** Reads a layer to its end, to compute its size and digest. */
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
