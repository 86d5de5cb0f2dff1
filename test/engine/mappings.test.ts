import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MappingSweep } from '../../src/engine/mapping-sweep.js';
import { type Mapping, parseSmaps } from '../../src/procfs/mapping-objects.js';
import { NO_SPAN, Permission, SMAPS_KEYS } from '../../src/procfs/mapping-table.js';
import { STATUSES, Status } from '../../src/schema.js';
import { endChildren, procText, startChild, startStopped, startZombie, stopChild } from './commands.js';
import { attachAll, closeEngines, ENGINES, engineOn, sweepMappings, TREE_ENGINES } from './engines.js';
import { FakeProcfs, PF_KTHREAD, smapsRecord } from './fake-procfs.js';

/** One row of a sweep as `parseSmaps` tells it, but for what only a text can tell. */
function mappingAt(sweep: MappingSweep, row: number): Partial<Mapping> {
  const { table } = sweep;
  const span = (start: number, length: number) => Buffer.from(sweep.text.subarray(start, start + length)).toString();
  const bit = (mask: number, letter: string, other = '-') => (table.perms[row]! & mask ? letter : other);
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  const sizes = SMAPS_KEYS.map(({ name }, column) => [name, table.sizes[column]![row]!] as const);
  const flagsStart = table.flagsStart[row]!;
  const flags = flagsStart === NO_SPAN ? '' : span(flagsStart, table.flagsLength[row]!).trim();
  return {
    start: table.start[row]!.toString(16),
    end: table.end[row]!.toString(16),
    perms: `${bit(Permission.read, 'r')}${bit(Permission.write, 'w')}${bit(Permission.execute, 'x')}${bit(Permission.shared, 's', 'p')}`,
    offset: table.offset[row]!.toString(16),
    device: `${hex(table.deviceMajor[row]!)}:${hex(table.deviceMinor[row]!)}`,
    inode: Number(table.inode[row]!),
    name: span(table.nameStart[row]!, table.nameLength[row]!),
    ...Object.fromEntries(sizes.filter(([, value]) => !Number.isNaN(value))),
    ...(flagsStart === NO_SPAN ? {} : { vmFlags: flags === '' ? [] : flags.split(' ') }),
  };
}

/** The mappings of a text in the same form. */
function mappingsOf(text: string): Partial<Mapping>[] {
  return parseSmaps(Buffer.from(text, 'latin1')).mappings.map(
    ({ deleted: _, ambiguous: __, other: ___, ...rest }) => rest,
  );
}

function rowsOf(sweep: MappingSweep, first: number, count: number): Partial<Mapping>[] {
  return Array.from({ length: count }, (_, index) => mappingAt(sweep, first + index));
}

afterEach(closeEngines);

describe('the mappings of live processes', () => {
  let pids: number[];
  let zombie: number;
  beforeAll(async () => {
    const large = await startChild('python3', ['-c', 'print(flush=True)\nimport time; time.sleep(1000)']);
    await new Promise((resolve) => large.stdout!.once('data', resolve));
    await stopChild(large);
    pids = [(await startStopped()).pid, large.pid, (await startStopped()).pid];
    zombie = await startZombie();
  });
  afterAll(endChildren);

  it.each(ENGINES)('are those of the kernel text, with the %s engine', (name) => {
    const engine = engineOn(name);
    const slots = attachAll(engine, pids);
    for (let attempt = 0; ; attempt++) {
      const before = pids.map((pid) => procText(pid, 'smaps'));
      const { done, mappings, statuses, rows } = sweepMappings(engine, slots);
      // The share of a file page moves whenever anybody else maps it.
      if (pids.some((pid, index) => procText(pid, 'smaps') !== before[index])) {
        expect(attempt).toBeLessThan(200);
        continue;
      }
      expect([done, statuses]).toEqual([3, ['ok', 'ok', 'ok']]);
      let first = 0;
      before.forEach((text, index) => {
        expect(mappings.spans[index]).toBe(first);
        expect(rowsOf(mappings, first, rows[index]!)).toEqual(mappingsOf(text));
        expect(mappings.holds[index]).toBeGreaterThan(0n);
        first += rows[index]!;
      });
      expect(mappings.table.rows).toBe(first);
      return;
    }
  });

  it.each(ENGINES)('are none for a process without memory, with the %s engine', (name) => {
    const engine = engineOn(name);
    expect(sweepMappings(engine, attachAll(engine, [zombie, pids[0]!]))).toMatchObject({
      statuses: ['no-mm', 'ok'],
      rows: [0, expect.any(Number)],
    });
  });

  it.each(ENGINES)('stop when their time has passed, with the %s engine', (name) => {
    const engine = engineOn(name);
    const slots = attachAll(engine, pids);
    const mappings = new MappingSweep(4088, 8);
    mappings.status.fill(77);
    expect(engine.sweepMappings(slots, 3, mappings, process.hrtime.bigint())).toBe(0);
    expect([...mappings.status]).toEqual(Array(8).fill(77));
    expect(engine.sweepMappings(slots, 0, mappings, 0n)).toBe(0);
    expect(engine.sweepMappings(slots, 3, mappings, process.hrtime.bigint() + 60_000_000_000n)).toBe(3);
  });
});

