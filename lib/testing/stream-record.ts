import { contentOf, decodeText } from './content.js';
import type { Step } from './fixture.js';
import type { Side } from './proxy.js';
import type { Scrubber } from './scrubbing.js';

/** What one side of an upgraded connection sent at once. */
export interface StreamPiece {
  readonly from: Side;
  /** Undefined: the side's end. */
  readonly chunk: Buffer | undefined;
  /** How many later exchanges had begun by then. */
  readonly after: number;
}

/**
 * An upgraded connection as a fixture keeps it. The engine's chunks keep their borders and lengths, for they may be
 * frames; what the client said in one go is one step, for its borders mean nothing.
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
