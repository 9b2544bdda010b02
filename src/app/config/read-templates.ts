// In: the admin's TEMPLATES_DIR, or null. Out: template and catalogue texts by file name, the package's own overlaid by
// the admin's, file by file; a catalogue of the admin's comes as `overrides/<language>.json`, because it replaces
// single messages. Refuses a directory that cannot be read.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GatewayError } from '../../core/errors.ts';

/** The same from src/app/config and from dist/app/config: both stand three steps below the package. */
const OWN = fileURLToPath(new URL('../../../templates', import.meta.url));

const KINDS = /\.(?:json|html|txt|css)$/;

async function readDirectory(directory: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(directory, path).split(sep).join('/');
    // Mounted configuration (Kubernetes) is made of links into a hidden directory: `stat` follows them.
    if (!KINDS.test(name) || /(?:^|\/)\./.test(name) || !(await stat(path)).isFile()) continue;
    files.set(name, await readFile(path, 'utf8'));
  }
  return files;
}

/** @throws GatewayError `template-invalid` where a directory or file cannot be read */
export async function readTemplates(overrideDir: string | null): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const directory of new Set([OWN, resolve(overrideDir ?? OWN)])) {
    try {
      for (const [name, text] of await readDirectory(directory)) {
        const isMessages = directory !== OWN && name.endsWith('.json');
        files.set(isMessages ? `overrides/${name}` : name, text);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new GatewayError('template-invalid', `${directory}:1: ${reason}`, { cause: error });
    }
  }
  return files;
}
