/** The second reader as a child process, and the comparison of what it says with what the library says. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { FileStorage } from '../../src/ring/file-storage.js';
import { ROOT } from '../torture/root.js';
import { type Line, libraryLines } from './library-lines.js';

const SCRIPT = path.join(ROOT, 'test/tide-reader/read_tide.py');
const OUTPUT_MAX = 2 ** 30;

/** The lines of the python reader. Throws what it printed when it failed. */
export function secondLines(file: string): Line[] {
  const { status, stdout, stderr } = spawnSync('python3', ['-B', SCRIPT, file], {
    encoding: 'utf8',
    maxBuffer: OUTPUT_MAX,
  });
  if (stderr !== '' || (status !== 0 && status !== 1)) throw new Error(`The second reader failed: ${stderr}`);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** Both readers on one file; `difference` is the first line in which they differ, shortened. */
export function readTwice(file: string): { lines: readonly Line[]; difference: string | undefined } {
  const storage = FileStorage.open(file);
  try {
    const lines = libraryLines(storage);
    const second = secondLines(file);
    for (let at = 0; at < Math.max(lines.length, second.length); at++) {
      const [ours, theirs] = [JSON.stringify(lines[at]), JSON.stringify(second[at])];
      if (ours !== theirs) return { lines, difference: `line ${at}: ${differing(ours, theirs)}` };
    }
    return { lines, difference: undefined };
  } finally {
    storage.close();
  }
}

function differing(ours = 'nothing', theirs = 'nothing'): string {
  let at = 0;
  while (at < ours.length && ours[at] === theirs[at]) at++;
  const shown = (text: string) => `${text.slice(0, 40)} ... ${text.slice(Math.max(0, at - 60), at + 60)}`;
  return `library ${shown(ours)} | second reader ${shown(theirs)}`;
}
