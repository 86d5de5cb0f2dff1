/** What malloc says of this process, and that it can be told to keep less. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { readMallocUse } from './malloc-use.js';

const MODULE = pathToFileURL(fileURLToPath(new URL('../../dist/engine/malloc-use.js', import.meta.url))).href;

it('has more in use than nothing, and grows by what is allocated', () => {
  const before = readMallocUse();
  if ('reason' in before) throw new Error(before.reason);
  const held = Array.from({ length: 64 }, () => Buffer.allocUnsafeSlow(2 ** 20));
  const after = readMallocUse();
  if ('reason' in after) throw new Error(after.reason);
  expect(before.inUse).toBeGreaterThan(100_000);
  expect(after.inUse - before.inUse).toBeGreaterThan(32 * 2 ** 20);
  expect(after.free).toBeGreaterThanOrEqual(0);
  expect(held).toHaveLength(64);
});

it('can be told to keep little, where there is glibc', () => {
  // In a process of its own: it is for good.
  const script = `const { keepLittle, readMallocUse } = await import('${MODULE}');
    console.log(keepLittle(), readMallocUse().inUse > 0);`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  expect(stdout.trim()).toBe(header.glibcVersionRuntime === undefined ? 'false false' : 'true true');
});
