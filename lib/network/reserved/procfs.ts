import { readFile } from 'node:fs/promises';
import { codeOf } from '../../streams/index.js';

/** A file of procfs; empty when it is absent or unreadable, or the process has ended. */
export async function readIfThere(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: unknown) => unlessHidden(error, ''));
}

export const linesOf = (text: string): string[] => text.split('\n');

/** Error codes for a missing file, a process that has ended, or a process of another user. */
const hidden = new Set(['ENOENT', 'ENOTDIR', 'ESRCH', 'EINVAL', 'EACCES', 'EPERM']);

/** @throws any other error: the host's addresses are then unknown. */
export function unlessHidden<T>(error: unknown, absent: T): T {
  if (hidden.has(codeOf(error) ?? '')) return absent;
  throw error;
}
