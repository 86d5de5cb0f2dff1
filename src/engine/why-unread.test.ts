import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeProcfs } from '../../test/engine/fake-procfs.js';
import { whyUnread } from './why-unread.js';

let tree: FakeProcfs;
beforeEach(() => {
  tree = new FakeProcfs();
});
afterEach(() => tree.destroy());

it('is nothing where a stat can be read, or where there is no process', () => {
  expect([whyUnread(tree.root), whyUnread(`${tree.root}/nothing`)]).toEqual([undefined, undefined]);
  tree.add(7);
  expect([whyUnread(tree.root), whyUnread(tree.root, 7), whyUnread(tree.root, 8)]).toEqual(Array(3).fill(undefined));
});

it.each([
  ['empty', (file: string) => tree.write(7, file, ''), / is empty$/],
  ['no text of a kernel', (file: string) => tree.write(7, file, 'what is this\n'), / is no text of a kernel$/],
  ['a folder', (file: string) => tree.folder(7, file), /EISDIR/],
  ['without an end', (file: string) => tree.link(7, file, '/dev/zero'), /./],
])('names the file that is %s', (_, make, why) => {
  tree.add(7);
  make('stat');
  for (const reason of [whyUnread(tree.root), whyUnread(tree.root, 7)]) {
    expect(reason).toMatch(why);
  }
});

it('passes by who has ended', () => {
  tree.write(7, 'comm', 'gone\n');
  expect(whyUnread(tree.root)).toBeUndefined();
  tree.write(8, 'stat', '');
  expect(whyUnread(tree.root)).toBe(`${tree.pathOf(8, 'stat')} is empty`);
});
