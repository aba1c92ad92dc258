import { z } from 'zod';
import { parsedJson } from '../common/index.js';

/** Maximum bytes of labels and ports that containers inherit: about the size of the driver's own labels. */
const maxInheritedBytes = 4 * 1024;

/** The settings that containers inherit from an image, but do not need: nothing in a container depends on them. */
interface Aside {
  readonly Labels?: Readonly<Record<string, string>> | null | undefined;
  readonly ExposedPorts?: Readonly<Record<string, object>> | null | undefined;
}

/** An entry of an image's history. */
interface HistoryEntry {
  readonly created_by?: string | null | undefined;
  readonly comment?: string | null | undefined;
  readonly empty_layer?: boolean | null | undefined;
}

/** The parts of an image's configuration that this file reads. */
interface Described<C extends Aside> {
  readonly config?: C | null | undefined;
  readonly history?: HistoryEntry[] | null | undefined;
  readonly comment?: string | null | undefined;
}

/** The parts that this file changes; all others stay as they are. */
interface Changed<C extends Aside> {
  config?: Omit<C, keyof Aside> & Aside;
  history?: HistoryEntry[] | undefined;
  comment?: undefined;
}

const field = 'nova-docker-driver.not-inherited';

const record = z.object({
  [field]: z.object({
    Labels: z.record(z.string(), z.string()).optional(),
    ExposedPorts: z.record(z.string(), z.object({})).optional(),
  }),
});

/**
 * Moves an image's labels and exposed ports from the inherited settings to a record, if they are large. Engines repeat
 * inherited labels and ports in every list and event of every container, and an image may have megabytes of them.
 *
 * The record is the comment of the last entry in the image's history. Engines keep it, show it when the image is
 * inspected, and copy it when a container is committed; no list includes it.
 */
export function recordedAside<C extends Aside>({ config, history, comment }: Described<C>): Changed<C> {
  if (config === undefined || config === null) return {};
  const { Labels: labels, ExposedPorts: ports, ...inherited } = config;
  const aside = {
    ...(isEmpty(labels) ? {} : { Labels: labels }),
    ...(isEmpty(ports) ? {} : { ExposedPorts: ports }),
  };
  if (Buffer.byteLength(JSON.stringify(aside)) <= maxInheritedBytes) return {};
  const entry = {
    created_by: 'nova-docker-driver',
    comment: JSON.stringify({ [field]: aside }),
    empty_layer: true,
  };
  return {
    config: inherited,
    history: [...(history ?? []), entry],
    // The classic image store would show the image's own comment instead of the last entry's.
    ...(isEmpty(comment) ? {} : { comment: undefined }),
  };
}

/** Reverses {@link recordedAside}: moves recorded labels and ports back to the inherited settings. */
export function restoredFromRecord<C extends Aside>({ config, history }: Described<C>): Changed<C> {
  const entries = history ?? [];
  const recorded = entries.flatMap(({ comment }) => asideIn(comment) ?? []);
  if (recorded.length === 0 || config === undefined || config === null) return {};
  const all: readonly Aside[] = [...recorded, config];
  return {
    // The current settings override the record: a committed container may have changed its labels.
    config: {
      ...config,
      Labels: merged(all.map(({ Labels: labels }) => labels)),
      ExposedPorts: merged(all.map(({ ExposedPorts: ports }) => ports)),
    },
    history: entries.filter(({ comment }) => asideIn(comment) === undefined),
  };
}

/** @returns a history entry with this comment; an empty list if the comment is not a record. */
export function recordEntries(comment: string | undefined): HistoryEntry[] {
  return asideIn(comment) === undefined ? [] : [{ comment, empty_layer: true }];
}

function asideIn(comment: string | null | undefined): Aside | undefined {
  if (comment?.startsWith(`{"${field}"`) !== true) return undefined;
  return record.safeParse(parsedJson(comment)).data?.[field];
}

function isEmpty(value: object | string | null | undefined): boolean {
  return value === null || value === undefined || Object.keys(value).length === 0;
}

function merged<T>(maps: readonly (Readonly<Record<string, T>> | null | undefined)[]): Record<string, T> {
  return Object.fromEntries(maps.flatMap((map) => Object.entries(map ?? {})));
}
