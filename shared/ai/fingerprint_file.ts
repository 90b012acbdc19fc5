import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { FingerprintStore } from './image_index.ts';

const Fingerprints = z.record(z.string(), z.object({ text: z.string(), attributes: z.string() }));
const Stored = z.object({ format: z.literal('image-fingerprints-1'), images: Fingerprints });

/** Fingerprints in a JSON file, replaced as a whole. A file that is torn or of something else counts as none: everything is indexed again. */
export function fingerprintFile(path: string): FingerprintStore {
  return {
    read: async () => {
      try {
        return new Map(Object.entries(Stored.parse(JSON.parse(await readFile(path, 'utf8'))).images));
      } catch (error) {
        if (error instanceof SyntaxError || error instanceof z.ZodError) return new Map();
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
        throw error;
      }
    },
    write: async (fingerprints) => {
      await mkdir(dirname(path), { recursive: true });
      const draft = `${path}.${randomUUID()}`;
      try {
        await writeFile(draft, JSON.stringify({ format: 'image-fingerprints-1', images: Object.fromEntries(fingerprints) }), {
          mode: 0o600,
        });
        await rename(draft, path);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
  };
}
