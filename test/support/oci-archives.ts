import { z } from 'zod';
import { imageEntries, sha256, type ArchiveEntry, type ImageArchiveOptions } from './archives.js';

/** The descriptor of a blob in the indexes and manifests of the OCI image layout. */
export type Descriptor = z.output<typeof descriptor>;

const descriptor = z.object({
  mediaType: z.string(),
  digest: z.string(),
  size: z.number(),
  platform: z.object({ os: z.string(), architecture: z.string() }).optional(),
});

/** The entries of an OCI archive without a manifest.json, as tools other than Docker write it. */
export async function ociEntries(options: ImageArchiveOptions = {}): Promise<ArchiveEntry[]> {
  const entries = await imageEntries({ layout: 'oci', ...options });
  return entries.filter(({ name }) => name !== 'manifest.json');
}

/** A JSON blob as an entry, and its descriptor. */
export function jsonBlob(
  mediaType: string,
  value: unknown,
  more: Partial<Descriptor> = {},
): { readonly entry: ArchiveEntry; readonly descriptor: Descriptor } {
  const content = JSON.stringify(value);
  const digest = sha256(content);
  return {
    entry: { name: `blobs/sha256/${digest}`, content },
    descriptor: { mediaType, digest: `sha256:${digest}`, size: content.length, ...more },
  };
}

/** The descriptors in the index of an archive. */
export function descriptorsOf(entries: readonly ArchiveEntry[]): Descriptor[] {
  const index = entries.find(({ name }) => name === 'index.json');
  return z.object({ manifests: z.array(descriptor) }).parse(JSON.parse(String(index?.content))).manifests;
}

/** The entries with another index. */
export function indexed(
  entries: readonly ArchiveEntry[],
  manifests: readonly Descriptor[],
  ...more: ArchiveEntry[]
): ArchiveEntry[] {
  const content = JSON.stringify({ schemaVersion: 2, manifests });
  return [...entries.filter(({ name }) => name !== 'index.json'), ...more, { name: 'index.json', content }];
}

/** The media types of the OCI image layout. */
export const mediaType = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
} as const;
