/** Rollups in pieces: the same numbers as the kernel's own, at holds that are far shorter. */
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  endChildren,
  procText,
  runScript,
  startChild,
  startStopped,
  startZombie,
  stopChild,
  until,
} from './commands.js';
import { attachAll, closeEngines, engineOn, type Row, rollupColumns, rowOf } from './engines.js';

afterEach(closeEngines);
afterAll(endChildren);

const MAX_HOLD_NS = 500_000;
const MIB = 2 ** 20;

function pacedRows(pids: readonly number[], maxHoldNs = MAX_HOLD_NS): Row[] {
  const engine = engineOn('native');
  const slots = attachAll(engine, pids);
  const columns = rollupColumns();
  expect(engine.sweepPaced(slots, slots.length, columns, 0n, maxHoldNs)).toBe(pids.length);
  return pids.map((_, slot) => rowOf(columns, slot));
}

function kilobytes(text: string, key: string): number {
  return Number(new RegExp(`^${key}: +(\\d+) kB$`, 'm').exec(text)![1]) * 1024;
}

function expectedOf(text: string): Record<string, number> {
  const of = (key: string) => kilobytes(text, key);
  return {
    pss: of('Pss'),
    pssAnon: of('Pss_Anon'),
    uss: of('Private_Clean') + of('Private_Dirty'),
    swap: of('Swap'),
    anonHugePages: of('AnonHugePages'),
  };
}

/** A stopped python with so much memory in small pages, some of it never touched, some of it read only. */
async function startLarge(bytes: number): Promise<number> {
  const script = `
import mmap, time
m = mmap.mmap(-1, ${bytes}, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
m.madvise(mmap.MADV_NOHUGEPAGE)
for at in range(0, ${bytes} // 2, 4096): m[at] = 1
for at in range(${bytes} // 2, ${bytes} * 3 // 4, 4096): m[at]
print(flush=True)
time.sleep(1000)`;
  const child = await startChild('python3', ['-c', script]);
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  await stopChild(child);
  return child.pid;
}

