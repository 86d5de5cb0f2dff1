import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeProcfs } from '../../test/engine/fake-procfs.js';
import type { ProcessIdentity } from '../engine/identity.js';
import { plainTarget, Selector, type Target } from './target.js';

let tree: FakeProcfs;
beforeEach(() => {
  tree = new FakeProcfs();
});
afterEach(() => tree.destroy());

const selectorOf = (target: Target) => new Selector(plainTarget(target, 1), tree.root);
const process = (pid: number, startTicks = 100, parentPid = 1, comm: string | Uint8Array = 'x'): ProcessIdentity => ({
  pid,
  startTicks,
  parentPid,
  kernelThread: false,
  comm: Buffer.from(comm),
});

describe('pids', () => {
  it('mean the processes that have them first, and nobody who gets them later', () => {
    const selector = selectorOf({ pids: [7, 8] });
    expect(selector.accepts(process(7, 100))).toBe(true);
    expect(selector.accepts(process(9))).toBe(false);
    expect(selector.accepts(process(7, 101))).toBe(false);
    selector.departed(process(7, 100));
    expect(selector.accepts(process(7, 101))).toBe(false);
    expect(selector.accepts(process(7, 100))).toBe(true);
    expect(selector.accepts(process(8, 500))).toBe(true);
    expect(selector.accepts(process(8, 400))).toBe(false);
  });
});

describe('a tree', () => {
  it('has its root and all who descend from it', () => {
    const selector = selectorOf({ tree: 7 });
    expect(selector.accepts(process(20, 200, 7))).toBe(false);
    expect(selector.accepts(process(7, 100, 1))).toBe(true);
    expect(selector.accepts(process(20, 200, 7))).toBe(true);
    expect(selector.accepts(process(30, 300, 20))).toBe(true);
    expect(selector.accepts(process(40, 300, 1))).toBe(false);
    expect(selector.accepts(process(1, 1, 0))).toBe(false);
  });

  it('has a child whose pid is smaller than its parent', () => {
    const selector = selectorOf({ tree: 7 });
    selector.accepts(process(7, 100));
    expect(selector.accepts(process(30_000, 200, 7))).toBe(true);
    expect(selector.accepts(process(3, 300, 30_000))).toBe(true);
    expect(selector.accepts(process(2, 300, 3))).toBe(true);
  });

  it('goes on with an adopted member after its root has gone', () => {
    const selector = selectorOf({ tree: 7 });
    const [root, child] = [process(7, 100), process(20, 200, 7)];
    selector.accepts(root);
    selector.accepts(child);
    selector.departed(root);
    expect(selector.accepts(process(30, 300, 20))).toBe(true);
    expect(selector.accepts(process(31, 300, 7))).toBe(false);
    expect(selector.accepts({ ...child, parentPid: 1 })).toBe(false);
  });

  it('is not taken in by a reused pid, as root or as parent', () => {
    const selector = selectorOf({ tree: 7 });
    selector.accepts(process(7, 100));
    selector.accepts(process(20, 500, 7));
    // A child that is older than its parent has another parent.
    expect(selector.accepts(process(30, 499, 20))).toBe(false);
    expect(selector.accepts(process(30, 500, 20))).toBe(true);
    selector.departed(process(7, 100));
    expect(selector.accepts(process(7, 900))).toBe(false);
    expect(selector.accepts(process(40, 950, 7))).toBe(false);
  });

  it('forgets only the member that departed', () => {
    const selector = selectorOf({ tree: 7 });
    selector.accepts(process(7, 100));
    selector.accepts(process(20, 500, 7));
    selector.departed(process(20, 400, 7));
    expect(selector.accepts(process(30, 600, 20))).toBe(true);
    selector.departed(process(20, 500, 7));
    expect(selector.accepts(process(31, 600, 20))).toBe(false);
  });
});

