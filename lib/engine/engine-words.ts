/*
 * Every text of an engine that the driver matches, because no status tells the same. Each says which engines send it: the
 * tests run the engines 20.10 and 28.5; 30 stands for an engine of August 2026, built after 29.7. What no test or
 * recording shows was read in the engine's source of 20.10, 28.5 and 30, and in runc's (1.1.5 to 1.5) and containerd's.
 */

/** What engines say when they refuse or fail. */
export const engineWords = {
  /** The API version is not served (400, from 1.12 on). */
  apiVersion: /^client version [0-9.]+ is too (?:new|old)\b/,

  /** "No such container: …" (404, 20.10 to 30). A missing network or image is a 404, too. */
  noSuchContainer: /no such container/i,
  /** "No such image: …" (404, 20.10 to 30). */
  noSuchImage: /no such image/i,
  /** "network … not found" (404, 20.10 to 30). */
  noSuchNetwork: /network \S+ not found/i,
  /** A container is not in a network that it is to leave (500, 20.10 to 30). */
  notConnected: /is not connected to/i,
  /** A network that is to be removed has containers (403, 20.10 to 30). */
  networkInUse: /active endpoints/i,
  /** Another container has the address; only a start says so (403, 20.10 to 30). */
  addressTaken: /address already in use/i,

  /** A signal of an unknown name (20.10 to 30). */
  noSuchSignal: /invalid signal/i,
  /**
   * "--storage-opt is supported only for overlay over xfs with 'pquota' mount option", and with disabled quotas of btrfs
   * "Failed to limit qgroup for …: transport endpoint is not connected" (both 500, 20.10 to 30).
   */
  noRootDiskSize: /--storage-opt is |limit qgroup/i,

  /** A specification that every engine refuses, whatever its host (400, 20.10 to 30; others as marked). */
  refusedByAll: oneOf(
    [
      /minimum memory(swap)? limit/,
      /CPU cfs (period|quota)/,
      // Since 28.
      /CPU shares/,
      /duplicate mount point/,
      /mount path must be absolute/,
      /destination can't be/,
      /invalid signal/,
      /invalid (MAC|IPv[46]) address/,
      // Since 23. The driver writes valid JSON, so a value in it is malformed: since 29 also an address.
      /^invalid JSON: /,
      // 25 to 28.
      /no configured subnet or ip-range contain the IP address/,
      // Since 29.
      /no configured subnet contains IP address/,
    ],
    'i',
  ),

  /**
   * A container that no host can run because of its image: its command, working directory, volumes, environment or user
   * (at creation or start, 400 or 500, 20.10 to 30; also from runc). Its files are below `merged`; in containerd's
   * store they are below `rootfs`, the snapshotter and the container's id.
   */
  imageCannotRun: oneOf(
    [
      /no command specified/,
      /working directory .* is invalid/,
      /cwd must be an absolute path/,
      /\/(?:merged|rootfs\/\w+\/[0-9a-f]{64})\/.*: not a directory/,
      /cannot mkdir: .* is not a directory/,
      /too many links in .*\/(?:merged|rootfs\/\w+\/[0-9a-f]{64})\//,
      /mount volume over existing file/,
      /invalid environment variable/,
      // From runc before 1.1.8; later ones begin with the words above.
      /environment variable name can't be empty/,
      /unable to find (user|group)/,
      /uids and gids must be in range/,
    ],
    'i',
  ),
  /** The image has no command, and the specification neither (20.10 to 30). */
  noCommand: /no command/i,
  /** The mount point of a mount that failed (from runc, 1.1.5 to 1.5). */
  mountPoint: /to rootfs at "([^"]*)"/,
  /**
   * Why no host can mount anything there: the image has a file or a loop of links, or every container has a kernel file
   * system there (from runc, 1.1.5 to 1.5).
   */
  noPlaceForMount: /not a directory|too many levels of symbolic links|cannot be mounted because it is/i,

  /**
   * A path leads through a file, through a loop of links or out of the container's files, or names a directory (500,
   * 20.10 to 30).
   */
  noSuchPlace: oneOf(
    [
      /cannot overwrite (non-)?directory/,
      /: not a directory/,
      /too many (levels of symbolic )?links/,
      /file name too long/,
      /mkdir .*: file exists/,
      /path escapes from parent/,
    ],
    'i',
  ),
  /** A path that is too long for the engine to read (500, 20.10 to 30). */
  pathTooLong: /file name too long/i,
  /**
   * "Could not find the file /rescued/. in container …" (404); if it is a file, "lstat /rescued/.: not a directory"
   * (500); 20.10 to 30.
   */
  noRescuedFolder: /^could not find the file \/rescued\/\. |\/rescued\/\.: not a directory$/i,

  /**
   * An archive that no engine could load (in the answer to a load; 20.10 to 30, also with containerd's store).
   * Messages about the host's own limits cannot be listed; some ("invalid argument", "file name too long", "operation
   * not supported") depend on its file system.
   */
  faultyArchive: oneOf([
    /invalid tar header/,
    /unexpected EOF/,
    /unhandled tar header type/,
    /duplicates of file paths not supported/,
    /invalid diffID/,
    // Debian's 28.5 and 30, whose go-archive is newer; others take these names as relative to the root.
    /invalid (entry name|hardlink target)/,
    // The same thing by those two, containerd's store and 20.10: a file that would remove its own folder.
    /invalid whiteout (entry|name)/,
    /failed to mknod\(.*\): file exists/,
    // About the configuration: the driver wrote all other JSON in the archive.
    /^json: cannot unmarshal /,
    /^invalid character .* exceeded max depth/,
    /path escapes from parent/,
    /too many levels of symbolic links/,
    // "too many links" alone can also come from a file system that has reached its limit of hard links per file.
    /failed to get root path: too many links/,
    /^(Error processing tar file\(exit status 1\): |apply layer error for .*: )?link(at)? .*: no such file or directory/,
  ]),
  /** "open …/below-0: no such file or directory": a load lacks the layers below (in the answer, 20.10 to 30). */
  lacksLayers: /no such file/i,
  /** A load failed after "Loaded image", told as progress (27 to 30 with containerd's store). */
  unpackFailure: /^Error unpacking image \S+: (.*)/s,
} as const;

/** What engines say of their progress (20.10 to 30). */
export const progressWords = {
  /** The status of a layer that a load unpacks. */
  loadingLayer: 'Loading layer',
  /** The statuses of a layer that a pull will fetch. */
  announcedLayer: ['Pulling fs layer', 'Waiting'],
  /** The status of a layer that a pull fetches. */
  fetchedLayer: 'Downloading',
  /** The statuses of a layer that a pull has fetched. */
  completeLayer: ['Verifying Checksum', 'Download complete', 'Pull complete'],
  /** The name of the image that a build pulled for a step. */
  pulledImage: /^Status: Downloaded newer image for (\S+)$/,
  /** The number of a build's step. */
  buildStep: /^Step (\d{1,6}\/\d{1,6}) : /,
  /** The beginning of the id of the image that a build's step made. */
  stepImage: /^ ---> ([0-9a-f]{12})\n$/,
} as const;

/** One pattern that matches what any of the given patterns match. */
function oneOf(patterns: readonly RegExp[], flags = ''): RegExp {
  return new RegExp(patterns.map(({ source }) => `(?:${source})`).join('|'), flags);
}
