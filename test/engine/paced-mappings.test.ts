/** Mappings in pieces: of each mapping the numbers of smaps that the method can tell, and none that it cannot. */
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { SMAPS_KEYS, SmapsColumn } from '../../src/procfs/mapping-table.js';
import { endChildren, startChild, startStopped, startZombie, stopChild, until } from './commands.js';
import { attachAll, closeEngines, engineOn, sweepMappings } from './engines.js';

afterEach(closeEngines);
afterAll(endChildren);

const MAX_HOLD_NS = 500_000;
const MIB = 2 ** 20;
const TOLD = ['size', 'rss', 'pss', 'anonymous', 'anonHugePages', 'swap', 'swapPss'] as const;

/** A stopped python with small pages, huge pages, shared memory, and a private copy of a part of a file. */
async function startMixed(): Promise<number> {
  const script = `
import mmap, time
def area(size, flags):
    return mmap.mmap(-1, size, flags=flags | mmap.MAP_ANONYMOUS)
small = area(${16 * MIB}, mmap.MAP_PRIVATE)
small.madvise(mmap.MADV_NOHUGEPAGE)
for at in range(0, ${12 * MIB}, 4096): small[at] = 1
huge = area(${16 * MIB}, mmap.MAP_PRIVATE)
huge.madvise(mmap.MADV_HUGEPAGE)
for at in range(0, ${8 * MIB}, 4096): huge[at] = 1
shared = area(${MIB}, mmap.MAP_SHARED)
for at in range(0, ${MIB}, 8192): shared[at] = 1
file = open(next(line.split()[-1] for line in open('/proc/self/maps') if 'libc.so' in line), 'rb')
copy = mmap.mmap(file.fileno(), 65536, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
for at in range(0, 65536, 4096): copy[at]
copy[4096] = 1
print(flush=True)
time.sleep(1000)`;
  const child = await startChild('python3', ['-c', script]);
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  await stopChild(child);
  return child.pid;
}

/** What the mappings of one process say, as objects. */
function rowsOf(pid: number, maxHoldNs: number) {
  const engine = engineOn('native');
  const { mappings, statuses, rows } = sweepMappings(engine, attachAll(engine, [pid]), 4088, maxHoldNs);
  expect(statuses).toEqual(['ok']);
  const { table, text, holds } = mappings;
  const name = (row: number) =>
    Buffer.from(text).toString('latin1', table.nameStart[row]!, table.nameStart[row]! + table.nameLength[row]!);
  const found = Array.from({ length: rows[0]! }, (_, row) => ({
    place: `${table.start[row]!.toString(16)}-${table.end[row]!.toString(16)} ${table.perms[row]} ${table.inode[row]} ${name(row)}`,
    sizes: Object.fromEntries(SMAPS_KEYS.map((key, column) => [key.name, table.sizes[column]![row]!])),
  }));
  return { found, hold: Number(holds[0]) };
}

describe('mappings in pieces', () => {
  it('have the addresses of the whole, and of the sizes what can be told, to the byte', async () => {
    const pid = await startMixed();
    // The share of a file page moves whenever anybody else maps it: then both are read again.
    for (let attempt = 0; ; attempt++) {
      const whole = rowsOf(pid, 0);
      const paced = rowsOf(pid, MAX_HOLD_NS);
      // Also of one who came and went meanwhile, of whom nothing is left to be seen.
      if (paced.found.some(({ sizes }, row) => sizes.pss !== whole.found[row]?.sizes.pss)) {
        expect(attempt).toBeLessThan(200);
        continue;
      }
      expect(paced.hold).toBeGreaterThan(0);
      expect(paced.found.map(({ place }) => place)).toEqual(whole.found.map(({ place }) => place));
      paced.found.forEach(({ place, sizes }, row) => {
        const expected = whole.found[row]!.sizes;
        for (const field of TOLD) {
          // Where a file may live in memory, what is swapped of it stands nowhere that this method looks.
          if (Number.isNaN(sizes[field]) && field.startsWith('swap')) continue;
          expect({ place, [field]: sizes[field] }).toEqual({ place, [field]: expected[field] });
        }
        for (const { name } of SMAPS_KEYS) {
          if (!(TOLD as readonly string[]).includes(name))
            expect({ name, value: sizes[name] }).toEqual({ name, value: Number.NaN });
        }
      });
      const sum = (field: (typeof TOLD)[number]) =>
        paced.found.reduce((all, { sizes }) => all + (sizes[field] || 0), 0);
      expect(sum('rss')).toBeGreaterThan(20 * MIB);
      expect(sum('anonHugePages')).toBe(whole.found.reduce((all, { sizes }) => all + sizes.anonHugePages!, 0));
      break;
    }
  });

  it('are begun once and taken later, when there is room for them', async () => {
    const pid = await startMixed();
    const engine = engineOn('native');
    const slots = attachAll(engine, [pid]);
    const { done, mappings, rows } = sweepMappings(engine, slots, 8, MAX_HOLD_NS);
    expect(done).toBe(1);
    expect(rows[0]).toBeGreaterThan(8);
    expect(mappings.table.sizes[SmapsColumn.rss]!.subarray(0, rows[0]).some((rss) => rss > 0)).toBe(true);
  });

  it('of a zombie and of what has gone say so', async () => {
    const gone = await startStopped();
    const engine = engineOn('native');
    const slots = attachAll(engine, [await startZombie(), gone.pid]);
    gone.kill('SIGKILL');
    await until(() => gone.signalCode !== null, 'it has ended');
    expect(sweepMappings(engine, slots, 8, MAX_HOLD_NS)).toMatchObject({ statuses: ['no-mm', 'gone'], rows: [0, 0] });
  });

  it('are unsupported by the ts engine', async () => {
    const engine = engineOn('ts');
    const slots = attachAll(engine, [(await startStopped()).pid]);
    expect(sweepMappings(engine, slots, 8, MAX_HOLD_NS)).toMatchObject({ statuses: ['unsupported'], rows: [0] });
  });
});
