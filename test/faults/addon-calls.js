/**
 * Calls one function of the addons twice, the way it is called by the engines, and prints what came of both as JSON:
 * `node addon-calls.js CALL ROOT FILE`, ROOT a tree of 80 processes with two FIFOs and a long file, FILE a file of 100,000 bytes that may be written to.
 *
 * What is thrown is a result as well; a number that a call returns is given as it came.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { bpfBinding } from '../../dist/engine/bpf-binding.js';
import { nativeBinding } from '../../dist/engine/native-binding.js';
import { MappingTable } from '../../dist/procfs/mapping-table.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS } from '../../dist/schema.js';

const [, , call, root, file] = process.argv;
const { addon } = nativeBinding();
const second = bpfBinding();
const PROCESSES = 80;
const slots = Uint32Array.of(0);
const times = new BigInt64Array(2);

function wait(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function withFile(flags, use) {
  const fd = openSync(file, flags);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** How many texts are of which length; a negative one is an errno. */
function countsOf(lengths) {
  const counts = {};
  for (const length of lengths) counts[Math.min(length, 1)] = (counts[Math.min(length, 1)] ?? 0) + 1;
  return counts;
}

function texts(names) {
  const pids = Int32Array.from({ length: PROCESSES }, (_, index) => index + 1);
  const lengths = new Int32Array(PROCESSES * names.length);
  const mosts = new Uint32Array(names.length).fill(10_000);
  const bytes = new Uint8Array(2 ** 21);
  const result = addon.readTexts(root, pids, PROCESSES, names, mosts, bytes, new Uint32Array(lengths.length), lengths);
  return result === 0 ? countsOf(lengths) : result;
}

function pieces() {
  const handle = addon.startReading(file, 4096);
  if (typeof handle === 'number') return handle;
  let bytes = 0;
  for (;;) {
    const piece = addon.takePiece(handle);
    if (piece === undefined) return bytes;
    if (typeof piece === 'number') return piece;
    bytes += piece.length;
  }
}

/** A file behind two that do not answer, which have all threads that there are at first. */
function besideStuck() {
  const begun = [`${root}/fifo-0`, `${root}/fifo-1`, file].map((one) => addon.beginGuarded(one, 2 ** 20));
  return begun.map((handle) => {
    const read = typeof handle === 'number' ? handle : addon.takeGuarded(handle, 0n);
    return typeof read === 'number' ? read : read.length;
  });
}

function started() {
  const out = new Int32Array(2);
  const result = addon.startProcess('/bin/true', ['true'], ['A=1'], out);
  if (result !== 0) return result;
  const [pid, line] = out;
  closeSync(line);
  const status = new Int32Array(1);
  for (let turn = 0; turn < 1000; turn++) {
    const ended = addon.processEnd(pid, status);
    if (ended !== 0) return [ended, status[0]];
    wait(5);
  }
  return 'never ends';
}

function swept(tree, pid, deep) {
  const sweeper = new addon.Sweeper(tree, 4096, 100, 4, 1, 5e9);
  try {
    const status = new Uint8Array(1).fill(99);
    const attached = sweeper.attach(0, pid, new Float64Array(4), new Uint8Array(64));
    return deep(sweeper, status, attached);
  } finally {
    sweeper.close();
  }
}

function counters() {
  return swept(root, 1, (sweeper, status, attached) => {
    const values = new Float64Array(COUNTER_COLUMNS.length);
    sweeper.sweepCounters(slots, 1, values, status, new Uint32Array(1), times, 1, 0);
    return [attached, status[0], sweeper.listPids(new Int32Array(8)), sweeper.lastPid(), sweeper.isThere(0)];
  });
}

function rollup(how, words) {
  return swept('/proc', process.pid, (sweeper, status, attached) => {
    const values = new Float64Array(ROLLUP_COLUMNS.length);
    const read = sweeper[how](slots, 1, values, status, times, 0n, ...words);
    return [attached, read, read === 1 ? status[0] : 'unread'];
  });
}

function mappings(maxHold) {
  return swept('/proc', process.pid, (sweeper, status, attached) => {
    const table = new MappingTable(4096);
    const text = new Uint8Array(2 ** 20);
    const spans = [new Uint32Array(2), new BigUint64Array(1), times, 0n, new Float64Array(2)];
    const words = [table.buffer, table.capacity, text, ...spans];
    const read = sweeper.sweepMappings(slots, 1, status, ...words, maxHold);
    return [attached, read, read === 1 ? status[0] : 'unread'];
  });
}

function mapped() {
  return withFile('r+', (fd) => {
    const ring = new addon.MappedFile(fd, 65_536, 20);
    if (ring.error() !== 0) return [ring.error()];
    const results = [ring.write(4096, new Uint8Array(200).fill(7), 0, 200), ring.commit(4096, 200, 1), ring.settle()];
    ring.kick();
    wait(60);
    results.push(ring.takeError());
    ring.close();
    return results;
  });
}

