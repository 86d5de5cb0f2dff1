/** The addon in worker threads: each has its own, and a thread that is ended in mid-sweep takes nobody with it. */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runScript } from './commands.js';
import { ENGINES } from './engines.js';

const ENGINE_FOLDER = pathToFileURL(fileURLToPath(new URL('../../dist/engine/', import.meta.url))).href;

/** What a thread does: sweeps everything in all tiers for ever, and says so after each round. */
const WORKER = `
  Promise.all(['node:worker_threads', ...['open-engine.js', 'tier-columns.js', 'mapping-sweep.js', '../schema.js', '../procfs/host-units.js'].map((file) => '${ENGINE_FOLDER}' + file)].map((file) => import(file))).then(
    ([{ parentPort, workerData }, { openEngine }, { TierColumns }, { MappingSweep }, { COUNTER_COLUMNS, ROLLUP_COLUMNS }, { readHostUnits }]) => {
      const engine = openEngine(workerData, { root: '/proc', host: readHostUnits(), maxKept: 50 });
      const pids = engine.listPids().slice(0, 200);
      const slots = Uint32Array.from(pids.keys());
      const [counters, rollup, mappings] = [new TierColumns(COUNTER_COLUMNS, 200), new TierColumns(ROLLUP_COLUMNS, 200), new MappingSweep(4088, 200)];
      pids.forEach((pid, slot) => engine.attach(slot, pid));
      for (;;) {
        engine.sweepCounters(slots, slots.length, counters);
        engine.sweepRollup(slots, slots.length, rollup, 0n);
        engine.sweepMappings(slots, slots.length, mappings, 0n);
        parentPort.postMessage(counters.columns[0].some((bytes) => bytes > 0));
      }
    },
  );`;

describe.each(ENGINES)('worker threads with the %s engine', (name) => {
  it('are ended in mid-sweep without harm, and give their descriptors back', () => {
    const script = `
      const { Worker } = await import('node:worker_threads');
      const { once } = await import('node:events');
      // The main thread has the addon too, and sweeps before and after.
      const engine = openEngine(values.name, { root: '/proc', host, maxKept: 10 });
      const open = () => fs.readdirSync('/proc/self/fd').length;
      const sweepOwn = () => {
        engine.attach(0, process.pid);
        const columns = new TierColumns(COUNTER_COLUMNS, 8);
        engine.sweepCounters(Uint32Array.of(0), 1, columns);
        return columns.columns[0][0] > 0;
      };
      const oks = [sweepOwn()];
      let before;
      for (let round = 0; round < 3; round++) {
        const workers = Array.from({ length: 3 }, () => new Worker(values.worker, { eval: true, workerData: values.name }));
        for (const [ok] of await Promise.all(workers.map((worker) => once(worker, 'message')))) oks.push(ok);
        await new Promise((resolve) => setTimeout(resolve, round * 7));
        await Promise.all(workers.map((worker) => worker.terminate()));
        // What the first round of threads leaves open is Node's own.
        before ??= open();
      }
      oks.push(sweepOwn());
      // A reader that was in the middle of a long file has it open until it is through.
      for (let wait = 0; wait < 100 && open() > before; wait++) await new Promise((resolve) => setTimeout(resolve, 50));
      tell({ oks: oks.every(Boolean), rounds: oks.length, leaked: Math.max(0, open() - before) });`;
    expect(runScript(script, { name, worker: WORKER })).toEqual({ oks: true, rounds: 11, leaked: 0 });
  });

  it('end with their host while they sweep', () => {
    const script = `
      const { Worker } = await import('node:worker_threads');
      const { once } = await import('node:events');
      const workers = Array.from({ length: 2 }, () => new Worker(values.worker, { eval: true, workerData: values.name }));
      await Promise.all(workers.map((worker) => once(worker, 'message')));
      tell('swept');
      process.exit(0);`;
    expect(runScript(script, { name, worker: WORKER })).toBe('swept');
  });
});

it('a thread that is ended while the addon makes what it returns takes nobody with it', () => {
  const worker = `
    Promise.all(['node:worker_threads', '${ENGINE_FOLDER}native-binding.js'].map((file) => import(file))).then(([{ parentPort }, { nativeBinding }]) => {
      const { addon } = nativeBinding();
      parentPort.postMessage('up');
      for (;;) {
        addon.readGuarded('/proc/self/cmdline', 4096);
        const handle = addon.beginGuarded('/proc/self/cmdline', 4096);
        if (typeof handle !== 'number') addon.takeGuarded(handle, process.hrtime.bigint() + 1_000_000n);
        addon.columns();
        addon.tableLayout(64);
        try { new addon.Sweeper(); } catch {}
      }
    });`;
  const script = `
    const { Worker } = await import('node:worker_threads');
    const { once } = await import('node:events');
    for (let turn = 0; turn < 25; turn++) {
      const worker = new Worker(values.worker, { eval: true });
      await once(worker, 'message');
      await new Promise((resolve) => setTimeout(resolve, turn % 5));
      await worker.terminate();
    }
    tell('all ended');`;
  expect(runScript(script, { worker })).toBe('all ended');
});

it('a hundred workers load the addon, sweep with it and let it go', () => {
  const script = `
    const { Worker } = await import('node:worker_threads');
    const { once } = await import('node:events');
    const { findAddon } = await import(values.folder + 'native-binding.js');
    // Nothing but the addon, since a hundred times the modules around it would take a minute.
    const loads = \`
      const module = { exports: {} };
      process.dlopen(module, require('node:worker_threads').workerData);
      const sweeper = new module.exports.Sweeper('/proc', 4096, 100, 8, 0, 5e9);
      sweeper.attach(0, process.pid, new Float64Array(4), new Uint8Array(64));
      const columns = [new Float64Array(64), new Uint8Array(1)];
      const times = new BigInt64Array(2);
      sweeper.sweepRollup(Uint32Array.of(0), 1, ...columns, times, 0n);
      require('node:worker_threads').parentPort.postMessage(columns[1][0] === 0 && columns[0][0] > 0);\`;
    const open = () => fs.readdirSync('/proc/self/fd').length;
    let ok = 0;
    let before;
    for (let round = 0; round < 25; round++) {
      const workers = Array.from({ length: 4 }, () => new Worker(loads, { eval: true, execArgv: [], workerData: findAddon('tidemark') }));
      const ends = workers.map((worker) => once(worker, 'exit'));
      for (const [isOk] of await Promise.all(workers.map((worker) => once(worker, 'message')))) ok += isOk ? 1 : 0;
      await Promise.all(ends);
      before ??= open();
    }
    tell({ ok, leaked: Math.max(0, open() - before) });`;
  expect(runScript(script, { folder: ENGINE_FOLDER })).toEqual({ ok: 100, leaked: 0 });
});
