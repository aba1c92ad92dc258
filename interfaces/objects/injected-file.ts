/** A file to write into an instance before its first start: its path and its content. Nova: `injected_files`. */
export type InjectedFile = readonly [path: string, contents: string | Uint8Array];