describe.each(TREE_ENGINES)('the mappings of a tree with the %s engine', (name) => {
  let tree: FakeProcfs;
  beforeEach(() => {
    tree = new FakeProcfs();
  });
  afterEach(() => tree.destroy());

  /** A process with so many mappings, each with a name of its own. */
  const addWith = (pid: number, count: number): string => {
    tree.add(pid);
    const records = Array.from({ length: count }, (_, index) => {
      const start = 0x10000 * pid + index * 0x1000;
      const head = `${start.toString(16)}-${(start + 0x1000).toString(16)} r-xp 00002000 08:0f ${index + 1}    /lib/${pid}/ file ${index}`;
      return smapsRecord(head, { Size: 4, Rss: index, Pss: pid, Unknown: 1 }, index % 3 === 0 ? undefined : 'rd ex ');
    });
    tree.write(pid, 'smaps', records.join(''));
    return records.join('');
  };

  it('stop at a full table and go on from there, each row once and in order', () => {
    const texts = [30, 0, 12, 50, 7, 40].map((count, index) => addWith(index + 1, count));
    tree.add(2, { flags: PF_KTHREAD });
    const engine = engineOn(name, { root: tree.root });
    let left = attachAll(engine, [1, 2, 3, 4, 5, 6]);
    const mappings = new MappingSweep(56, 8);
    const sweeps: number[] = [];
    while (left.length > 0) {
      const done = engine.sweepMappings(left, left.length, mappings, 0n);
      for (let index = 0; index < done; index++) {
        const slot = left[index]!;
        const rows = mappings.spans[left.length + index]!;
        expect(STATUSES[mappings.status[slot]!]).toBe(slot === 1 ? 'no-mm' : 'ok');
        expect(rowsOf(mappings, mappings.spans[index]!, rows)).toEqual(slot === 1 ? [] : mappingsOf(texts[slot]!));
      }
      sweeps.push(done);
      left = left.subarray(done);
    }
    expect(sweeps).toEqual([3, 1, 2]);
    expect(mappings.table.capacity).toBe(56);
  });

  it('make room when the first does not fit, for its rows and for its text', () => {
    const texts = [addWith(1, 3000), addWith(2, 5)];
    const longName = smapsRecord(`1000-2000 r--p 0 00:00 0    /${'n'.repeat(9000)}`, { Size: 4 });
    tree.add(3);
    tree.write(3, 'smaps', longName);
    const engine = engineOn(name, { root: tree.root });
    const slots = attachAll(engine, [1, 2, 3]);
    const grown = sweepMappings(engine, slots.subarray(0, 2), 8);
    expect(grown).toMatchObject({ done: 2, rows: [3000, 5], statuses: ['ok', 'ok'] });
    expect(rowsOf(grown.mappings, 0, 3000)).toEqual(mappingsOf(texts[0]!));
    expect(rowsOf(grown.mappings, 3000, 5)).toEqual(mappingsOf(texts[1]!));
    const wide = sweepMappings(engine, slots.subarray(2), 8);
    expect(wide).toMatchObject({ done: 1, rows: [1], statuses: ['ok'] });
    expect(rowsOf(wide.mappings, 0, 1)).toEqual(mappingsOf(longName));
    // One that does not fit behind others is left to the next sweep; the table is not grown for it.
    expect(sweepMappings(engine, Uint32Array.of(1, 0), 8)).toMatchObject({ done: 1, rows: [5] });
  });

  it('fit exactly', () => {
    addWith(1, 8);
    addWith(2, 1);
    const engine = engineOn(name, { root: tree.root });
    const slots = attachAll(engine, [1, 2]);
    const mappings = new MappingSweep(8, 8);
    expect(engine.sweepMappings(slots, 2, mappings, 0n)).toBe(1);
    expect(mappings.table.capacity).toBe(8);
    expect(mappings.table.rows).toBe(8);
  });

  it('are none of what has gone, has no such file or has no memory, between others', () => {
    addWith(1, 3);
    addWith(3, 4);
    for (const pid of [2, 4, 5, 6]) tree.add(pid, pid === 5 ? { flags: PF_KTHREAD } : {});
    tree.write(6, 'smaps', '');
    const engine = engineOn(name, { root: tree.root, maxKept: 0 });
    const slots = attachAll(engine, [1, 2, 3, 4, 5, 6]);
    tree.remove(2);
    const { mappings, statuses, rows } = sweepMappings(engine, Uint32Array.of(...slots, 40));
    expect(statuses).toEqual(['ok', 'gone', 'ok', 'unsupported', 'no-mm', 'no-mm', 'gone']);
    expect(rows).toEqual([3, 0, 4, 0, 0, 0, 0]);
    expect([...mappings.spans.subarray(0, 7)]).toEqual([0, 3, 3, 7, 7, 7, 7]);
    tree.write(3, 'stat', 'what is this\n');
    tree.remove(1, 'stat');
    expect(sweepMappings(engine, Uint32Array.of(0, 2))).toMatchObject({
      statuses: ['gone', 'unsupported'],
      rows: [0, 0],
    });
  });

  it('of text that is no smaps are none, and the process is there', () => {
    tree.add(1);
    tree.write(1, 'smaps', 'what is this\n');
    const engine = engineOn(name, { root: tree.root });
    expect(sweepMappings(engine, attachAll(engine, [1]))).toMatchObject({ statuses: ['ok'], rows: [0] });
  });

  it('have room for more slots when told', () => {
    addWith(1, 2);
    const engine = engineOn(name, { root: tree.root });
    const mappings = new MappingSweep(64, 2);
    mappings.status[1] = Status.denied;
    mappings.growSlots(500);
    expect(mappings.status[1]).toBe(Status.denied);
    const slots = Uint32Array.from({ length: 500 }, (_, slot) => slot);
    engine.attach(499, 1);
    expect(engine.sweepMappings(slots, 500, mappings, 0n)).toBe(500);
    expect(mappings.spans[999]).toBe(2);
    expect(mappings.status[499]).toBe(Status.ok);
  });
});
