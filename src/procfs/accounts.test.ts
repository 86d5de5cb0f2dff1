import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AccountNames } from './accounts.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-accounts-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A tree of this name with these files beside it or in the root of its first process. */
function tree(name: string, files: Record<string, string>): string {
  const root = path.join(folder, name, 'proc');
  mkdirSync(root, { recursive: true });
  for (const [file, text] of Object.entries(files)) {
    const place = path.join(root, file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, text, 'latin1');
  }
  return root;
}

describe('the accounts of a tree', () => {
  it('are those of the folder beside it', () => {
    const names = new AccountNames(
      tree('beside', {
        '../etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1001::/:/bin/sh\n',
        '../etc/group': 'wheel:x:0:\nstaff:x:1001:ann\n',
        '1/root/etc/passwd': 'other:x:1000:1000::/:\n',
      }),
    );
    expect([names.user(0), names.user(1000), names.user(7)]).toEqual(['root', 'ann', '7']);
    expect([names.group(0), names.group(1001), names.group(1000)]).toEqual(['wheel', 'staff', '1000']);
    expect([names.uidOf('ann'), names.uidOf('wheel'), names.uidOf('other')]).toEqual([1000, undefined, undefined]);
    expect([names.gidOf('staff'), names.gidOf('ann')]).toEqual([1001, undefined]);
  });

  it('are else those in the root of its first process, file by file', () => {
    const names = new AccountNames(
      tree('inside', {
        '../etc/group': 'out:x:5:\n',
        '1/root/etc/passwd': 'in:x:5:5::/:\n',
        '1/root/etc/group': 'in:x:5:\n',
      }),
    );
    expect([names.user(5), names.group(5)]).toEqual(['in', 'out']);
  });

  it('are numbers where nothing tells, and never our own', () => {
    const names = new AccountNames(tree('none', {}));
    expect([names.user(0), names.group(0), names.uidOf('root'), names.gidOf('root')]).toEqual([
      '0',
      '0',
      undefined,
      undefined,
    ]);
  });

  it('are read once', () => {
    const root = tree('once', { '../etc/passwd': 'before:x:3:3::/:\n' });
    const names = new AccountNames(root);
    expect(names.user(3)).toBe('before');
    writeFileSync(path.join(root, '../etc/passwd'), 'after:x:3:3::/:\n');
    expect(names.user(3)).toBe('before');
    expect(new AccountNames(root).user(3)).toBe('after');
  });

  it('of which two share a name or a number are the first, as the C library has it', () => {
    const names = new AccountNames(
      tree('twice', { '../etc/passwd': 'first:x:10:1::/:\nsecond:x:10:1::/:\nfirst:x:11:1::/:\n' }),
    );
    expect([names.user(10), names.user(11)]).toEqual(['first', 'first']);
    expect([names.uidOf('first'), names.uidOf('second')]).toEqual([10, 10]);
  });

  it('leave out lines that are none', () => {
    const passwd = '\n#x\n:x:1:1::/:\nshort:x\nword:x:many:1::/:\nminus:x:-4:1::/:\nspace:x: 5:1::/:\nlast:x:6';
    const names = new AccountNames(tree('odd', { '../etc/passwd': passwd }));
    expect([1, 4, 5, 6].map((uid) => names.user(uid))).toEqual(['1', '4', '5', 'last']);
    for (const name of ['', 'short', 'word', 'minus', 'space']) expect(names.uidOf(name), name).toBeUndefined();
  });

  it('have numbers for names of more than 32 bytes, which are found all the same', () => {
    const [fits, long] = ['a'.repeat(32), 'b'.repeat(33)];
    const names = new AccountNames(tree('long', { '../etc/passwd': `${fits}:x:1:1::/:\n${long}:x:2:1::/:\n` }));
    expect([names.user(1), names.user(2), names.uidOf(long)]).toEqual([fits, '2', 2]);
  });

  it('have a character for each byte', () => {
    const names = new AccountNames(tree('bytes', { '../etc/passwd': 'J\xf6rg:x:9:9::/:\n' }));
    expect([names.user(9), names.uidOf('J\xf6rg')]).toEqual(['J\xf6rg', 9]);
  });
});

it('of this host are found from /proc', () => {
  const names = new AccountNames('/proc');
  expect([names.user(0), names.uidOf('root'), names.group(0), names.gidOf('root')]).toEqual(['root', 0, 'root', 0]);
});
