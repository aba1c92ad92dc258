/** Configuration of an image that is imported from files alone, by the engine's names. */
export interface ImageChanges {
  /** The program and its arguments. */
  readonly Cmd?: readonly string[] | undefined;
  /** Each `NAME=value`. */
  readonly Env?: readonly string[] | undefined;
  readonly User?: string | undefined;
  readonly WorkingDir?: string | undefined;
}

/** Formats the configuration as Dockerfile instructions, one per line, which is the form that engines accept. */
export function instructions({
  Cmd: command,
  Env: environment,
  User: user,
  WorkingDir: folder,
}: ImageChanges): string {
  const lines = [
    ...(command === undefined ? [] : [`CMD ${JSON.stringify(command)}`]),
    ...(environment ?? []).map((variable) => {
      const equals = variable.indexOf('=');
      return `ENV ${variable.slice(0, equals)}=${quoted(variable.slice(equals + 1))}`;
    }),
    ...(user === undefined ? [] : [`USER ${quoted(user)}`]),
    ...(folder === undefined ? [] : [`WORKDIR ${quoted(folder)}`]),
  ];
  return lines.join('\n');
}

/**
 * Quotes a value literally. The engine expands variables even inside quotes.
 *
 * @throws TypeError when the value has several lines: the second one would be another instruction.
 */
function quoted(text: string): string {
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text))
    throw new TypeError(`${JSON.stringify(text)} must be a single line without control characters`);
  return `"${text.replace(/[\\"$]/g, '\\$&')}"`;
}
