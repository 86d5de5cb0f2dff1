/** The examples, run as their first lines say. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { openRecording } from 'tidemark';
import { afterAll, expect, it } from 'vitest';

const examples = fileURLToPath(new URL('../../bench/examples', import.meta.url));
const vitest = path.join(path.dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-examples-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
}

function run(args: readonly string[], added: Record<string, string> = {}): Promise<Ran> {
  // As from a shell: this process is a worker of vitest.
  const own = Object.entries(process.env).filter(([name]) => !/^(?:VITEST|TINYPOOL|NODE_ENV)/.test(name));
  const env = { ...Object.fromEntries(own), ...added };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env }, (error, stdout, stderr) => {
      const code = error ? Number(error.code ?? 1) : 0;
      resolve({ code, out: stripVTControlCharacters(stdout + stderr) });
    });
  });
}

it('the gate lets a function pass, and fails when it holds on to what it made', async () => {
  const gate = [vitest, 'run', '--root', examples];
  const passed = await run(gate);
  expect(passed.out).toMatch(/Tests +4 passed/);
  expect(passed.code).toBe(0);
  const failed = await run(gate, { KEEP: '1' });
  expect(failed.out).toMatch(/Tests +3 failed \| 1 passed/);
  expect(failed.code).toBe(1);
});

it('the load ladder tells the memory of each rung, and keeps it', async () => {
  const file = path.join(folder, 'ladder.tide');
  const { code, out } = await run([path.join(examples, 'load-ladder.js'), file]);
  expect(code).toBe(0);
  const rungs = out.split('\n').flatMap((line) => {
    const cells = line.split('│').map((cell) => cell.trim().replaceAll("'", ''));
    return /^\d+$/.test(cells[1] ?? '')
      ? [{ clients: Number(cells[2]), answers: Number(cells[3]), peak: Number(cells[6]) }]
      : [];
  });
  expect(rungs.map(({ clients }) => clients)).toEqual([1, 4, 16, 64]);
  for (const { answers } of rungs) expect(answers).toBeGreaterThan(0);
  // 48 more sessions of 256 KiB.
  expect(rungs[3]!.peak - rungs[2]!.peak).toBeGreaterThan(8);
  using recording = openRecording(file);
  expect(recording.marks().map(({ name }) => name)).toEqual(['1 clients', '4 clients', '16 clients', '64 clients']);
});

it('the leak test tells a leak from a cache', async () => {
  const script = path.join(examples, 'leak-test.js');
  const [cache, leak] = [await run([script]), await run([script, '--leaky'])];
  expect(cache).toMatchObject({ code: 0, out: expect.stringMatching(/^none: /) });
  expect(leak).toMatchObject({ code: 1, out: expect.stringMatching(/^grows: .*\nfastest in: v8-heap/) });
});
