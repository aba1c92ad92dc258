/*
 * The public methods of Nova's ComputeDriver (master, August 2026), but for `get_instance_driver_metadata` and
 * `rebalances_nodes`, which Nova never calls on a driver.
 */

/** The methods that Nova's base class does not implement. */
export const leftToDrivers = `
  init_host get_info list_instances list_instance_uuids rebuild spawn destroy cleanup reboot get_console_output
  get_vnc_console get_spice_console get_serial_console get_mks_console get_diagnostics get_instance_diagnostics
  get_all_volume_usage get_host_ip_addr attach_volume detach_volume swap_volume extend_volume attach_interface
  detach_interface migrate_disk_and_power_off snapshot finish_migration confirm_migration finish_revert_migration
  pause unpause suspend resume resume_state_on_host_boot rescue unrescue power_off power_on mount_share
  umount_share is_share_mounted power_update_event trigger_crash_dump soft_delete restore update_provider_tree
  get_available_resource pre_live_migration live_migration live_migration_force_complete live_migration_abort
  rollback_live_migration_at_destination post_live_migration_at_source post_live_migration_at_destination
  check_instance_shared_storage_local check_instance_shared_storage_remote check_can_live_migrate_destination
  cleanup_live_migration_destination_check check_can_live_migrate_source get_instance_disk_info set_admin_password
  poll_rebooting_instances host_power_action host_maintenance_mode set_host_enabled get_host_uptime plug_vifs
  unplug_vifs get_host_cpu_stats block_stats cache_image get_volume_connector get_available_nodes
  get_nodenames_by_uuid volume_snapshot_create volume_snapshot_delete default_root_device_name
  default_device_names_for_instance get_device_name_for_instance quiesce unquiesce
`
  .trim()
  .split(/\s+/);

/** The methods that Nova's base class implements. */
export const answeredByNova = `
  process_instances_at_startup cleanup_host get_num_instances instance_exists prepare_for_spawn
  failed_spawn_cleanup prepare_networks_before_block_device_mapping clean_networks_preparation
  capabilities_as_traits is_node_deleted rollback_live_migration_at_source post_live_migration
  check_instance_shared_storage_cleanup check_source_migrate_data_at_dest post_claim_migrate_data
  inject_network_info manage_image_cache node_is_available instance_on_disk register_event_listener emit_event
  delete_instance_files is_supported_fs_format network_binding_host_id manages_network_binding_host_id
  cleanup_lingering_instance_resources
`
  .trim()
  .split(/\s+/);

/** The methods of the driver that Nova does not know. */
export const besideNova = ['events'];
