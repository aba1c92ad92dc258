/** A SHA-256 digest as registries and engines write it. */
export const sha256Digest = /^sha256:[0-9a-f]{64}$/;
