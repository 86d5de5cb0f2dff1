/** A process that shares more than is counted page by page: a sample of its pages tells its part of them. */
import { afterAll, afterEach, expect, it } from 'vitest';
import { estimatePss } from '../../src/analyze/estimate.js';
import { endChildren, procText, startChild, stopChild } from './commands.js';
import { attachAll, closeEngines, engineOn, rollupColumns, rowOf } from './engines.js';

afterEach(closeEngines);
afterAll(endChildren);

const MIB = 2 ** 20;
const MILLION = 1e6;
/** More than 1 GiB in small pages: the first of them are counted one by one, the others by a sample. */
const BY_TWO = 700 * MIB;
const BY_THREE = 600 * MIB;

/** Shares memory with one child, and other memory with two, all of it touched by all. */
const SCRIPT = `
import ctypes, mmap, os, time
two = mmap.mmap(-1, ${BY_TWO})
three = mmap.mmap(-1, ${BY_THREE})
three.madvise(mmap.MADV_NOHUGEPAGE)
two.madvise(mmap.MADV_NOHUGEPAGE)
def touch(m):
  for at in range(0, len(m), 4096): m[at] = 1
def child(*maps):
  ready, done = os.pipe()
  if os.fork() == 0:
    ctypes.CDLL(None).prctl(1, 9)  # it ends with its parent
    for m in maps: touch(m)
    os.write(done, b'x')
    time.sleep(1000)
  os.read(ready, 1)
touch(two)
touch(three)
child(two, three)
child(three)
print(flush=True)
time.sleep(1000)`;

const kilobytes = (text: string, key: string) => Number(new RegExp(`^${key}: +(\\d+) kB$`, 'm').exec(text)![1]) * 1024;

it('its PSS is absent, and estimated from the sample within its errors', async () => {
  const child = await startChild('python3', ['-c', SCRIPT]);
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  await stopChild(child);
  const engine = engineOn('native');
  const slots = attachAll(engine, [child.pid]);
  const columns = rollupColumns();
  expect(engine.sweepPaced(slots, 1, columns, 0n, 500_000)).toBe(1);
  const row = rowOf(columns, 0) as Record<string, number>;
  const text = procText(child.pid, 'smaps_rollup');
  const [rss, pss] = [kilobytes(text, 'Rss'), kilobytes(text, 'Pss')];
  expect(row).toMatchObject({ status: 'ok', rollupPaced: 1, pss: Number.NaN, pssAnon: Number.NaN });
  expect(Math.abs(row.uss! - kilobytes(text, 'Private_Dirty') - kilobytes(text, 'Private_Clean'))).toBeLessThan(MIB);

  // A part of a half and a part of a third are told apart from a quarter, which is what is taken where nothing is known.
  const part = row.sharedPartPpm! / MILLION;
  const error = row.sharedPartErrorPpm! / MILLION;
  expect(error).toBeGreaterThan(0);
  expect(error).toBeLessThan(0.001);
  const truth = (pss - row.uss!) / (rss - row.uss!);
  expect(truth).toBeGreaterThan(0.41);
  expect(Math.abs(part - truth)).toBeLessThan(5 * error);

  const basis = { rss, uss: row.uss!, pss: Number.NaN, sharedPart: part, sharedPartError: error };
  const now = { rssNow: rss, faults: 0, ageNs: 0, pageSize: 4096 };
  const estimate = estimatePss({ ...basis, ...now });
  expect(Math.abs(estimate.value - pss) / pss).toBeLessThan(0.01);
  expect(estimate.low).toBeLessThan(estimate.value);
  expect((estimate.high - estimate.low) / pss).toBeLessThan(0.01);
});

it('one that shares less tells no sample, nor does a whole read', async () => {
  const child = await startChild('sleep', ['1000']);
  const engine = engineOn('native');
  const slots = attachAll(engine, [child.pid]);
  const columns = rollupColumns();
  engine.sweepPaced(slots, 1, columns, 0n, 500_000);
  expect(rowOf(columns, 0)).toMatchObject({ status: 'ok', sharedPartPpm: Number.NaN, sharedPartErrorPpm: Number.NaN });
  expect(rowOf(columns, 0).pss).toBeGreaterThan(0);
  engine.sweepRollup(slots, 1, columns, 0n);
  expect(rowOf(columns, 0)).toMatchObject({ status: 'ok', sharedPartPpm: Number.NaN, sharedPartErrorPpm: Number.NaN });
});
