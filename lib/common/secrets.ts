const hidden = '***';
/** The shortest value to redact, in characters. Shorter values are not secrets and occur in ordinary words. */
const minSecretLength = 4;

/** Redacts an untrusted text for a message: PEM, the user information before the `@` of an address, and URL queries. */
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

/** Redacts the given secrets in a text, both verbatim and in JSON's escaped form. */
export function withoutValues(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    .filter((secret) => secret.length >= minSecretLength)
    .sort((one, other) => other.length - one.length)
    .reduce((rest, secret) => rest.replaceAll(secret, hidden), text);
}
