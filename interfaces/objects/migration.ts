import type { PersistentObject } from './nova-object.js';

/** The move of an instance to another host or flavor. Nova: `nova.objects.Migration`. */
export interface Migration extends PersistentObject {
  readonly uuid: string;
  readonly instance_uuid: string;
  readonly source_compute: string | null;
  readonly dest_compute: string | null;
  readonly source_node?: string | null;
  readonly dest_node?: string | null;
  readonly dest_host?: string | null;
  readonly id?: number;
  readonly old_instance_type_id?: number | null;
  readonly new_instance_type_id?: number | null;
  readonly status?: string | null;
  /** `migration`, `resize`, `evacuation`, `live-migration`. */
  readonly migration_type?: string | null;
  readonly hidden?: boolean;
  readonly cross_cell_move?: boolean;
  readonly user_id?: string | null;
  readonly project_id?: string | null;
  /** Bytes. */
  readonly memory_total?: number | null;
  readonly memory_processed?: number | null;
  readonly memory_remaining?: number | null;
  readonly disk_total?: number | null;
  readonly disk_processed?: number | null;
  readonly disk_remaining?: number | null;
}
