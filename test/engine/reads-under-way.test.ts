/** Deep reads that were begun for a slot and not waited for: whoever has the slot next gets nothing of them. */
import { afterEach, describe, expect, it } from 'vitest';
import { type NativeSweeper, nativeBinding } from '../../src/engine/native-binding.js';
import { MappingTable } from '../../src/procfs/mapping-table.js';
import { ROLLUP_COLUMNS, ROLLUP_FIELDS, STATUSES } from '../../src/schema.js';
import { endChildren, procText, startStopped } from './commands.js';
import { FakeProcfs } from './fake-procfs.js';

const binding = nativeBinding();
if (binding.state !== 'loaded') throw new Error(binding.reason);
const { addon } = binding;

const ROWS = 8;
const HOLD_NS = 1_000_000;
const open: NativeSweeper[] = [];
afterEach(async () => {
  for (const sweeper of open.splice(0)) sweeper.close();
  await endChildren();
});

function sweeperOn(root: string): NativeSweeper {
  const sweeper = new addon.Sweeper(root, 4096, 100, 100, 1, 20e9);
  open.push(sweeper);
  return sweeper;
}

const SLOTS = Array.from({ length: ROWS }, (_, slot) => slot);

function attachAll(sweeper: NativeSweeper, pid: number): void {
  for (const slot of SLOTS) expect(sweeper.attach(slot, pid, new Float64Array(4), new Uint8Array(64))).toBe(0);
}

/** `forNs`: how long is waited; 0 for as long as it takes. */
type Sweep = (sweeper: NativeSweeper, forNs: bigint) => { done: number; values: unknown };
const SHORT_NS = 300_000n;
/** From now on, when all that is needed has been made. */
const stopAfter = (forNs: bigint) => (forNs === 0n ? 0n : process.hrtime.bigint() + forNs);

/** What is nobody else's, by slot: PSS changes with who shares a library. */
function rollup(how: 'sweepRollup' | 'sweepPaced'): Sweep {
  return (sweeper, forNs) => {
    const columns = new Float64Array(ROLLUP_COLUMNS.length * ROWS);
    const status = new Uint8Array(ROWS);
    const words = [Uint32Array.from(SLOTS), ROWS, columns, status, new BigInt64Array(2), stopAfter(forNs)] as const;
    const done = how === 'sweepPaced' ? sweeper.sweepPaced(...words, HOLD_NS) : sweeper.sweepRollup(...words);
    const valuesOf = (slot: number) => columns[ROLLUP_FIELDS.indexOf('uss') * ROWS + slot];
    return { done, values: SLOTS.map((slot) => [STATUSES[status[slot]!], valuesOf(slot)]) };
  };
}

/** Statuses and numbers of mappings. */
function mappings(maxHoldNs: number): Sweep {
  return (sweeper, forNs) => {
    const table = new MappingTable(20_000);
    const status = new Uint8Array(ROWS);
    const spans = new Uint32Array(2 * ROWS);
    const buffers = [table.buffer, table.capacity, new Uint8Array(2 ** 22), spans, new BigUint64Array(ROWS)] as const;
    const times = [new BigInt64Array(2), stopAfter(forNs), new Float64Array(2)] as const;
    const words = [...buffers, ...times, maxHoldNs] as const;
    const done = sweeper.sweepMappings(Uint32Array.from(SLOTS), ROWS, status, ...words);
    return { done, values: SLOTS.map((slot) => [STATUSES[status[slot]!], spans[ROWS + slot]]) };
  };
}

const KINDS: readonly (readonly [string, Sweep])[] = [
  ['rollups', rollup('sweepRollup')],
  ['rollups in pieces', rollup('sweepPaced')],
  ['mappings', mappings(0)],
  ['mappings in pieces', mappings(HOLD_NS)],
];

describe.each(KINDS)('%s under way', (name, sweep) => {
  it('are nothing to the next process of their slots', async () => {
    const { pid } = await startStopped();
    const fresh = sweeperOn('/proc');
    attachAll(fresh, pid);
    const expected = sweep(fresh, 0n);
    expect(expected.done).toBe(ROWS);
    if (name.startsWith('mappings')) {
      const lines = procText(pid, 'maps').trimEnd().split('\n').length;
      expect(expected.values).toEqual(SLOTS.map(() => ['ok', lines]));
    }
    const sweeper = sweeperOn('/proc');
    attachAll(sweeper, process.pid);
    const { done } = sweep(sweeper, SHORT_NS);
    // With one thread for all of them.
    expect(done).toBeLessThan(ROWS);
    attachAll(sweeper, pid);
    expect(sweep(sweeper, 0n)).toEqual(expected);
  });

  it('are taken by a later sweep of the same process, and dropped with a slot', () => {
    const sweeper = sweeperOn('/proc');
    attachAll(sweeper, process.pid);
    sweep(sweeper, SHORT_NS);
    sweeper.detach(0);
    const { done, values } = sweep(sweeper, 0n);
    const statuses = (values as [string, unknown][]).map(([status]) => status);
    expect(done).toBe(ROWS);
    // Which slot is where in the list of mappings is another matter.
    expect(statuses.toSorted()).toEqual(['gone', ...Array(ROWS - 1).fill('ok')]);
  });
});

it('reads of one kind are no matter to those of another', () => {
  const sweeper = sweeperOn('/proc');
  attachAll(sweeper, process.pid);
  for (const [, begun] of KINDS) {
    for (const [, whole] of KINDS) {
      begun(sweeper, SHORT_NS);
      const { done, values } = whole(sweeper, 0n);
      expect(done).toBe(ROWS);
      expect((values as [string, unknown][]).map(([status]) => status)).toEqual(Array(ROWS).fill('ok'));
    }
  }
});

describe('a read in pieces', () => {
  const ODD = [
    '3000-1000 r--p 00000000 00:00 0 backwards',
    '1001-3000 r--p 00000000 00:00 0 in the middle of a page',
    '1000-3001 r--p 00000000 00:00 0 to the middle of a page',
    '4000-4000 r--p 00000000 00:00 0 nothing',
    '5000-7000 r--p 00000000 00:00 0 [vvar]',
    '7000-9000 r-xp 00000000 00:00 0 [vsyscall]',
    '9000-b000 rw-p 00000000 00:0f 5 /anon_hugepage (deleted)',
  ];

  it('leaves out what is no resident memory, and mappings that no kernel has', () => {
    const tree = new FakeProcfs();
    try {
      tree.add(7);
      tree.write(7, 'pagemap', '');
      const sweeper = sweeperOn(tree.root);
      attachAll(sweeper, 7);
      tree.write(7, 'maps', `${ODD.join('\n')}\n`);
      expect(mappings(HOLD_NS)(sweeper, 0n).values).toEqual(SLOTS.map(() => ['ok', ODD.length]));
      // Any other is asked for, which a file that is no pagemap cannot answer.
      tree.write(7, 'maps', `${ODD.join('\n')}\n9000-b000 rw-p 00000000 00:00 0\n`);
      expect(mappings(HOLD_NS)(sweeper, 0n).values).toEqual(SLOTS.map(() => ['unsupported', 0]));
      tree.remove(7, 'maps');
      expect(mappings(HOLD_NS)(sweeper, 0n).values).toEqual(SLOTS.map(() => ['unsupported', 0]));
      tree.remove(7, 'pagemap');
      expect(rollup('sweepPaced')(sweeper, 0n).done).toBe(ROWS);
    } finally {
      tree.destroy();
    }
  });
});
