/** What containers of an image inherit that is made from files alone, by the engine's names. */
export interface ImageChanges {
  /** The program and its arguments. */
  readonly Cmd?: readonly string[] | undefined;
  /** `NAME=value` each. */
  readonly Env?: readonly string[] | undefined;
  readonly User?: string | undefined;
  readonly WorkingDir?: string | undefined;
}

/** The changes as instructions of a Dockerfile, one a line, which is how engines want to be told. */
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
 * A word that means itself. The engine replaces variables even in quotes.
 *
 * @throws TypeError when it has more than one line: the next one would be another instruction.
 */
function quoted(text: string): string {
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text))
    throw new TypeError(`${JSON.stringify(text)} is more than a line of text`);
  return `"${text.replace(/[\\"$]/g, '\\$&')}"`;
}
