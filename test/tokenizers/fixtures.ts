/**
 * The captured and the hand-written kernel text below test/fixtures/procfs, with the kernel file that each one is.
 *
 * Live ones lie at `live/PROCESS/FILE` (see test/fixtures/capture.py), written ones at `written/FILE.WHAT`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { KernelFile } from '../../src/procfs/read.js';
import { ROOT } from '../torture/root.js';

export interface Fixture {
  readonly file: KernelFile;
  readonly name: string;
  readonly bytes: Uint8Array;
}

const FOLDER = `${ROOT}/test/fixtures/procfs/`;

/** The tree of captured processes, one folder per process, but named by what it is instead of a pid. */
export const LIVE_FOLDER = `${FOLDER}live`;

/** The bytes of one captured or written text, by its path below test/fixtures/procfs. */
export function fixture(path: string): Uint8Array {
  return readFileSync(FOLDER + path);
}

/** The same as text; for what is ASCII. */
export function fixtureText(path: string): string {
  return Buffer.from(fixture(path)).toString('latin1');
}

export const FIXTURES: readonly Fixture[] = [
  ...readdirSync(`${FOLDER}written`).map((name) => ({
    file: name.slice(0, name.indexOf('.')) as KernelFile,
    name: `written/${name}`,
    bytes: fixture(`written/${name}`),
  })),
  ...readdirSync(LIVE_FOLDER).flatMap((process) =>
    readdirSync(`${LIVE_FOLDER}/${process}`).map((file) => ({
      file: file as KernelFile,
      name: `live/${process}/${file}`,
      bytes: fixture(`live/${process}/${file}`),
    })),
  ),
];
