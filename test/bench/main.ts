// Runs the benchmarks named in the arguments, and prints their results. run.mjs starts the services.
import { benchHotPath } from './hot-path.js';
import { tableOf, type Figure } from './figures.js';
import { newLayers, uploadImage } from './images.js';
import { benchLayers } from './layers.js';
import { benchLoad } from './load.js';
import { benchSnapshot } from './snapshot.js';
import { context, gibibytes, imageService } from './surroundings.js';

const wanted = new Set(process.argv.slice(2));
const small = await uploadImage([]);
const large =
  wanted.has('load') || wanted.has('snapshot') ? await uploadImage(newLayers(4 * gibibytes)) : undefined;

const results: (readonly [string, Figure[]])[] = [];
const bench = async (name: string, title: string, run: () => Promise<Figure[]>): Promise<void> => {
  if (!wanted.has(name)) return;
  console.log(`\n${title}`);
  results.push([title, await run()]);
};

try {
  if (large !== undefined) {
    const mebibytes = ((large.size ?? 0) / 1024 / 1024).toFixed(0);
    await bench('load', `Loading an image of ${mebibytes} MiB from Glance`, () => benchLoad(small, large));
    await bench('snapshot', `Saving its container to Glance`, () => benchSnapshot(small, large));
  }
  await bench('layers', 'Moving only what is missing', () => benchLayers());
  await bench('hot-path', 'Requests and latency', () => benchHotPath(small));
} finally {
  for (const image of [small, large]) if (image !== undefined) await imageService.delete(context, image.id);
  imageService.close();
}
for (const [title, figures] of results) console.log(`\n${title}\n\n${tableOf(figures)}`);
