/** Nova's flags, none of them set: the driver that can do nothing. A driver names those that it has: `{ ...noCapabilities, has_imagecache: true }`. */
export const noCapabilities = {
  /** Images stay in the engine between spawns, and `manage_image_cache` looks after them. */
  has_imagecache: false,
  /** An instance of a host that is gone can be rebuilt on this one. */
  supports_evacuate: false,
  /** A resize may end on the host where it began. */
  supports_migrate_to_same_host: false,
  /** Interfaces can be attached to an instance that runs. */
  supports_attach_interface: false,
  /** Tags of devices are shown to the instance. */
  supports_device_tagging: false,
  /** The same for an interface that is attached later. */
  supports_tagged_attach_interface: false,
  /** The same for a volume that is attached later. */
  supports_tagged_attach_volume: false,
  /** An attached volume can grow. */
  supports_extend_volume: false,
  /** One volume can be attached to several instances. */
  supports_multiattach: false,
  /** Images are verified against certificates that the user names. */
  supports_trusted_certs: false,
  /** Host processors can be given to one instance alone. */
  supports_pcpus: false,
  /** Accelerators can be given to an instance. */
  supports_accelerators: false,
  /** An instance that was booted from a volume can be rescued. */
  supports_bfv_rescue: false,
  supports_vtpm: false,
  supports_secure_boot: false,
  supports_stateless_firmware: false,
  supports_socket_pci_numa_affinity: false,
  /** Ports may be handled by a network device of its own mind. */
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

/** What a driver can do beyond the least, by Nova's flags. Nova: `ComputeDriver.capabilities`. */
export type DriverCapabilities = { readonly [Flag in keyof typeof noCapabilities]: boolean };
