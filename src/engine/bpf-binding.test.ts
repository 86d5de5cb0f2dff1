/** The second addon is refused when it is not ours: here the package is a folder with one addon after another. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ENGINES } from '../../test/engine/engines.js';
import { findAddon } from './native-binding.js';

const place = vi.hoisted(() => ({ root: '' }));
vi.mock('../text/package.js', async (original) => {
  const { packageRoot, ...others } = await original<typeof import('../text/package.js')>();
  return { ...others, packageRoot: () => place.root || packageRoot() };
});
const built = findAddon('tidemark_bpf');
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bpf-'));
afterAll(() => rmSync(folder, { recursive: true }));

let file: string;
beforeEach(() => {
  // What was loaded once is kept: by us as a module is, and by the linker under its path.
  vi.resetModules();
  place.root = mkdtempSync(path.join(folder, 'package-'));
  file = path.join(place.root, 'build/Release/tidemark_bpf.node');
  mkdirSync(path.dirname(file), { recursive: true });
});
const binding = async () => (await import('./bpf-binding.js')).bpfBinding();

describe.runIf(ENGINES.includes('bpf'))('the second addon', () => {
  it('is loaded once', async () => {
    cpSync(built!, file);
    const { bpfBinding } = await import('./bpf-binding.js');
    const first = bpfBinding();
    expect(first).toMatchObject({ state: 'loaded', path: file });
    expect(bpfBinding()).toBe(first);
  });

  it('that was built for other columns is none', async () => {
    const bytes = readFileSync(built!);
    for (let at = bytes.indexOf('\0minorFaults\0'); at >= 0; at = bytes.indexOf('\0minorFaults\0', at + 1)) {
      bytes.write('\0minorFaultz\0', at, 'latin1');
    }
    writeFileSync(file, bytes);
    expect(await binding()).toEqual({ state: 'absent', reason: `${file} was built for other columns` });
  });

  it('that is none does not load', async () => {
    writeFileSync(file, 'x'.repeat(100));
    expect(await binding()).toEqual({ state: 'absent', reason: `${file} does not load: it is no ELF file` });
  });
});
