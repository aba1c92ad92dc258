import { createCipheriv, createHash, randomBytes, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import type { ImageRecord } from '../../lib/index.js';
import { layerOf, rawHeader } from '../support/archives.js';
import { busyboxFiles } from '../support/busybox-image.js';
import { context, imageService } from './surroundings.js';

const mebibyte = 1024 * 1024;
const pieceBytes = mebibyte;
const filePieces = 16;
const endOfArchive = Buffer.alloc(1024);

/** The tag of an image in its archive, and so in the engine after `docker load`. */
export const archiveTag = 'bench/image:1';

/** A layer of incompressible files of 16 MiB. The same seed generates the same layer. */
export interface NoiseLayer {
  readonly seed: Buffer;
  readonly files: number;
}

/** A layer with a random seed, which no other image has. */
export const newLayer = (files: number): NoiseLayer => ({ seed: randomBytes(16), files });

/** Layers of 256 MiB with random seeds. */
export const newLayers = (layers: number): NoiseLayer[] =>
  Array.from({ length: layers }, () => newLayer(256 / filePieces));

/** Uploads an image of busybox and these layers; without layers, a small one. */
export async function uploadImage(layers: readonly NoiseLayer[]): Promise<ImageRecord> {
  const metadata = { name: 'bench', container_format: 'docker', disk_format: 'raw' };
  return await imageService.create(context, metadata, imageArchive(layers));
}

/** The archive in the layout of `docker save` of engine 20.10, generated while it is read. */
function imageArchive(layers: readonly NoiseLayer[]): Readable {
  const archive = pack();
  write(archive, layers).catch((error: unknown) =>
    archive.destroy(new Error('no archive', { cause: error })),
  );
  return Readable.from(archive);
}

async function write(archive: Pack, layers: readonly NoiseLayer[]): Promise<void> {
  const busybox = await layerOf(await busyboxFiles());
  const digests: string[] = [];
  const add = async (size: number, bytes: Iterable<Buffer>): Promise<void> => {
    const hash = createHash('sha256');
    const entry = archive.entry({ name: `${digests.length}/layer.tar`, size });
    await pipeline(hashed(bytes, hash), entry);
    digests.push(hash.digest('hex'));
  };
  await add(busybox.length, [busybox]);
  for (const layer of layers) {
    const size = layer.files * (512 + filePieces * pieceBytes) + endOfArchive.length;
    await add(size, noiseOf(layer));
  }

  const configuration = JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Cmd: ['sleep', '3600'], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: digests.map((digest) => `sha256:${digest}`) },
  });
  const Config = `${createHash('sha256').update(configuration).digest('hex')}.json`;
  const Layers = digests.map((_, index) => `${index}/layer.tar`);
  archive.entry({ name: Config }, configuration);
  archive.entry({ name: 'manifest.json' }, JSON.stringify([{ Config, RepoTags: [archiveTag], Layers }]));
  archive.finalize();
}

function* hashed(pieces: Iterable<Buffer>, hash: Hash): Generator<Buffer, void, void> {
  for (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}

/** Noise from a cipher's key stream, which is much faster than `randomBytes`. */
function* noiseOf({ seed, files }: NoiseLayer): Generator<Buffer, void, void> {
  const noise = createCipheriv('aes-128-ctr', seed, seed);
  const zeros = Buffer.alloc(pieceBytes);
  for (let file = 0; file < files; file += 1) {
    yield rawHeader({ name: `data-${seed.toString('hex')}-${file}`, size: filePieces * pieceBytes });
    for (let piece = 0; piece < filePieces; piece += 1) yield noise.update(zeros);
  }
  yield endOfArchive;
}
