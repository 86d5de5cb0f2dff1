/**
 * A target that never answers costs a thread and a status: it holds up neither the others nor the caller, and the host
 * process ends as if it were not there.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readSmaps, readSmapsRollup } from '../../src/engine/process-files.js';
import { TextSweep } from '../../src/engine/text-sweep.js';
import { ROLLUP_COLUMNS } from '../../src/schema.js';
import { endChildren, runScript, startStopped } from '../engine/commands.js';
import {
  attachAll,
  closeEngines,
  emptyRow,
  engineOn,
  rollupColumns,
  sweep,
  sweepMappings,
  sweepRollup,
} from '../engine/engines.js';
import { StuckProcesses } from './stuck-processes.js';

const DEADLINE_MS = 50;

let stuck: StuckProcesses;
let sleepers: number[];
beforeAll(async () => {
  stuck = await StuckProcesses.start(3);
  sleepers = [];
  for (let index = 0; index < 6; index++) sleepers.push((await startStopped()).pid);
});
afterEach(closeEngines);
afterAll(async () => {
  await stuck[Symbol.asyncDispose]();
  await endChildren();
});

/** Threads of this process. */
function threads(): number {
  return readdirSync('/proc/self/task').length;
}

describe('sweeps with stuck processes among others', () => {
  it('read the others, and say timeout of these', () => {
    const engine = engineOn('native', { deadlineMs: DEADLINE_MS });
    const pids = [stuck.pids[0]!, ...sleepers.slice(0, 3), stuck.pids[1]!, ...sleepers.slice(3), stuck.pids[2]!];
    const slots = attachAll(engine, pids);
    const isStuck = (slot: number) => stuck.pids.includes(pids[slot]!);
    const before = threads();
    const columns = rollupColumns();
    expect(engine.sweepRollup(slots, slots.length, columns, 0n)).toBe(9);
    const rows = sweepRollup(engine, slots);
    for (const [index, slot] of slots.entries()) {
      if (isStuck(slot)) expect(rows[index]).toEqual(emptyRow(ROLLUP_COLUMNS, 'timeout'));
      else expect(rows[index]!.status).toBe('ok');
    }
    expect(engine.stuckReaders()).toBe(3);
    // Asked again and again, also for another file: no further thread is lost.
    for (let round = 0; round < 20; round++) sweepRollup(engine, slots);
    const mappings = sweepMappings(engine, slots);
    expect(mappings.statuses).toEqual(Array.from(slots, (slot) => (isStuck(slot) ? 'timeout' : 'ok')));
    expect(engine.stuckReaders()).toBe(3);
    expect(threads() - before).toBeLessThanOrEqual(3 + 4);
    // What needs no memory map answers as ever.
    expect(sweep(engine, slots).map(({ status }) => status)).toEqual(Array(9).fill('ok'));
  });

  it('return in time and give the others first', () => {
    const engine = engineOn('native', { deadlineMs: 60_000, readers: 1 });
    const pids = [stuck.pids[0]!, ...sleepers];
    const slots = attachAll(engine, pids);
    const columns = rollupColumns();
    const stopNs = process.hrtime.bigint() + 2_000_000_000n;
    const done = engine.sweepRollup(slots, slots.length, columns, stopNs);
    expect(process.hrtime.bigint()).toBeGreaterThanOrEqual(stopNs);
    // Its one reader is blocked, and another has taken its place.
    expect(done).toBe(6);
    expect([...slots]).toEqual([1, 2, 3, 4, 5, 6, 0]);
    expect(engine.stuckReaders()).toBe(0);
    expect(engine.sweepRollup(slots.subarray(6), 1, columns, process.hrtime.bigint() + 10_000_000n)).toBe(0);
    engine.detach(0);
    expect(engine.sweepRollup(Uint32Array.of(0), 1, columns, 0n)).toBe(1);
    expect(sweepRollup(engine, Uint32Array.of(0))[0]!.status).toBe('gone');
  });

  it('leave a slot to its next process', () => {
    const engine = engineOn('native', { deadlineMs: DEADLINE_MS });
    attachAll(engine, [stuck.pids[0]!]);
    expect(sweepRollup(engine, Uint32Array.of(0))[0]!.status).toBe('timeout');
    engine.attach(0, sleepers[0]!);
    expect(sweepRollup(engine, Uint32Array.of(0))[0]!.status).toBe('ok');
  });

  it('of texts read the others, and the other files of these', () => {
    const pids = Int32Array.from([...sleepers, ...stuck.pids, process.pid]);
    const texts = new TextSweep('native', '/proc', [
      { name: 'stat', most: 4096 },
      { name: 'cmdline', most: 1 << 20 },
      { name: 'environ', most: 1 << 20 },
      { name: 'statm', most: 4096 },
    ]);
    texts.read(pids);
    const text = (row: number, file: number) => {
      const [start, length] = [texts.starts[row * 4 + file]!, texts.lengths[row * 4 + file]!];
      return length < 0 ? length : Buffer.from(texts.bytes.subarray(start, start + length)).toString();
    };
    for (const [row, pid] of pids.entries()) {
      expect(text(row, 0)).toMatch(new RegExp(`^${pid} \\(`));
      expect(text(row, 3)).toMatch(/^\d+ \d+ /);
      const isStuck = stuck.pids.includes(pid);
      expect(text(row, 1)).toBe(isStuck ? -110 : readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
      expect(text(row, 2)).toBe(isStuck ? -110 : readFileSync(`/proc/${pid}/environ`, 'utf8'));
    }
  });

  it('of single files say timeout, once for a thread', () => {
    const pid = stuck.pids[0]!;
    expect(readSmaps(pid).status).toBe('timeout');
    const before = threads();
    for (let round = 0; round < 10; round++) expect(readSmaps(pid).status).toBe('timeout');
    expect(threads()).toBeLessThanOrEqual(before);
    expect(readSmapsRollup(pid)).toMatchObject({ status: 'timeout', reason: expect.stringContaining('locked') });
    expect(readSmapsRollup(process.pid).status).toBe('ok');
  });
});

describe('a program with stuck readers', () => {
  const SWEEP = `
    const engine = openEngine('native', { root: '/proc', host, maxKept: 10, deadlineMs: ${DEADLINE_MS} });
    values.pids.forEach((pid, slot) => engine.attach(slot, pid));
    const columns = new TierColumns(ROLLUP_COLUMNS, 64);
    engine.sweepRollup(Uint32Array.from(values.pids.keys()), values.pids.length, columns, 0n);
    const stuck = engine.stuckReaders();`;

  it.each([
    ['by itself', ''],
    ['by process.exit', 'process.exit(0);'],
    ['after it has closed the engine', 'engine.close();'],
  ])('ends %s', (_how, ending) => {
    expect(runScript(`${SWEEP} tell(stuck); ${ending}`, { pids: stuck.pids })).toBe(3);
  });

  it('ends when the worker that reads is ended', () => {
    const script = `
      const { Worker } = await import('node:worker_threads');
      const url = new URL('open-engine.js', values.folder).href;
      const source = \`
        Promise.all([import(\${JSON.stringify(url)}), import('node:worker_threads')]).then(([{ openEngine }, { parentPort, workerData }]) => {
          const { pids, host, rows } = workerData;
          const engine = openEngine('native', { root: '/proc', host, maxKept: 10, deadlineMs: ${DEADLINE_MS} });
          pids.forEach((pid, slot) => engine.attach(slot, pid));
          const values = new Float64Array(64 * rows);
          const columns = { values, status: new Uint8Array(64), columns: [] };
          engine.sweepRollup(Uint32Array.from(pids.keys()), pids.length, columns, 0n);
          parentPort.postMessage(engine.stuckReaders());
          setInterval(() => {}, 1000);
        });\`;
      const worker = new Worker(source, { eval: true, workerData: { pids: values.pids, host, rows: values.rows } });
      const stuck = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      await worker.terminate();
      tell(stuck);`;
    const folder = new URL('../../dist/engine/', import.meta.url).href;
    expect(runScript(script, { pids: stuck.pids, folder, rows: ROLLUP_COLUMNS.length })).toBe(3);
  });
});

describe('a hundred stuck processes', () => {
  it('cost a hundred threads, and the others are read all the same', async () => {
    const many = await StuckProcesses.start(100);
    try {
      const engine = engineOn('native', { deadlineMs: DEADLINE_MS });
      const pids = [...many.pids.slice(0, 50), sleepers[0]!, ...many.pids.slice(50), sleepers[1]!];
      const slots = attachAll(engine, pids);
      const columns = rollupColumns(128);
      const rows = sweepRollup(engine, slots, columns);
      const statuses = new Map(Array.from(slots, (slot, index) => [pids[slot]!, rows[index]!.status]));
      for (const pid of many.pids) expect(statuses.get(pid)).toBe('timeout');
      expect([statuses.get(sleepers[0]!), statuses.get(sleepers[1]!)]).toEqual(['ok', 'ok']);
      expect(engine.stuckReaders()).toBe(100);
      const startNs = process.hrtime.bigint();
      for (let round = 0; round < 10; round++) sweepRollup(engine, slots, columns);
      expect(engine.stuckReaders()).toBe(100);
      // Not one of them was waited for again.
      expect(Number(process.hrtime.bigint() - startNs) / 1e6).toBeLessThan(10 * DEADLINE_MS * 50);
    } finally {
      await many[Symbol.asyncDispose]();
    }
  }, 60_000);

  it('are gone, and their threads with them, once they are let go', async () => {
    const few = await StuckProcesses.start(2);
    const engine = engineOn('native', { deadlineMs: DEADLINE_MS });
    const slots = attachAll(engine, few.pids);
    expect(sweepRollup(engine, slots).map(({ status }) => status)).toEqual(['timeout', 'timeout']);
    await few[Symbol.asyncDispose]();
    const deadline = Date.now() + 20_000;
    while (engine.stuckReaders() > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(engine.stuckReaders()).toBe(0);
  });
});
