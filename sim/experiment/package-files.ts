/** Finds the package's own files, from the built code and from the sources that tests load. */

import { readFileSync } from 'node:fs';

/** sim/experiment/ is two levels below the package; built, it is dist/sim/experiment/, and three. */
const PACKAGE_ROOT = new URL(import.meta.url.endsWith('.ts') ? '../../' : '../../../', import.meta.url);

/** A built file: worker threads cannot load TypeScript, so tests, too, run the worker that ships. */
export function builtFile(path: string): URL {
  return new URL(`dist/${path}`, PACKAGE_ROOT);
}

export function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('package.json', PACKAGE_ROOT), 'utf8')) as { version: string };
  return manifest.version;
}
