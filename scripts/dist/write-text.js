import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Writes a file that everybody may read, and the folders that it lies in. */
export function writeText(file, content) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content, { mode: 0o644 });
}
