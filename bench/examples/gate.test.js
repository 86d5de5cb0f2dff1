/**
 * A gate: a test that fails when a function takes more memory than it may. Run it with
 *
 *     npx vitest run --root bench/examples
 *     KEEP=1 npx vitest run --root bench/examples     # the same with a leak, to see it fail
 *
 * The function is run in a fresh process, so neither vitest nor other tests are in the figures, and they are the same each time.
 */
import { measure } from 'tidemark';
import { beforeAll, expect, it } from 'vitest';

const MIB = 2 ** 20;
const KIB = 2 ** 10;
const CALLS = 100;
let memory;

beforeAll(async () => {
  memory = await measure(new URL('./word-index.js', import.meta.url), { export: 'indexWords', iterations: CALLS });
});

it('peaks at less than 48 MiB above its start', () => {
  const { peak, before } = memory.rss;
  expect(peak).toMatchObject({ state: 'measured', method: 'kernel-peak' });
  expect((peak.value - before.value) / MIB).toBeLessThan(48);
});

it('leaves less than 24 MiB behind', () => {
  expect(memory.rssDelta / MIB).toBeLessThan(24);
});

it('keeps less than 4 KiB a call', () => {
  expect(memory.retainedPerOp / KIB).toBeLessThan(4);
});

it('allocates less than 3 MiB a call', () => {
  expect(memory.allocatedPerOp / MIB).toBeLessThan(3);
});
