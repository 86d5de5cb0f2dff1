/** So many processes with names of their own, which move a little: groups for an agent, see named.py. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { packageRoot } from '../src/text/package.js';
import { findPython } from './interpreters.js';

/** Throws when there is no python3. Disposing of it ends all of them. */
export async function startNamedProcesses(count: number): Promise<AsyncDisposable> {
  const python = findPython();
  if (python === undefined) throw new Error('Processes with names need python3, and none is on the PATH');
  const script = path.join(packageRoot(), 'bench', 'named.py');
  const child = spawn(python, [script, String(count)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed.then(() => Promise.reject(new Error('named.py ended')))]);
  return {
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await closed;
    },
  };
}
