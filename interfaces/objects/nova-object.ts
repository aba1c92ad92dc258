/**
 * The fields of every object in Nova's database. Times are ISO 8601. Nova: `nova.objects.base.NovaPersistentObject`.
 */
export interface PersistentObject {
  readonly created_at?: string | null;
  readonly updated_at?: string | null;
  readonly deleted_at?: string | null;
  readonly deleted?: boolean;
}

/** A list of objects, as Nova wraps it. */
export interface ObjectList<T = unknown> {
  readonly objects: readonly T[];
}