/** Attached is who is looked up in the kernel; bound, who is known already. */
function kernelCounters(method, isLookedUp) {
  const all = new second.addon.KernelCounters(4096, 100, 64, method, true);
  try {
    const status = new Uint8Array(8).fill(99);
    const numbers = new Float64Array(4);
    const attached = isLookedUp
      ? all.attach(0, process.pid, numbers, new Uint8Array(64))
      : all.bind(0, process.pid, startTicks(), new Uint8Array(4));
    const peaks = isLookedUp ? all.watchPeaks(true) : 0;
    const values = new Float64Array(COUNTER_COLUMNS.length * 8);
    const sweep = () => all.sweepCounters(slots, 1, values, status, new Uint32Array(1), times, 1, 0);
    sweep();
    const before = status[0];
    const listed = all.listPids(new Int32Array(4));
    // Beyond the rows that there are at first, so that all is loaded anew.
    const bound = all.bind(5000, 1, 1, new Uint8Array(4));
    sweep();
    const after = [status[0], all.watchPeaks(false), all.peakEvents() >= 0, all.tgidOf(process.pid) > 0];
    all.detach(0);
    const again = isLookedUp
      ? all.attach(1, process.pid, numbers, new Uint8Array(64))
      : all.bind(1, process.pid, startTicks(), new Uint8Array(4));
    // How many there are changes.
    return [
      attached,
      peaks,
      before,
      Math.min(listed, 1),
      bound,
      ...after,
      again,
      Math.min(all.listPids(new Int32Array(4)), 1),
    ];
  } finally {
    all.close();
  }
}

function startTicks() {
  const text = readFileSync('/proc/self/stat', 'latin1');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19]);
}

function lives() {
  const ring = new second.addon.LifeRing(65_536, 64, true, 4, 0, 0n, 0);
  try {
    return [ring.add(process.pid), Math.min(ring.drain(new Uint8Array(72)), 0)];
  } finally {
    ring.close();
  }
}

/** One that does not answer (`STUCK_PID`), and this process, by one thread. */
function rollupsBesideStuck() {
  const sweeper = new addon.Sweeper('/proc', 4096, 100, 4, 1, 200_000_000);
  try {
    [Number(process.env.STUCK_PID), process.pid].forEach((pid, slot) => {
      sweeper.attach(slot, pid, new Float64Array(4), new Uint8Array(64));
    });
    const status = new Uint8Array(2).fill(99);
    const values = new Float64Array(2 * ROLLUP_COLUMNS.length);
    return [sweeper.sweepRollup(Uint32Array.of(0, 1), 2, values, status, times, 0n), ...status];
  } finally {
    sweeper.close();
  }
}

function textsBesideStuck() {
  const pids = Int32Array.of(Number(process.env.STUCK_PID), process.pid);
  const lengths = new Int32Array(2);
  const most = Uint32Array.of(4096);
  const arrays = [new Uint8Array(65_536), new Uint32Array(2), lengths];
  const result = addon.readTexts('/proc', pids, 2, ['cmdline'], most, ...arrays);
  return result === 0 ? [lengths[0], Math.min(lengths[1], 1)] : result;
}

const CALLS = {
  rollupsBesideStuck,
  textsBesideStuck,
  texts: () => texts(['stat', 'statm']),
  guardedTexts: () => texts(['cmdline', 'stat']),
  kept: () =>
    withFile('r', (fd) => {
      const lengths = new Int32Array(1);
      const words = [Int32Array.of(fd), 1, 100, new Uint8Array(256), new Uint32Array(1), lengths];
      return [addon.readKept(...words), lengths[0]];
    }),
  guarded: () => {
    const read = addon.readGuarded(file, 2 ** 20);
    return typeof read === 'number' ? read : read.length;
  },
  long: () => {
    const read = addon.readGuarded(`${root}/long`, 2 ** 30);
    return typeof read === 'number' ? read : read.length;
  },
  besideStuck,
  pieces,
  started,
  allocated: () => withFile('r+', (fd) => addon.preallocate(fd, 100_000)),
  locked: () => withFile('r+', (fd) => addon.lockFile(fd)),
  silenced: () =>
    withFile('r+', (fd) => {
      const result = addon.silence(fd);
      // What is silent swallows what is written.
      if (result === 0) writeSync(fd, 'nothing');
      return result;
    }),
  compared: () => addon.compareMemory(process.pid, process.pid),
  placed: () => [addon.stayOff(0, true), addon.stayOff(-1, true), addon.runAhead(true), addon.runAhead(false)],
  counters,
  rollup: () => rollup('sweepRollup', []),
  paced: () => rollup('sweepPaced', [1_000_000]),
  mappings: () => mappings(0),
  pacedMappings: () => mappings(1_000_000),
  mapped,
  walk: () => kernelCounters(1, true),
  iterate: () => kernelCounters(2, false),
  lives,
};

function resultOf(make) {
  try {
    return make();
  } catch (error) {
    return { says: error.message, errno: error.errno };
  }
}

console.log(JSON.stringify([resultOf(CALLS[call]), resultOf(CALLS[call])]));
