import { z } from 'zod';
import { parsedJson } from '../../common/index.js';

/** Characters of an answer that go into a message. */
const longestWords = 300;

/** Glance says `{"message": …}`, Keystone `{"error": {"message": …}}`. */
const errorSchema = z.union([
  z.object({ message: z.string() }).transform(({ message }) => message),
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
]);

/** What an error answer says, in one line: its message without HTML, or its text. */
export function wordsOf(content: Buffer): string {
  const text = content.toString('utf8', 0, 16 * longestWords);
  // What is not JSON is a proxy's page, or longer than what is looked at.
  const words = (errorSchema.safeParse(parsedJson(text)).data ?? text)
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return words === '' ? 'no explanation' : words.slice(0, longestWords);
}
