import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { parsed } from '../../../../lib/engine/answers.js';
import {
  committed,
  containerConfiguration,
  containerCreated,
  containerInspect,
  containerSummary,
} from '../../../../lib/engine/schemas/containers.js';
import { imageInspect, imageSummary } from '../../../../lib/engine/schemas/images.js';
import { networkCreated, networkInspect } from '../../../../lib/engine/schemas/networks.js';
import { containerStats } from '../../../../lib/engine/schemas/stats.js';
import { engineEvent, systemInfo, versionAnswer } from '../../../../lib/engine/schemas/system.js';

const file = new URL('../../../../fixtures/answers/engine-30.json', import.meta.url);
const recording = z.array(
  z.object({
    request: z.object({ api: z.string(), method: z.string(), path: z.string() }),
    status: z.int(),
    answer: z.unknown(),
  }),
);
const answers = recording
  .parse(parsed({ method: 'GET', path: file.pathname }, readFileSync(file)))
  .filter(({ status }) => status < 400)
  .map(({ request: { api, method, path }, answer }) => ({ what: `${api} ${method} ${path}`, answer }));

/** The schemas by which the client reads the answer to a request. */
const schemas: readonly (readonly [RegExp, ...z.ZodType[]])[] = [
  [/GET \/version$/, versionAnswer],
  [/GET \/info$/, systemInfo],
  [/GET \/images\/json$/, z.array(imageSummary)],
  [/GET \/images\/\S+\/json$/, imageInspect],
  [/POST \/networks\/create$/, networkCreated],
  [/GET \/networks\/\S+$/, networkInspect],
  [/POST \/containers\/create/, containerCreated],
  [/GET \/containers\/json/, z.array(containerSummary)],
  [/GET \/containers\/\w+\/json$/, containerInspect, containerConfiguration],
  [/GET \/containers\/\w+\/stats/, containerStats],
  [/POST \/commit/, committed],
  [/GET \/events/, z.array(engineEvent)],
];
const schemasOf = (what: string): readonly z.ZodType[] => {
  const [, ...found] = schemas.find(([pattern]) => pattern.test(what)) ?? [/^/];
  return found;
};
const read = answers.filter(({ what }) => !what.includes(' DELETE '));

/** What API 1.52 leaves out where it is unset, and engines 29.0 to 29.1.5 send as `""`. */
const mayBeUnset = new Set([
  ...['NetworkID', 'EndpointID', 'Gateway', 'IPAddress', 'GlobalIPv6Address', 'MacAddress'],
  ...['IPv4Address', 'IPv6Address', 'Subnet', 'IPRange'],
  ...['Parent', 'ParentId', 'DockerVersion', 'Author', 'Comment'],
  ...['User', 'WorkingDir', 'StopSignal'],
]);

/** A copy of an answer in which `change` made every field that may be unset. */
function changed(value: unknown, change: (fields: Record<string, unknown>, name: string) => void): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => changed(each, change));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, changed(each, change)]),
  );
  for (const name of mayBeUnset) if (typeof fields[name] === 'string') change(fields, name);
  return fields;
}
const leftOut = (answer: unknown): unknown =>
  changed(answer, (fields, name) => void Reflect.deleteProperty(fields, name));
const sentEmpty = (answer: unknown): unknown =>
  changed(answer, (fields, name) => void Reflect.set(fields, name, ''));

it('has an answer for every schema', () => {
  const unused = schemas.filter(([pattern]) => !read.some(({ what }) => pattern.test(what)));
  expect(unused).toEqual([]);
});

describe.each(read)('the answer of engine 30 to $what', ({ what, answer }) => {
  it('is read by a schema of the client', () => {
    expect(schemasOf(what)).not.toEqual([]);
    for (const schema of schemasOf(what)) expect(schema.safeParse(answer).error).toBeUndefined();
  });

  it('is read without the fields that may be unset', () => {
    for (const schema of schemasOf(what)) expect(schema.safeParse(leftOut(answer)).error).toBeUndefined();
  });

  it('is read alike whether an unset field is left out or empty', () => {
    for (const schema of schemasOf(what).filter((each) => each !== containerConfiguration))
      expect(schema.safeParse(sentEmpty(answer)).data).toEqual(schema.safeParse(leftOut(answer)).data);
  });
});
