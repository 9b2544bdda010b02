// Reads the templates. In: TEMPLATES_DIR, or null; out: texts by file name. Each file in TEMPLATES_DIR replaces the file of
// the package with the same name; a catalogue there has the name `overrides/<language>.json`, because it replaces single
// messages only. It throws if a directory cannot be read.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GatewayError } from '../../core/errors.ts';

/** Three folders above src/app/config and above dist/app/config. */
const PACKAGE_TEMPLATES = fileURLToPath(new URL('../../../templates', import.meta.url));

const TEMPLATE_FILE = /\.(?:json|html|txt|css)$/;

async function readDirectory(directory: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(directory, path).split(sep).join('/');
    // Kubernetes mounts files as links into a hidden directory; `stat` follows them.
    if (!TEMPLATE_FILE.test(name) || /(?:^|\/)\./.test(name) || !(await stat(path)).isFile()) continue;
    files.set(name, await readFile(path, 'utf8'));
  }
  return files;
}

/** Throws GatewayError `template-invalid` if a directory or file cannot be read. */
export async function readTemplates(overrideDir: string | null): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const directory of new Set([PACKAGE_TEMPLATES, resolve(overrideDir ?? PACKAGE_TEMPLATES)])) {
    try {
      for (const [name, text] of await readDirectory(directory)) {
        const isCatalogue = directory !== PACKAGE_TEMPLATES && name.endsWith('.json');
        files.set(isCatalogue ? `overrides/${name}` : name, text);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new GatewayError('template-invalid', `${directory}:1: ${reason}`, { cause: error });
    }
  }
  return files;
}
