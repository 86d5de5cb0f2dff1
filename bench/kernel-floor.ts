/** Compiles kernel-floor.cc into a temporary folder and starts it for the given processes. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageRoot } from '../src/text/package.js';
import { RoundChild } from './round-child.js';

/** Rejects when there is no compiler, or too few descriptors for all processes. */
export async function startKernelFloor(pids: readonly number[]): Promise<RoundChild> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bench-'));
  try {
    const program = path.join(folder, 'kernel-floor');
    const source = path.join(packageRoot(), 'bench', 'kernel-floor.cc');
    execFileSync(process.env.CXX ?? 'g++', ['-std=c++17', '-O2', '-o', program, source], { stdio: 'inherit' });
    const floor = new RoundChild('kernel floor', program, []);
    const kept = Number(await floor.ask(pids.join(' ')));
    if (kept !== pids.length) throw new Error(`The kernel floor took ${kept} of ${pids.length} processes`);
    return floor;
  } finally {
    // A running program needs its file no more.
    rmSync(folder, { recursive: true });
  }
}