describe('a rollup in pieces', () => {
  it('has the PSS, USS and swap of smaps_rollup', async () => {
    const node = await startChild(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)']);
    await new Promise((resolve) => node.stdout!.once('data', resolve));
    await stopChild(node);
    const pids = [(await startStopped()).pid, await startLarge(64 * MIB), node.pid];
    // The share of a file page moves whenever anybody else maps it: then both are read again.
    for (let attempt = 0; ; attempt++) {
      const before = pids.map((pid) => procText(pid, 'smaps_rollup'));
      const rows = pacedRows(pids);
      const expected = before.map(expectedOf);
      // Also of one who came and went meanwhile, of whom nothing is left to be seen.
      if (rows.some(({ pss }, index) => pss !== expected[index]!.pss)) {
        expect(attempt).toBeLessThan(200);
        continue;
      }
      rows.forEach((row, index) => {
        expect(row).toMatchObject({ status: 'ok', rollupPaced: 1, ...expected[index] });
        // What pagemap cannot tell is absent, not 0.
        for (const name of ['pssFile', 'pssShmem', 'pssDirty', 'ussHugetlb', 'referenced', 'locked']) {
          expect(row[name]).toBeNaN();
        }
      });
      expect(rows[1]!.uss).toBeGreaterThan(32 * MIB);
      break;
    }
  });

  it('holds its target in small pieces, with pauses between them', async () => {
    const large = await startLarge(512 * MIB);
    // A hold that had to wait for a processor counts as one of that length: then it is read again.
    for (let attempt = 0; ; attempt++) {
      const [row] = pacedRows([large]);
      expect(row).toMatchObject({ status: 'ok' });
      const { rollupHold, rollupHeld, rollupDuration } = row as Record<string, number>;
      // More than one piece, and more pause than hold.
      if (rollupHeld! > rollupHold! * 4 && rollupDuration! > rollupHeld! * 2) break;
      expect(attempt).toBeLessThan(200);
    }
  });

  it('goes on between calls, and one with another process begins anew', async () => {
    const large = await startLarge(256 * MIB);
    const engine = engineOn('native');
    const slots = attachAll(engine, [large]);
    const columns = rollupColumns();
    let calls = 0;
    for (; calls < 100_000; calls++) {
      const stopNs = process.hrtime.bigint() + 1_000_000n;
      if (engine.sweepPaced(slots, 1, columns, stopNs, MAX_HOLD_NS) === 1) break;
    }
    expect(calls).toBeGreaterThan(5);
    // Not the share of file pages, which moves with everybody who maps them meanwhile.
    const { pss: _, ...own } = expectedOf(procText(large, 'smaps_rollup'));
    expect(rowOf(columns, 0)).toMatchObject({ status: 'ok', ...own });
    engine.sweepPaced(slots, 1, columns, process.hrtime.bigint() + 1_000_000n, MAX_HOLD_NS);
    const other = await startStopped();
    engine.attach(0, other.pid);
    expect(engine.sweepPaced(slots, 1, columns, 0n, MAX_HOLD_NS)).toBe(1);
    expect(rowOf(columns, 0).uss).toBeLessThan(10 * MIB);
  });

  it('of a zombie and of what has gone says so', async () => {
    const gone = await startStopped();
    const engine = engineOn('native');
    const slots = attachAll(engine, [await startZombie(), gone.pid]);
    gone.kill('SIGKILL');
    await until(() => gone.signalCode !== null, 'it has ended');
    const columns = rollupColumns();
    engine.sweepPaced(slots, 2, columns, 0n, MAX_HOLD_NS);
    expect([rowOf(columns, 0).status, rowOf(columns, 1).status]).toEqual(['no-mm', 'gone']);
  });

  it('of a process that execs in the middle gives nothing of the two mixed', async () => {
    const script = `
import mmap, os, sys
m = mmap.mmap(-1, ${256 * MIB}, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
m.madvise(mmap.MADV_NOHUGEPAGE)
for at in range(0, ${256 * MIB}, 4096): m[at] = 1
print(flush=True)
sys.stdin.readline()
os.execvp('sleep', ['sleep', '1000'])`;
    const child = await startChild('python3', ['-c', script]);
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    const engine = engineOn('native');
    const slots = attachAll(engine, [child.pid]);
    const columns = rollupColumns();
    expect(engine.sweepPaced(slots, 1, columns, process.hrtime.bigint() + 5_000_000n, MAX_HOLD_NS)).toBe(0);
    child.stdin!.write('\n');
    await until(() => procText(child.pid, 'comm') === 'sleep\n', 'it is sleep');
    const seen: Row[] = [];
    for (let round = 0; round < 200 && !seen.some(({ status }) => status === 'ok'); round++) {
      engine.sweepPaced(slots, 1, columns, 0n, MAX_HOLD_NS);
      seen.push(rowOf(columns, 0));
    }
    for (const row of seen) {
      if (row.status !== 'ok') expect(row).toMatchObject({ status: 'lost', uss: Number.NaN });
    }
    expect(seen.at(-1)!.uss).toBeLessThan(10 * MIB);
  });

  it('without the right to see page frames has no PSS, and everything else', async () => {
    const large = await startLarge(16 * MIB);
    const script = `
      const engine = openEngine('native', { root: '/proc', host, maxKept: 10 });
      engine.attach(0, values.pid);
      const columns = new TierColumns(ROLLUP_COLUMNS, 64);
      engine.sweepPaced(Uint32Array.of(0), 1, columns, 0n, 500000);
      const of = (name) => columns.columns[ROLLUP_COLUMNS.indexOf(name)][0];
      tell([STATUSES[columns.status[0]], of('pss'), of('uss')]);`;
    // CAP_SYS_PTRACE opens pagemap, CAP_SYS_ADMIN would show what lies behind it.
    const prefix = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin'];
    // A file page is its own no longer when somebody else maps it: then it is read again.
    for (let attempt = 0; ; attempt++) {
      const [before, told, after] = [
        expectedOf(procText(large, 'smaps_rollup')),
        runScript(script, { pid: large }, prefix),
        expectedOf(procText(large, 'smaps_rollup')),
      ];
      expect(attempt).toBeLessThan(50);
      if (before.uss !== after.uss) continue;
      expect(told).toEqual(['ok', null, before.uss]);
      break;
    }
  });

  it('is unsupported by the ts engine', async () => {
    const engine = engineOn('ts');
    const columns = rollupColumns();
    const slots = attachAll(engine, [(await startStopped()).pid]);
    expect(engine.sweepPaced(slots, 1, columns, 0n, MAX_HOLD_NS)).toBe(1);
    expect(rowOf(columns, 0)).toMatchObject({ status: 'unsupported', uss: Number.NaN, rollupHold: Number.NaN });
  });
});
