// Reads the version of this program. In: package.json, which is two folders up both from src/app and from dist/app; out:
// its version.
import { readFileSync } from 'node:fs';

const packageFile = new URL('../../package.json', import.meta.url);

export function readVersion(): string {
  return (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;
}