describe('a cgroup', () => {
  const within = (cgroup: string, text: string) => {
    tree.write(7, 'cgroup', text);
    return selectorOf({ cgroup }).accepts(process(7));
  };

  it.each([
    ['/a/b', '0::/a/b\n', true],
    ['/a/b', '0::/a/b/c.scope\n', true],
    ['/a/b', '0::/a/bc\n', false],
    ['/a/b', '0::/a\n', false],
    ['/a/b', '0::/x/a/b\n', false],
    ['/', '0::/\n', true],
    ['/', '0::/a\n', true],
    ['/a/b', '12:memory:/a/b\n11:cpu,cpuacct:/\n1:name=systemd:/x\n', true],
    ['/a/b', '12:memory:/\n11:cpu,cpuacct:/a/b/c\n', true],
    ['/a/b', '12:memory:/a/bc\n1:name=systemd:/a/b2\n', false],
    ['/a:b', '0::/a:b/c\n', true],
    ['/a', '', false],
    ['/a', 'what is this\n', false],
    ['/sys/fs/cgroup/a', '0::/a/b\n', true],
  ])('%s of %j: %j', (cgroup, text, expected) => {
    expect(within(cgroup, text)).toBe(expected);
  });

  it('of a process that cannot be read is none', () => {
    expect(selectorOf({ cgroup: '/' }).accepts(process(9))).toBe(false);
  });
});

describe('a user', () => {
  const accepts = (uid: number, isCertain = false) =>
    new Selector(plainTarget({ uid }, 1), tree.root, 0, () => isCertain).accepts(process(7));

  it('has those whose effective user it is', () => {
    tree.write(7, 'status', 'Name:\tx\nUid:\t1\t20\t3\t4\nGid:\t5\t6\t7\t8\n');
    expect([1, 20, 3, 4, 5, 2, 0].filter((uid) => accepts(uid))).toEqual([20]);
    expect(accepts(1, true)).toBe(false);
  });

  it('has whoever cannot be read only where the kernel said so', () => {
    expect(accepts(20)).toBe(false);
    expect(accepts(20, true)).toBe(true);
  });
});

describe('a pid namespace', () => {
  const accepts = (pidNamespace: number, isCertain = false) =>
    new Selector(plainTarget({ pidNamespace }, 1), tree.root, 0, () => isCertain).accepts(process(7));

  it('has those who live in it', () => {
    tree.link(7, 'ns/pid', 'pid:[4026531836]');
    expect([4026531836, 4026531837, 402653183].filter((number) => accepts(number))).toEqual([4026531836]);
    expect(accepts(4026531837, true)).toBe(false);
  });

  it('has whoever cannot be read only where the kernel said so', () => {
    expect(accepts(4026531836)).toBe(false);
    expect(accepts(4026531836, true)).toBe(true);
  });
});

describe('a match', () => {
  it('on comm is on the raw name', () => {
    const selector = selectorOf({ match: /^no de\)$/, on: 'comm' });
    expect(selector.accepts(process(7, 1, 1, 'no de)'))).toBe(true);
    expect(selector.accepts(process(7, 1, 1, 'no de) '))).toBe(false);
    expect(selectorOf({ match: /^\ufffdx$/, on: 'comm' }).accepts(process(7, 1, 1, Uint8Array.of(0xff, 0x78)))).toBe(
      true,
    );
  });

  it('on exe is on the path of the program', () => {
    tree.link(7, 'exe', '/usr/bin/node');
    const selector = selectorOf({ match: /^\/usr\/bin\/node$/, on: 'exe' });
    expect(selector.accepts(process(7))).toBe(true);
    expect(selector.accepts(process(8))).toBe(false);
  });

  it('on cmdline is on all words', () => {
    const selector = selectorOf({ match: /^node server\.js --port 80$/, on: 'cmdline' });
    tree.write(7, 'cmdline', 'node\0server.js\0--port\x0080\0');
    expect(selector.accepts(process(7))).toBe(true);
    tree.write(7, 'cmdline', 'node\0server.js\0');
    expect(selector.accepts(process(7))).toBe(false);
  });

  it('of what cannot be read is made with the empty text', () => {
    for (const on of ['exe', 'cmdline'] as const) {
      expect(selectorOf({ match: /./, on }).accepts(process(9))).toBe(false);
    }
  });

  it('is made anew for each process, whatever the flags', () => {
    const selector = selectorOf({ match: /X/giy, on: 'comm' });
    for (let count = 0; count < 4; count++) expect(selector.accepts(process(7, 1, 1, 'ax'))).toBe(true);
  });

  it('holds for now only', () => {
    const selector = selectorOf({ match: /^new$/, on: 'comm' });
    expect(selector.accepts(process(7, 1, 1, 'old'))).toBe(false);
    expect(selector.accepts(process(7, 1, 1, 'new'))).toBe(true);
  });
});

it('the host has everybody', () => {
  expect(selectorOf('host').accepts(process(7))).toBe(true);
});
