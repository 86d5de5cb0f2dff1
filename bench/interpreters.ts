/**
 * The python3 interpreters of this machine.
 *
 * The trap: the first one on the PATH may be a shim or a private build without the distribution's modules, while the
 * distribution's own has them.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

/** The first python3 that can import all these modules, or undefined. */
export function findPython(modules: readonly string[] = []): string | undefined {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
  const candidates = [...folders, '/usr/bin'].map((folder) => path.join(folder, 'python3')).filter(existsSync);
  const program = ['import sys', ...modules.map((name) => `import ${name}`), 'print(sys.executable)'].join('\n');
  for (const candidate of new Set(candidates)) {
    try {
      return execFileSync(candidate, ['-c', program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      // The next one may have them.
    }
  }
  return undefined;
}
