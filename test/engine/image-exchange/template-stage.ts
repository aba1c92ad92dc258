import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from '@jest/globals';
import { extract } from 'tar-stream';
import { z } from 'zod';
import type { ImageRecord } from '../../../interfaces/index.js';
import { DirectoryImageService } from '../../../lib/image-services/index.js';
import { ImageTemplates } from '../../../lib/image-exchange/index.js';
import type { ImageTemplatesOptions } from '../../../lib/image-exchange/index.js';
import { readAll } from '../../../lib/streams/index.js';
import { busyboxFiles } from '../../support/busybox-image.js';
import { engineHost, inventory } from '../../support/engine.js';
import { context } from '../../support/nova-objects.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const gzipMagic = Buffer.from([0x1f, 0x8b]);
const manifest = z.tuple([z.object({ Config: z.string(), Layers: z.array(z.string()) })]);
const configuration = z.object({ config: z.looseObject({ Cmd: z.array(z.string()).nullish() }) });

/** Fixture of the template tests: an engine, an image service in a directory, and a build context. */
export class TemplateStage {
  readonly #opened: ImageTemplates[] = [];

  private constructor(
    readonly root: ReturnType<typeof temporaryFolder>,
    readonly images: DirectoryImageService,
    readonly folder: string,
    readonly before: Awaited<ReturnType<typeof inventory>>,
  ) {}

  static async open(): Promise<TemplateStage> {
    const root = temporaryFolder();
    const path = await root.path();
    const images = new DirectoryImageService({ directory: join(path, 'images') });
    await mkdir(join(path, 'context'));
    return new TemplateStage(root, images, join(path, 'context'), await inventory());
  }

  get templates(): ImageTemplates {
    return this.#opened[0] ?? this.newTemplates();
  }

  newTemplates(options: Partial<ImageTemplatesOptions> = {}): ImageTemplates {
    const { images: imageService } = this;
    const given = { engine: engineHost(), imageService, host: 'templates', ...options };
    const templates = new ImageTemplates(given);
    this.#opened.push(templates);
    return templates;
  }

  /** Builds from the folder of the stage by default. */
  build(more: object = {}): Promise<ImageRecord> {
    const source = { type: 'dockerfile', context: { folder: this.folder }, ...more } as const;
    return this.templates.register(context, source, { name: 'built' });
  }

  async mustHaveNoImages(): Promise<void> {
    expect(await this.images.detail(context)).toEqual([]);
  }

  /** Writes files into the build context. */
  async write(files: Readonly<Record<string, string | Buffer>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(this.folder, path)), { recursive: true });
      await writeFile(join(this.folder, path), content, { mode: 0o755 });
    }
  }

  /** Writes a static shell into the build context, for `COPY sh /bin/sh`: RUN needs one. */
  async writeShell(): Promise<void> {
    const [busybox] = await busyboxFiles();
    await this.write({ sh: Buffer.from(busybox?.content ?? '') });
  }

  /** The files of a registered image by path (later layers replace earlier ones), and its command. */
  async contentOf({ id }: ImageRecord): Promise<{ files: Map<string, Buffer>; command: string[] }> {
    const archive = await entriesOf(await readAll(await this.images.download(context, id), Infinity));
    const part = (name: string): Buffer => archive.get(name) ?? Buffer.alloc(0);
    const [{ Config: config, Layers: layers }] = manifest.parse(JSON.parse(String(part('manifest.json'))));
    const files = new Map<string, Buffer>();
    for (const layer of layers)
      for (const [path, content] of await entriesOf(part(layer))) files.set(path, content);
    const { Cmd: command } = configuration.parse(JSON.parse(String(part(config)))).config;
    return { files, command: command ?? [] };
  }

  /** Verifies that the engine has no more objects than before the test. */
  async close(): Promise<void> {
    for (const templates of this.#opened) templates.close();
    await this.root.remove();
    expect(await inventory()).toEqual(this.before);
  }
}

async function entriesOf(archive: Buffer): Promise<Map<string, Buffer>> {
  const reader = extract();
  // Engines with the containerd store compress layers.
  reader.end(archive.subarray(0, 2).equals(gzipMagic) ? gunzipSync(archive) : archive);
  const entries = new Map<string, Buffer>();
  for await (const entry of reader) entries.set(entry.header.name, await readAll(entry, Infinity));
  return entries;
}
