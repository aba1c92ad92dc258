import { z } from 'zod';
import { parsedJson } from '../../common/index.js';

/** Maximum characters of an answer in an error message. */
const maxExplanationLength = 300;

/** Error answers: Glance sends `{"message": …}`, Keystone `{"error": {"message": …}}`. */
const errorSchema = z.union([
  z.object({ message: z.string() }).transform(({ message }) => message),
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
]);

/** Returns the message of an error answer in one line without HTML; without a message, its text. */
export function wordsOf(content: Buffer): string {
  const text = content.toString('utf8', 0, 16 * maxExplanationLength);
  // Content that is not JSON is a proxy's error page, or longer than the part examined.
  const words = (errorSchema.safeParse(parsedJson(text)).data ?? text)
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return words === '' ? 'no explanation' : words.slice(0, maxExplanationLength);
}
