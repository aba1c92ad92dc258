/** A file as it is in a container. */
export interface ExistingFile {
  readonly contents: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A file, or a folder when it has no contents, to write into a container. */
export interface FileToWrite {
  /** Relative to the container's root. */
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly contents?: Buffer;
  /** Whoever wants the instance has chosen its path. */
  readonly isInjected?: true;
}

/** A file whose new contents depend on what the image has there. */
export interface FileToChange {
  /** Relative to the container's root; where the image has a symbolic link, the file that it leads to is changed. */
  readonly path: string;
  /** The mode of the folder that the file is in, which then is root's; default: the folder stays as it is. */
  readonly folderMode?: number;
  /** @returns what the file is to be, undefined when it cannot be changed. */
  readonly change: (existing: ExistingFile | undefined) => ExistingFile | undefined;
}

/** What goes into an instance before it first starts. */
export interface InstanceFiles {
  readonly write: readonly FileToWrite[];
  readonly change: readonly FileToChange[];
}
