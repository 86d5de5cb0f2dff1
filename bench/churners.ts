/** Compiles churner.cc and starts processes that move at a steady pace. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageRoot } from '../src/text/package.js';
import { RoundChild } from './round-child.js';

export interface Churners extends AsyncDisposable {
  readonly pids: readonly number[];
}

/** Rejects when there is no compiler. */
export async function startChurners(count: number): Promise<Churners> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bench-'));
  try {
    const program = path.join(folder, 'churner');
    const source = path.join(packageRoot(), 'bench', 'churner.cc');
    execFileSync(process.env.CXX ?? 'g++', ['-std=c++17', '-O2', '-o', program, source], { stdio: 'inherit' });
    const herd = new RoundChild('The churners', program, [`${count}`]);
    const pids = (await herd.ask('')).split(' ').map(Number);
    return { pids, [Symbol.asyncDispose]: () => herd[Symbol.asyncDispose]() };
  } finally {
    // A running program needs its file no more.
    rmSync(folder, { recursive: true });
  }
}
