/** A file to write into an instance before it starts: where, and what. Nova: `injected_files`. */
export type InjectedFile = readonly [path: string, contents: string | Uint8Array];
