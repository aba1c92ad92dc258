/** A move of an instance from one host, or flavor, to another. Nova: `nova.objects.Migration`. */
export interface Migration {
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
}
