import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineName } from '../../src/engine/engine.js';
import type { ProcessIdentity } from '../../src/engine/identity.js';
import { endChildren, procText, startStopped, statWords } from './commands.js';
import { closeEngines, counterColumns, ENGINES, engineOn, sweep, TREE_ENGINES } from './engines.js';
import { FakeProcfs, PF_KTHREAD } from './fake-procfs.js';

let tree: FakeProcfs;
beforeEach(() => {
  tree = new FakeProcfs();
});
afterEach(async () => {
  closeEngines();
  tree.destroy();
  await endChildren();
});

function attachedWith(name: EngineName, pid: number, root: string): ProcessIdentity {
  const result = engineOn(name, { root }).attach(0, pid);
  if (result.status !== 'ok') throw new Error(result.status);
  return result.identity;
}

describe.each(ENGINES)('attach to a live process with the %s engine', (name) => {
  it('gives what stat of a live process says', async () => {
    const { pid } = await startStopped();
    const words = statWords(pid);
    expect(attachedWith(name, pid, '/proc')).toEqual({
      pid,
      startTicks: Number(words[22 - 3]),
      parentPid: process.pid,
      kernelThread: false,
      comm: new Uint8Array(Buffer.from('sleep')),
    });
  });

  it('says gone of a pid that nobody has', () => {
    expect(engineOn(name).attach(0, 0x7fffffff)).toEqual({ status: 'gone' });
  });

  it('reads every process of this host as its comm file says', () => {
    const engine = engineOn(name);
    for (const pid of [...engine.listPids()].slice(0, 200)) {
      const result = engine.attach(0, pid);
      // A process that ended, or changed its name, is not what is tested here.
      if (result.status !== 'ok' || result.identity.kernelThread) continue;
      let comm: string;
      try {
        comm = procText(pid, 'comm');
      } catch {
        continue;
      }
      const again = engine.attach(0, pid);
      if (again.status === 'ok' && Buffer.compare(again.identity.comm, result.identity.comm) === 0) {
        expect(`${Buffer.from(result.identity.comm).toString('latin1')}\n`).toBe(comm);
      }
    }
  });
});

describe.each(TREE_ENGINES)('attach with the %s engine', (name) => {
  const attached = (pid: number) => attachedWith(name, pid, tree.root);
  const commOf = (comm: string | Uint8Array) => {
    tree.add(7, { comm });
    return Buffer.from(attached(7).comm);
  };

  it('gives start, parent and kind of a process in a tree', () => {
    tree.add(7, { startTicks: 123_456_789_012, parentPid: 2, flags: PF_KTHREAD | 0x40 });
    expect(attached(7)).toMatchObject({ pid: 7, startTicks: 123_456_789_012, parentPid: 2, kernelThread: true });
    tree.add(8, { flags: PF_KTHREAD >>> 1, startTicks: 0 });
    expect(attached(8)).toMatchObject({ pid: 8, startTicks: 0, parentPid: 1, kernelThread: false });
  });

  it.each([
    ['parentheses and spaces', ') ( S 1'],
    ['what looks like the rest of a stat', 'x) R 9 9 9 ('],
    ['newlines', 'a\nb\n'],
    ['fifteen bytes', '123456789012345'],
    ['a long kernel worker', 'kworker/u64:12+flush-btrfs-1-with-a-long-name-of-63-bytes-xxxxx'],
    ['nothing', ''],
    ['an escape sequence', '\u001b]0;x\u0007'],
  ])('gives a name of %s raw', (_what, comm) => {
    expect(commOf(comm).toString()).toBe(comm);
  });

  it('gives a name that is not UTF-8 raw', () => {
    expect(commOf(Buffer.from([0xff, 0xfe, 0x80, 0x29, 0xc3]))).toEqual(Buffer.from([0xff, 0xfe, 0x80, 0x29, 0xc3]));
  });

  it('keeps 64 bytes of a name that no kernel has', () => {
    expect(commOf('y'.repeat(300)).toString()).toBe('y'.repeat(64));
    const engine = engineOn(name, { root: tree.root });
    engine.attach(0, 7);
    // The cut name is not a new name.
    expect(engine.sweepCounters(Uint32Array.of(0), 1, counterColumns())).toBe(0);
    expect(Buffer.from(engine.comm(0)).toString()).toBe('y'.repeat(64));
  });

  it('says gone of a pid that nobody has', () => {
    expect(engineOn(name, { root: tree.root }).attach(0, 7)).toEqual({ status: 'gone' });
  });

  it('says unsupported of a stat that is none', () => {
    for (const text of ['', '7', '7 (x', '7 (x) S 1 2 3\n', 'what is this\n', '\0'.repeat(500)]) {
      tree.write(7, 'stat', text);
      expect([text, engineOn(name, { root: tree.root }).attach(0, 7)]).toEqual([text, { status: 'unsupported' }]);
    }
  });

  it('binds a slot anew, and a slot far away', () => {
    tree.add(7, { startTicks: 1 });
    tree.add(8, { startTicks: 2, comm: 'eight' });
    const engine = engineOn(name, { root: tree.root });
    expect(engine.attach(3, 7).status).toBe('ok');
    expect(engine.attach(3, 8).status).toBe('ok');
    expect(Buffer.from(engine.comm(3)).toString()).toBe('eight');
    expect(engine.attach(100_000, 7).status).toBe('ok');
    expect(Buffer.from(engine.comm(100_000)).toString()).toBe('fake');
    expect(engine.attach(3, 9)).toEqual({ status: 'gone' });
    expect(engine.kept()).toBe(1);
  });

  it('forgets the name of a slot that is released', () => {
    tree.add(7);
    const engine = engineOn(name, { root: tree.root });
    engine.attach(0, 7);
    engine.detach(0);
    expect(engine.comm(0)).toHaveLength(0);
    expect(engine.comm(5)).toHaveLength(0);
    expect(engine.kept()).toBe(0);
    engine.detach(0);
    engine.detach(999);
    expect(sweep(engine, Uint32Array.of(0))[0]).toMatchObject({ status: 'gone', rss: Number.NaN });
  });

  it('refuses a tree that is not there or no directory', () => {
    expect(() => engineOn(name, { root: `${tree.root}/none` })).toThrow(/ENOENT|No such file/);
    tree.add(7);
    expect(() => engineOn(name, { root: tree.pathOf(7, 'stat') })).toThrow(/[Nn]ot a directory/);
  });
});
