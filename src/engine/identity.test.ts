/** The labels under which a ring stores who a row is of. */
import { describe, expect, it } from 'vitest';
import { decodeGroup, encodeGroup, type GroupIdentity, groupKey, MAX_GROUP_PATH } from './group-identity.js';
import { decodeIdentity, encodeIdentity, identityKey, MAX_COMM, type ProcessIdentity } from './identity.js';

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const PROCESS: ProcessIdentity = {
  ...{ pid: 2 ** 32 - 1, startTicks: 2 ** 53 - 1, parentPid: 7, kernelThread: false },
  comm: bytes('a\xff\0b'),
};
const GROUP: GroupIdentity = { hierarchy: 2, inode: 2n ** 64n - 1n, path: bytes('/a\xff/b') };

describe('the label of a process', () => {
  it.each([
    ['a program', PROCESS],
    ['a kernel thread', { ...PROCESS, kernelThread: true, comm: bytes('') }],
    ['one of a host among several', { ...PROCESS, source: 65_535 }],
    ['a kernel thread of the first of several', { ...PROCESS, kernelThread: true, source: 0 }],
  ])('holds %s', (_, identity) => {
    expect(decodeIdentity(encodeIdentity(identity))).toEqual(identity);
  });

  it('has as much of the name as there is room for', () => {
    const label = encodeIdentity({ ...PROCESS, comm: new Uint8Array(200).fill(65), source: 3 });
    expect(decodeIdentity(label)).toMatchObject({ comm: new Uint8Array(MAX_COMM).fill(65), source: 3 });
  });

  it('that was cut is none, and one whose host was cut is of no host', () => {
    const whole = encodeIdentity({ ...PROCESS, source: 3 });
    for (let length = 0; length < whole.length - 2; length++) {
      expect([length, decodeIdentity(whole.subarray(0, length))]).toEqual([length, undefined]);
    }
    for (const length of [whole.length - 2, whole.length - 1]) {
      expect(decodeIdentity(whole.subarray(0, length))).toEqual(PROCESS);
    }
    expect(decodeIdentity(Uint8Array.of(...whole, ...bytes('of a later version')))).toEqual({ ...PROCESS, source: 3 });
  });

  it('is told apart by its host', () => {
    expect(identityKey({ pid: 1, startTicks: 2 })).toBe('1:2');
    expect(identityKey({ pid: 1, startTicks: 2, source: 0 })).toBe('1:2@0');
  });
});

describe('the label of a group', () => {
  it.each([
    ['of version 2', GROUP],
    ['of version 1', { ...GROUP, hierarchy: 1 as const, path: bytes('/') }],
    ['of a host among several', { ...GROUP, source: 65_535 }],
  ])('holds one %s', (_, group) => {
    expect(decodeGroup(encodeGroup(group))).toEqual(group);
  });

  it('has as much of the path as there is room for', () => {
    const label = encodeGroup({ ...GROUP, path: new Uint8Array(5000).fill(47), source: 3 });
    expect(decodeGroup(label)).toMatchObject({ path: new Uint8Array(MAX_GROUP_PATH).fill(47), source: 3 });
  });

  it('that was cut, or of no known version, is none', () => {
    const whole = encodeGroup({ ...GROUP, source: 3 });
    for (let length = 0; length < whole.length - 2; length++) {
      expect([length, decodeGroup(whole.subarray(0, length))]).toEqual([length, undefined]);
    }
    expect(decodeGroup(whole.subarray(0, whole.length - 1))).toEqual(GROUP);
    for (const hierarchy of [0, 3]) {
      whole[0] = hierarchy;
      expect(decodeGroup(whole)).toBeUndefined();
    }
  });

  it('is told apart by version, inode, host and path', () => {
    expect(groupKey({ ...GROUP, inode: 5n })).toBe('2:5:/a\xff/b');
    expect(groupKey({ ...GROUP, inode: 5n, source: 1 })).toBe('2:5@1:/a\xff/b');
  });
});
