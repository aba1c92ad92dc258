import type { ImageMetadata, Instance } from '../../interfaces/index.js';

/**
 * The metadata of a snapshot's image record, as Nova's drivers set it. Users find their snapshots by the properties.
 */
export function snapshotMetadata(project_id: Instance['project_id']): ImageMetadata {
  return {
    container_format: 'docker',
    disk_format: 'raw',
    properties: {
      image_location: 'snapshot',
      image_state: 'available',
      ...(project_id === undefined || project_id === null ? {} : { owner_id: project_id }),
    },
  };
}
