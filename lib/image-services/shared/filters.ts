import type { ImageFilters, ImageRecord } from '../../../interfaces/index.js';

/** Whether a record matches all given filters. */
export function passes(record: ImageRecord, filters: ImageFilters | undefined): boolean {
  if (filters === undefined) return true;
  const { properties, ...fields } = filters;
  const equal = (wanted: string | undefined, found: string | null | undefined): boolean =>
    wanted === undefined || wanted === found;
  return (
    equal(fields.name, record.name) &&
    equal(fields.status, record.status) &&
    equal(fields.visibility, record.visibility) &&
    equal(fields.owner, record.owner) &&
    equal(fields.container_format, record.container_format) &&
    Object.entries(properties ?? {}).every(([name, value]) => record.properties[name] === value)
  );
}
