/** What V8 tells, beside what the kernel tells: heaps at marks, collections with their times, and both in copies. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cutRecording, memoryParts, openRecording, startRecording } from 'tidemark';
import { afterAll, describe, expect, it } from 'vitest';
import { collectGarbage } from '../../src/harness/v8-heap.js';
import { MAIN } from '../tidemark-process.js';

const MIB = 2 ** 20;
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-v8-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What one test holds is not to go while the next one looks. */
const kept: unknown[] = [];

/** About 100 MiB of objects, a twentieth of which are held at a time: some collections. */
function churn(): number {
  let held: object[] = [];
  let sum = 0;
  for (let index = 0; index < 2_000_000; index++) {
    held.push({ index, half: index / 2 });
    if (held.length > 100_000) held = [];
    sum += held.length;
  }
  return sum;
}

describe.each(['process', 'worker'] as const)('sampler %s', (sampler) => {
  it('a span tells of the heap at both ends, and of the collections in between', async () => {
    await using recorder = await startRecording({ target: 'self', hz: 100, sampler, v8: true });
    collectGarbage();
    const { memory } = await recorder.span('churn', () => {
      churn();
      kept.push([new Array(8 * MIB).fill(1.5), Buffer.alloc(32 * MIB)]);
    });
    const v8 = memory.v8!;
    // An array of 2^23 doubles, 64 MiB, perhaps as much again of what it was before its first double, and the buffer outside of the heap.
    expect(v8.after!.external - v8.before!.external).toBeGreaterThan(30 * MIB);
    expect(v8.after!.external - v8.before!.external).toBeLessThan(40 * MIB);
    const large = (heap: typeof v8.before) => heap!.spaces.large_object?.[0] ?? 0;
    expect(large(v8.after) - large(v8.before)).toBeGreaterThan(60 * MIB);
    expect(large(v8.after) - large(v8.before)).toBeLessThan(150 * MIB);
    expect(v8.collections).toBeGreaterThan(3);
    expect(Object.values(v8.collectionsByKind).reduce((sum, count) => sum + count)).toBe(v8.collections);
    expect(v8.collectionsByKind.scavenge).toBeGreaterThan(0);
    expect(v8.longestPauseNs).toBeGreaterThan(0);
    expect(v8.pauseNs).toBeGreaterThanOrEqual(v8.longestPauseNs);
    expect(v8.pauseNs).toBeLessThan(Number(memory.toNs - memory.fromNs));
    // Each object takes 28 bytes or more, a double that is no integer 12 more.
    expect(v8.allocatedBytes).toBeGreaterThan(60 * MIB);
    expect(v8.allocatedBytes).toBeLessThan(500 * MIB);
    expect(v8.peakUsedBytes).toBeGreaterThanOrEqual(v8.after!.used);
    // Every collection of the span has what it found, in its place in time.
    const told = recorder.recording().v8();
    const inside = told.filter(
      ({ timeNs, event }) => event.type === 'v8Gc' && timeNs >= memory.fromNs && timeNs <= memory.toNs,
    );
    expect(inside.length).toBe(v8.collections);
    for (const { event } of inside) {
      expect(event).toMatchObject({ pid: process.pid, thread: expect.any(Number), usedBefore: expect.any(Number) });
    }
    expect(told.map(({ timeNs }) => timeNs)).toEqual(told.map(({ timeNs }) => timeNs).sort((a, b) => Number(a - b)));
  });

  it('marks bring a heap, and copies keep it', async () => {
    const file = path.join(folder, `${sampler}.tide`);
    const recorder = await startRecording({ target: 'self', hz: 50, sampler, v8: true, file });
    const before = process.hrtime.bigint();
    recorder.mark('here');
    const after = process.hrtime.bigint();
    await pause(100);
    await recorder.stop();
    await recorder[Symbol.asyncDispose]();
    using recording = openRecording(file);
    const heaps = recording.v8().filter(({ event }) => event.type === 'v8Heap');
    // At the begin, at the mark, at the end.
    expect(heaps.length).toBeGreaterThanOrEqual(3);
    expect(heaps.some(({ timeNs }) => timeNs >= before && timeNs <= after)).toBe(true);
    const copy = path.join(folder, `${sampler}-copy.tide`);
    cutRecording(recording, copy, {});
    using copied = openRecording(copy);
    expect(copied.v8()).toEqual(recording.v8());
  });
});

it('a recording that was not asked has nothing of it', async () => {
  await using recorder = await startRecording({ target: 'self', hz: 100 });
  const { memory } = await recorder.span('short', () => pause(50));
  expect(memory.v8).toBeUndefined();
  expect(recorder.recording().v8()).toEqual([]);
  expect(recorder.recording().rings.some(({ name }) => name === 'v8')).toBe(false);
});

it('is refused for others', async () => {
  await expect(startRecording({ target: { pids: [1] }, v8: true })).rejects.toThrow(/"v8" option needs a target/);
  await expect(startRecording({ v8: 1 as never })).rejects.toThrow(/"v8" option to be true or false, got 1/);
});

it('a program that is recorded from outside tells its heap, also of its last instant', async () => {
  const file = path.join(folder, 'auto.tide');
  const auto = new URL('../../dist/harness/auto.js', import.meta.url).href;
  const script =
    'globalThis.held = Buffer.alloc(8 * 2 ** 20, 1); setTimeout(() => { globalThis.late = Buffer.alloc(24 * 2 ** 20, 1); }, 300)';
  const { status, stderr } = spawnSync(process.execPath, ['--import', auto, '-e', script], {
    env: { ...process.env, TIDEMARK_FILE: file },
  });
  expect({ status, stderr: `${stderr}` }).toEqual({ status: 0, stderr: '' });
  for (;;) {
    using recording = openRecording(file);
    if (recording.events().some(({ event }) => event.type === 'close')) {
      const heaps = recording.v8().flatMap(({ event }) => (event.type === 'v8Heap' ? [event.external] : []));
      expect(heaps.at(-1)! - heaps[0]!).toBeGreaterThan(30 * MIB);
      // The parts of the peak: what V8 says beside what the kernel says.
      const [program] = recording.processes();
      const { parts, resident, heap } = memoryParts(recording, program!)!;
      expect(Object.values(parts).reduce((sum, bytes) => sum + bytes)).toBe(resident);
      expect(parts['v8 heap']).toBeGreaterThan(2 * MIB);
      expect(parts['v8 heap']).toBeLessThan(1.5 * heap!.physical);
      expect(parts.external).toBeGreaterThanOrEqual(8 * MIB);
      expect(parts['code and data']).toBeGreaterThan(10 * MIB);
      expect(parts.stacks).toBeGreaterThan(0);
      expect(parts.other).toBeLessThan(2 * MIB);
      const lines = execFileSync(process.execPath, [MAIN, 'info', file], { encoding: 'utf8' });
      expect(lines).toMatch(/^v8 +heap in use .* at most; external .* at most$/m);
      expect(lines).toMatch(/^ +resident [\d.]+ MiB = v8 heap [\d.]+ MiB \+ .*external .*stacks/m);
      const { v8 } = JSON.parse(execFileSync(process.execPath, [MAIN, 'info', '--json', file], { encoding: 'utf8' }));
      expect(v8).toMatchObject({ pid: program!.pid, thread: 0, memory: { resident, parts } });
      return;
    }
    await pause(50);
  }
});
