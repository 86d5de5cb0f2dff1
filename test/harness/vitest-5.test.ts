/**
 * The provider and the reporter under vitest 5 itself, which asks for a later Node than this runs on: `vitest bench` in a project of its
 * own, with a Node 22.
 *
 * The trap: our own modules would find the vitest of this checkout, so the project has a copy of them.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { installedOnce } from '../../scripts/node/installed-once.js';
import { nodeBinary } from '../../scripts/node/node-binary.js';
import { NODE_VERSIONS } from '../../scripts/node/node-versions.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGES = ['vitest@5.1.2', 'vite@7.3.6'];
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-vitest-5-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('measures what is compared, what has its process to itself, and what fails', () => {
  const modules = path.join(installedOnce('vitest-5', PACKAGES), 'node_modules');
  mkdirSync(path.join(folder, 'node_modules'));
  symlinkSync(path.join(modules, 'vitest'), path.join(folder, 'node_modules/vitest'));
  for (const part of ['package.json', 'dist', 'build/Release/tidemark.node']) {
    cpSync(path.join(ROOT, part), path.join(folder, 'node_modules/tidemark', part), { recursive: true });
  }
  cpSync(path.join(ROOT, 'test/harness/vitest-5-fixture'), folder, { recursive: true });
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:VITEST|TINYPOOL|NODE_ENV)/.test(name)),
  );
  const words = [path.join(folder, 'node_modules/vitest/vitest.mjs'), 'bench', '--run'];
  const { status, stdout, stderr } = spawnSync(nodeBinary(NODE_VERSIONS[22], process.arch), words, {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  const text = stripVTControlCharacters(stdout + stderr);
  // The gate that is not met, and no other.
  expect({ status, text }).toMatchObject({ status: 1, text: expect.stringMatching(/Tests +1 failed \| 2 passed/) });
  expect(text).toMatch(/AssertionError: expected \d+\.?\d* to be less than 64/);
  expect(text).toMatch(/\n +memory +alloc\/op \(B\).*\n +allocates +\d+\.\d .*\n +lean +\d+\.\d /);
  expect(text).toMatch(/\n +holds +\d+\.\d .* 3\d{4} /);
}, 240_000);
