const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Whether a text is a uuid, as instances and images of the image service are called. What passes holds nothing that
 * means anything in a path.
 */
export const isUuid = (text: string): boolean => pattern.test(text);
