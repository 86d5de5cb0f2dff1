/**
 * The loader refuses an addon that was built for other columns: a copy of what is shipped, with one list changed, runs
 * in a child process, since the addon is loaded once per process.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nativeBinding } from '../../src/engine/native-binding.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILT = 'build/Release/tidemark.node';

let copy: string;
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'tidemark-loader-'));
  for (const part of ['package.json', 'dist/schema.js', 'dist/schema', 'dist/procfs', 'dist/text', 'dist/engine']) {
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  }
  const binding = nativeBinding();
  if (binding.state === 'absent') throw new Error(`These tests need the addon: ${binding.reason}`);
  mkdirSync(join(copy, 'build/Release'), { recursive: true });
  cpSync(binding.path, join(copy, BUILT));
});
afterEach(() => rmSync(copy, { recursive: true }));

/** Changes the first match in a file of the copy. */
function patch(file: string, from: string | RegExp, to: string): void {
  const text = readFileSync(join(copy, file), 'utf8');
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  writeFileSync(join(copy, file), changed);
}

/** How the loader of the copy answers: its state, then the path or the reason. */
function load(): [state: string, where: string] {
  const script = `const { nativeBinding } = await import('./dist/engine/native-binding.js');
    const { state, path, reason } = nativeBinding();
    process.stdout.write(JSON.stringify([state, path ?? reason]));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: copy,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

it('loads an addon that was built for the same columns', () => {
  expect(load()).toEqual(['loaded', join(copy, BUILT)]);
});

it.each([
  ['a renamed counter', 'dist/schema.js', "'minorFaults'", "'minorFaultz'", 'counters is'],
  ['another rollup column', 'dist/schema.js', "rollupBytes('swapPss'", "rollupBytes('swapUss'", 'rollup is'],
  ['another status', 'dist/schema.js', "'no-mm',", "'nomm',", 'statuses is'],
  ['an smaps key less', 'dist/procfs/mapping-table.js', /\{ key: 'KSM'.*\n/, '', 'smapsKeys is'],
  ['status keys in another order', 'dist/procfs/status.js', /(\{ key: 'VmPeak'.*\n)(.*\n)/, '$2$1', 'statusKeys is'],
  ['another padding', 'dist/procfs/padding.js', 'PADDING = 64', 'PADDING = 63', 'padding is'],
  [
    'another order of words',
    'dist/procfs/mapping-table.js',
    /('nameStart',)(\s*)('nameLength',)/,
    '$3$2$1',
    'laid out',
  ],
  ['a wider column', 'dist/procfs/mapping-table.js', "place(name, 'u32', 4)", "place(name, 'u32', 8)", 'laid out'],
])('refuses %s', (_name, file, from, to, why) => {
  patch(file, from, to);
  const [state, reason] = load();
  expect(state).toBe('absent');
  expect(reason).toContain('was built for other columns');
  expect(reason).toContain(why);
});

it.each([
  ['cut short', (whole: Buffer) => whole.subarray(0, whole.length - 1), /it is cut short: \d+ bytes of \d+/],
  ['cut in half', (whole: Buffer) => whole.subarray(0, whole.length / 2), /it is cut short/],
  ['nearly empty', (whole: Buffer) => whole.subarray(0, 10), /it is no ELF file/],
  [
    'of another processor',
    (whole: Buffer) => Buffer.concat([whole.subarray(0, 18), Buffer.from([243, 0]), whole.subarray(20)]),
    /it is for machine 243 of ELF/,
  ],
])('refuses a file that is %s, and lives', (_name, damage, why) => {
  writeFileSync(join(copy, BUILT), damage(readFileSync(join(copy, BUILT))));
  expect(load()).toEqual(['absent', expect.stringMatching(why)]);
});

it('says that there is no addon, or that it does not load', () => {
  writeFileSync(join(copy, BUILT), 'not a library');
  expect(load()).toEqual(['absent', expect.stringContaining('does not load')]);
  rmSync(join(copy, BUILT));
  const why = new RegExp(
    `^not built for linux-${process.arch} \\(to build one, .* ${copy}/scripts/prebuild.js here\\)$`,
  );
  expect(load()).toEqual(['absent', expect.stringMatching(why)]);
  writeFileSync(join(copy, 'binding.gyp'), '{}');
  expect(load()).toEqual(['absent', `not built for linux-${process.arch} (npm run build:native)`]);
});

it('takes text only in a padded buffer, and tables only of their size', () => {
  const binding = nativeBinding();
  if (binding.state === 'absent') throw new Error(binding.reason);
  const { addon } = binding;
  const fields = new BigUint64Array(7);
  for (const [bytes, length] of [
    [new Uint8Array(64), 1],
    [new Uint8Array(65), 2],
    [new Uint8Array(65), -1],
    [new Uint8Array(65), Number.NaN],
  ] as const) {
    expect(() => addon.tokenizeStatm(bytes, length, fields)).toThrow(/64 bytes of padding/);
  }
  expect(() => addon.tokenizeStatm(new Uint8Array(65), 1, new BigUint64Array(6))).toThrow(TypeError);
  const text = new Uint8Array(100);
  for (const [bytes, capacity] of [
    [64, 8],
    [100_000, 8],
    [64, 0],
    [2505, 7],
  ] as const) {
    expect(() => addon.tokenizeSmaps(text, 0, new ArrayBuffer(bytes), capacity)).toThrow(/mapping table/);
  }
});
