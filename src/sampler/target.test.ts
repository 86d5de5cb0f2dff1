import { describe, expect, it } from 'vitest';
import { describeTarget, isOpenEnded, type PlainTarget, plainTarget, type Target } from './target.js';

describe('plainTarget', () => {
  it.each<[Target, PlainTarget, string]>([
    ['host', { kind: 'host' }, 'host'],
    ['self', { kind: 'pids', pids: [42] }, 'pids 42'],
    ['self-tree', { kind: 'tree', pid: 42 }, 'tree 42'],
    [{ pids: [7, 3, 7] }, { kind: 'pids', pids: [7, 3] }, 'pids 7,3'],
    [{ pids: [0x7fffffff] }, { kind: 'pids', pids: [0x7fffffff] }, 'pids 2147483647'],
    [{ uid: 0 }, { kind: 'user', uid: 0 }, 'user 0'],
    [{ pidNamespace: 4026531836 }, { kind: 'namespace', number: 4026531836 }, 'pid namespace 4026531836'],
    [{ tree: 9 }, { kind: 'tree', pid: 9 }, 'tree 9'],
    [
      { match: /^a b\/c$/giy, on: 'comm' },
      { kind: 'match', source: '^a b\\/c$', flags: 'i', on: 'comm' },
      'comm matches /^a b\\/c$/i',
    ],
    [{ match: /x/, on: 'cmdline' }, { kind: 'match', source: 'x', flags: '', on: 'cmdline' }, 'cmdline matches /x/'],
  ])('takes %j', (target, plain, words) => {
    expect(plainTarget(target, 42)).toEqual(plain);
    expect(describeTarget(plain)).toBe(words);
    expect(isOpenEnded(plain)).toBe(plain.kind !== 'pids');
    expect(structuredClone(plain)).toEqual(plain);
  });

  it.each([
    ['/system.slice', '/system.slice'],
    ['system.slice/', '/system.slice'],
    ['/', '/'],
    ['/sys/fs/cgroup', '/'],
    ['/sys/fs/cgroup/', '/'],
    ['/sys/fs/cgroup/a/b/', '/a/b'],
    ['/sys/fs/cgroups', '/sys/fs/cgroups'],
    ['/a//b/../c/./', '/a/c'],
    ['../../a', '/a'],
  ])('takes the cgroup %j', (cgroup, path) => {
    expect(plainTarget({ cgroup }, 42)).toEqual({ kind: 'cgroup', path });
  });

  it.each([
    [undefined, 'target'],
    [null, 'target'],
    ['all', 'target'],
    [{}, 'target'],
    [7, 'target'],
    [{ pids: [] }, 'target.pids'],
    [{ pids: '7' }, 'target.pids'],
    [{ pids: [7, 0] }, 'target.pids'],
    [{ tree: -1 }, 'target.tree'],
    [{ cgroup: '' }, 'target.cgroup'],
    [{ cgroup: 7 }, 'target.cgroup'],
    [{ uid: -1 }, 'target.uid'],
    [{ uid: '0' }, 'target.uid'],
    [{ pidNamespace: 2 ** 32 }, 'target.pidNamespace'],
    [{ pidNamespace: 1.5 }, 'target.pidNamespace'],
    [{ match: 'x', on: 'comm' }, 'target.match'],
    [{ match: /x/, on: 'name' }, 'target.on'],
    [{ match: /x/ }, 'target.on'],
  ])('refuses %j and names the option %s', (target, option) => {
    expect(() => plainTarget(target as never, 42)).toThrow(TypeError);
    expect(() => plainTarget(target as never, 42)).toThrow(`Expected the "${option}" option`);
  });

  it.each([0, -1, 1.5, Number.NaN, 0x80000000, '7', null])('refuses the pid %j and names it', (pid) => {
    const sentence = (option: string) => new RegExp(`^Expected the "${option}" option .*, got ['"]?${pid}['"]?$`);
    expect(() => plainTarget({ tree: pid as number }, 42)).toThrow(sentence('target.tree'));
    expect(() => plainTarget({ pids: [1, pid as number] }, 42)).toThrow(sentence('target.pids'));
  });

  it('names a wrong subject of a match', () => {
    const target = { match: /x/, on: 'exec' as never };
    expect(() => plainTarget(target, 42)).toThrow(/"comm", "exe" or "cmdline", got .exec.$/);
  });
});
