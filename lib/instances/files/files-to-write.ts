/** A file of a container. */
export interface ExistingFile {
  readonly contents: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A file to write into a container, or a folder if `contents` is undefined. */
export interface FileToWrite {
  /** Relative to the container's root. */
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly contents?: Buffer;
  /** Set if the instance's user chose the path. */
  readonly isInjected?: true;
}

/** A file whose new contents depend on the image's file. */
export interface FileToChange {
  /** Relative to the container's root. If the image has a symbolic link there, its target is changed. */
  readonly path: string;
  /** Mode to set on the file's folder, which root then owns. Default: the folder stays as it is. */
  readonly folderMode?: number;
  /** @returns the new file; undefined when the existing one is not usable. */
  readonly change: (existing: ExistingFile | undefined) => ExistingFile | undefined;
}

/** Files to put into an instance before its first start. */
export interface InstanceFiles {
  readonly write: readonly FileToWrite[];
  readonly change: readonly FileToChange[];
}
