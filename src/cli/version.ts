/**
 * The version, from the package's own manifest. The trap is its price: `--version` is what a prompt or a probe runs, so
 * this file imports nothing but `fs`, which every Node program has loaded already.
 */
import { readFileSync } from 'node:fs';

/** The version of this package. */
export function readVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
