/** The resources that Placement has allocated on one resource provider. */
export interface Allocation {
  /** Amounts by resource class: `{ VCPU: 1, MEMORY_MB: 512, DISK_GB: 10 }`. */
  readonly resources: Readonly<Record<string, number>>;
  readonly generation?: number;
}

/** The resources that Placement has allocated to one instance, by resource provider. Nova: `allocations` of `spawn`. */
export type Allocations = Readonly<Record<string, Allocation>>;

/** The resources that Placement has allocated to one consumer. */
export interface ConsumerAllocations {
  readonly allocations: Allocations;
  readonly project_id?: string;
  readonly user_id?: string;
  readonly consumer_generation?: number | null;
}

/** An accelerator that is bound to an instance. Nova: an entry of `accel_info` (Cyborg: ARQ). */
export interface AcceleratorRequest {
  readonly uuid: string;
  readonly device_profile_name: string;
  readonly device_profile_group_id: number;
  readonly state: string;
  readonly device_rp_uuid: string;
  readonly hostname: string;
  readonly instance_uuid: string;
  readonly attach_handle_type: string;
  readonly attach_handle_info: Readonly<Record<string, string>>;
}
