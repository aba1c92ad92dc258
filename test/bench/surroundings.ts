import { z } from 'zod';
import { GlanceImageService, type RequestContext } from '../../lib/index.js';

const variables = z.object({
  DOCKER_HOST: z.string(),
  GLANCE_NOAUTH_ENDPOINT: z.url(),
  GLANCE_MEMBER_TOKEN: z.string(),
  BENCH_ROUNDS: z.coerce.number().int().min(1),
  BENCH_GIBIBYTES: z.coerce.number().int().min(1),
});

const { DOCKER_HOST, GLANCE_NOAUTH_ENDPOINT, GLANCE_MEMBER_TOKEN, BENCH_ROUNDS, BENCH_GIBIBYTES } =
  variables.parse(process.env);

/** The private engine that run.mjs started. */
export const engine = DOCKER_HOST;

/** Number of rounds: each measures both contestants twice, in both orders. */
export const rounds = BENCH_ROUNDS;

/** Size of the image that is loaded and saved completely. */
export const gibibytes = BENCH_GIBIBYTES;

/** The token for requests to Glance. */
export const token = GLANCE_MEMBER_TOKEN;
export const context: RequestContext = { auth_token: token };

export const imageService = new GlanceImageService({
  auth: { type: 'context_token' },
  endpoints: GLANCE_NOAUTH_ENDPOINT,
});

/** The URL of an image's data in Glance. */
export const dataUrl = (image_id: string): string => `${GLANCE_NOAUTH_ENDPOINT}/v2/images/${image_id}/file`;
