/**
 * All of Nova's capability flags, unset. A driver overrides those that it supports: `{ ...noCapabilities,
 * has_imagecache: true }`.
 */
export const noCapabilities = {
  /** Images are cached in the engine between spawns, and `manage_image_cache` removes unused ones. */
  has_imagecache: false,
  /** An instance of a failed host can be rebuilt on this one. */
  supports_evacuate: false,
  /** The destination of a resize may be its source host. */
  supports_migrate_to_same_host: false,
  /** Interfaces can be attached to a running instance. */
  supports_attach_interface: false,
  /** The instance can read the tags of its devices. */
  supports_device_tagging: false,
  /** The instance can read the tags of interfaces that are attached later. */
  supports_tagged_attach_interface: false,
  /** The instance can read the tags of volumes that are attached later. */
  supports_tagged_attach_volume: false,
  /** An attached volume can grow. */
  supports_extend_volume: false,
  /** One volume can be attached to several instances. */
  supports_multiattach: false,
  /** Images are verified against certificates that the user specifies. */
  supports_trusted_certs: false,
  /** Host processors can be dedicated to an instance. */
  supports_pcpus: false,
  /** Accelerators can be attached to an instance. */
  supports_accelerators: false,
  /** An instance that was booted from a volume can be rescued. */
  supports_bfv_rescue: false,
  supports_vtpm: false,
  supports_secure_boot: false,
  supports_stateless_firmware: false,
  supports_socket_pci_numa_affinity: false,
  /** Ports can be managed remotely, by a SmartNIC. */
  supports_remote_managed_ports: false,
  supports_address_space_passthrough: false,
  supports_address_space_emulated: false,
  /** Directories of the host can be shared with an instance. */
  supports_virtio_fs: false,
  supports_mem_backing_file: false,
  supports_ephemeral_encryption: false,
  supports_ephemeral_encryption_luks: false,
  supports_ephemeral_encryption_plain: false,
  supports_image_type_aki: false,
  supports_image_type_ami: false,
  supports_image_type_ari: false,
  supports_image_type_iso: false,
  supports_image_type_qcow2: false,
  supports_image_type_raw: false,
  supports_image_type_vdi: false,
  supports_image_type_vhd: false,
  supports_image_type_vhdx: false,
  supports_image_type_vmdk: false,
  supports_image_type_ploop: false,
} as const;

/** A driver's capability flags. Nova: `ComputeDriver.capabilities`. */
export type DriverCapabilities = { readonly [Flag in keyof typeof noCapabilities]: boolean };

/**
 * The traits in Placement by capability. Capabilities without a trait are omitted. os-traits, by Nova's
 * `CAPABILITY_TRAITS_MAP`.
 */
export const capability_traits: Readonly<Partial<Record<keyof DriverCapabilities, string>>> = {
  supports_attach_interface: 'COMPUTE_NET_ATTACH_INTERFACE',
  supports_device_tagging: 'COMPUTE_DEVICE_TAGGING',
  supports_tagged_attach_interface: 'COMPUTE_NET_ATTACH_INTERFACE_WITH_TAG',
  supports_tagged_attach_volume: 'COMPUTE_VOLUME_ATTACH_WITH_TAG',
  supports_extend_volume: 'COMPUTE_VOLUME_EXTEND',
  supports_multiattach: 'COMPUTE_VOLUME_MULTI_ATTACH',
  supports_trusted_certs: 'COMPUTE_TRUSTED_CERTS',
  supports_accelerators: 'COMPUTE_ACCELERATORS',
  supports_image_type_aki: 'COMPUTE_IMAGE_TYPE_AKI',
  supports_image_type_ami: 'COMPUTE_IMAGE_TYPE_AMI',
  supports_image_type_ari: 'COMPUTE_IMAGE_TYPE_ARI',
  supports_image_type_iso: 'COMPUTE_IMAGE_TYPE_ISO',
  supports_image_type_qcow2: 'COMPUTE_IMAGE_TYPE_QCOW2',
  supports_image_type_raw: 'COMPUTE_IMAGE_TYPE_RAW',
  supports_image_type_vdi: 'COMPUTE_IMAGE_TYPE_VDI',
  supports_image_type_vhd: 'COMPUTE_IMAGE_TYPE_VHD',
  supports_image_type_vhdx: 'COMPUTE_IMAGE_TYPE_VHDX',
  supports_image_type_vmdk: 'COMPUTE_IMAGE_TYPE_VMDK',
  supports_image_type_ploop: 'COMPUTE_IMAGE_TYPE_PLOOP',
  supports_migrate_to_same_host: 'COMPUTE_SAME_HOST_COLD_MIGRATE',
  supports_bfv_rescue: 'COMPUTE_RESCUE_BFV',
  supports_secure_boot: 'COMPUTE_SECURITY_UEFI_SECURE_BOOT',
  supports_socket_pci_numa_affinity: 'COMPUTE_SOCKET_PCI_NUMA_AFFINITY',
  supports_remote_managed_ports: 'COMPUTE_REMOTE_MANAGED_PORTS',
  supports_ephemeral_encryption: 'COMPUTE_EPHEMERAL_ENCRYPTION',
  supports_ephemeral_encryption_luks: 'COMPUTE_EPHEMERAL_ENCRYPTION_LUKS',
  supports_ephemeral_encryption_plain: 'COMPUTE_EPHEMERAL_ENCRYPTION_PLAIN',
  supports_address_space_passthrough: 'COMPUTE_ADDRESS_SPACE_PASSTHROUGH',
  supports_address_space_emulated: 'COMPUTE_ADDRESS_SPACE_EMULATED',
  supports_stateless_firmware: 'COMPUTE_SECURITY_STATELESS_FIRMWARE',
  supports_virtio_fs: 'COMPUTE_STORAGE_VIRTIO_FS',
  supports_mem_backing_file: 'COMPUTE_MEM_BACKING_FILE',
};
