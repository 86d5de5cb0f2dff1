/** placeholder until the file of the same name is there */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export function readMeminfo(root: string): Map<string, number> {
  const text = readFileSync(path.join(root, 'meminfo'), 'latin1');
  return new Map(
    Array.from(text.matchAll(/^(\S+):\s+(\d+)( kB)?$/gm), (m) => [m[1]!, Number(m[2]) * (m[3] ? 1024 : 1)]),
  );
}
