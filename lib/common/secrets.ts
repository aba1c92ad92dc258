const hidden = '***';
/** Characters that a value must have to be looked for: shorter ones are no secrets, and stand in many words. */
const shortestSecret = 4;

/**
 * A text from outside as a message may show it: without PEM, without what stands before the `@` of an address, without
 * queries of addresses.
 */
export function withoutSecrets(text: string): string {
  return text
    .replace(/-----BEGIN[^]*/, '[PEM]')
    .replace(
      /^(\w[\w+.-]*:\/\/)?\S*@(?!sha256:)/,
      (_all, scheme: string | undefined) => `${scheme ?? ''}${hidden}@`,
    )
    .replace(/(:\/\/)[^\s"'@]*@/g, `$1${hidden}@`)
    .replace(/(\w:\/\/[^\s"'?#]*)[?#][^\s"']*/g, `$1?${hidden}`);
}

/** A text without some values that it must not show, as they are or as JSON has them. */
export function withoutValues(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    .filter((secret) => secret.length >= shortestSecret)
    .sort((one, other) => other.length - one.length)
    .reduce((rest, secret) => rest.replaceAll(secret, hidden), text);
}
