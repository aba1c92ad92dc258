import { contentOf, decodeText } from './content.js';
import type { Step } from './fixture.js';
import type { Side } from './proxy.js';
import type { Scrubber } from './scrubbing.js';

/** A chunk that one side of an upgraded connection sent. */
export interface StreamPiece {
  readonly from: Side;
  /** Undefined: this side ended its stream. */
  readonly chunk: Buffer | undefined;
  /** The number of later exchanges that had begun by then. */
  readonly after: number;
}

/**
 * Converts an upgraded connection to a fixture's steps. The engine's chunks keep their borders and lengths, because
 * they may be frames. Consecutive chunks of the client become one step, because their borders have no meaning.
 */
export function recordStream(pieces: readonly StreamPiece[], scrubber: Scrubber): Step[] {
  const masked = scrubber.mask(
    pieces.flatMap(({ from, chunk }) => (from === 'engine' && chunk !== undefined ? [chunk] : [])),
  );
  const steps: Step[] = [];
  let said: Buffer[] = [];
  const endTurn = (): void => {
    const whole = Buffer.concat(said);
    if (whole.length > 0) {
      const text = decodeText(whole);
      const content = text === undefined ? contentOf(whole, undefined) : { text: scrubber.text(text) };
      steps.push({ from: 'client', ...content });
    }
    said = [];
  };
  for (const { from, chunk, after } of pieces) {
    if (from === 'client' && chunk !== undefined) {
      said.push(chunk);
      continue;
    }
    endTurn();
    const content =
      chunk === undefined ? { end: true as const } : contentOf(masked.shift() ?? chunk, undefined);
    steps.push({ from, ...content, ...(after > 0 && { after }) });
  }
  endTurn();
  return steps;
}
