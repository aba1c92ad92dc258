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

/** How often each measurement is taken, in both orders. */
export const rounds = BENCH_ROUNDS;

/** How large the image is that is loaded and saved as a whole. */
export const gibibytes = BENCH_GIBIBYTES;

/** As who Glance is asked. */
export const token = GLANCE_MEMBER_TOKEN;
export const context: RequestContext = { auth_token: token };

export const imageService = new GlanceImageService({
  auth: { type: 'context_token' },
  endpoints: GLANCE_NOAUTH_ENDPOINT,
});

/** Where an image's data is. */
export const dataUrl = (image_id: string): string => `${GLANCE_NOAUTH_ENDPOINT}/v2/images/${image_id}/file`;
