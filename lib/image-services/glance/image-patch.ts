import type { ImageMetadata } from '../../../interfaces/index.js';

/** The media type of {@link patchOf}. */
export const patchType = 'application/openstack-images-v2.1-json-patch';

/** The body of a request that creates an image. Image API v2 puts the properties beside the other fields. */
export function newImageOf(id: string, metadata: ImageMetadata): object {
  return { ...metadata.properties, ...fieldsOf(metadata), id };
}

/** The JSON patch that sets an image's metadata. Applying it is idempotent. */
export function patchOf(metadata: ImageMetadata): object[] {
  const fields = Object.entries<unknown>({ ...fieldsOf(metadata) })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => change('replace', name, value));
  // In JSON patch, `add` also replaces an existing value.
  const properties = Object.entries(metadata.properties ?? {}).map(([name, value]) =>
    change('add', name, value),
  );
  return [...fields, ...properties];
}

const change = (op: string, name: string, value: unknown): object => ({ op, path: pointerTo(name), value });

/** JSON Pointer, RFC 6901. */
const pointerTo = (name: string): string => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

function fieldsOf({ id: _id, properties: _properties, ...fields }: ImageMetadata): object {
  return fields;
}
