/** The short form of `npm run fuzz`: every native target for a moment, from the inputs that are kept. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../torture/root.js';
import { buildFuzzer, sourcesUnderTest } from './build-fuzzer.js';
import { Finding } from './fuzz-target.js';
import { NATIVE_TARGETS, runNative } from './native-targets.js';

const SECONDS = 2;
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-fuzz-'));
let program = '';

beforeAll(async () => {
  program = await buildFuzzer(folder);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer', () => {
  it.each(NATIVE_TARGETS)('finds nothing in $name', async (target) => {
    const seed = Date.now() % 2 ** 31;
    const { executions, edges } = await runNative(target, { program, folder, seconds: SECONDS, seed });
    expect(executions).toBeGreaterThan(100);
    expect(edges).toBeGreaterThan(10);
  });

  it('has a target for every tokenizer', () => {
    const tokenizers = sourcesUnderTest()
      .map((file) => path.basename(file, '.cc'))
      .filter((name) => name !== 'mapping_table');
    const names = NATIVE_TARGETS.map(({ name }) => (name === 'loadavg' ? 'proc_tree' : name));
    expect(names.toSorted()).toEqual(tokenizers.toSorted());
  });

  it('sees a byte that is read beyond a text, and says how to repeat it', async () => {
    const breaks = { name: 'breaks', mostBytes: 16, texts: ['beyond'] };
    const error = await runNative(breaks, { program, folder, seconds: SECONDS, seed: 1 }).catch((error) => error);
    expect(error).toBeInstanceOf(Finding);
    expect(error.message).toMatch(/heap-buffer-overflow/);
    const file = /FUZZ_TARGET=breaks \S+ (\S+)/.exec(error.message)?.[1];
    expect(readFileSync(file!, 'latin1')).toMatch(/^beyond/);
  });

  it('is run by CI, which has what it is built with', () => {
    expect(readFileSync(path.join(ROOT, '.ci/run'), 'utf8')).toContain('libclang-rt-14-dev');
  });
});
