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
