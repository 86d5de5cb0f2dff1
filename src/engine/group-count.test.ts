import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { countGroups, GroupCount } from './group-count.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-count-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it.each([
  [1, 'cgroups', (count: number) => `#subsys_name\thierarchy\tnum_cgroups\nmemory\t4\t${count}\t1\ncpu\t3\t9\t1\n`],
  [2, 'cgroup.stat', (count: number) => `nr_descendants ${count}\nnr_dying_descendants 8\n`],
] as const)('of version %i tells when it is another than before, or when it cannot tell', (version, name, text) => {
  const before = readdirSync('/proc/self/fd').length;
  const count = new GroupCount({ version, folder, root: '/' }, folder);
  expect([count.read(), count.hasChanged(), count.hasChanged()]).toEqual([undefined, true, true]);
  const file = path.join(folder, name);
  for (const [groups, isChanged] of [
    [3, true],
    [3, false],
    [12, true],
  ] as const) {
    writeFileSync(file, text(groups));
    expect([count.read(), count.hasChanged()]).toEqual([groups, isChanged]);
  }
  writeFileSync(file, 'nothing that is known\n');
  expect([count.hasChanged(), count.hasChanged()]).toEqual([true, true]);
  count.close();
  expect(readdirSync('/proc/self/fd')).toHaveLength(before);
});

it('is none of a tree beside which no groups are mounted, and of this host what its kernel says', () => {
  mkdirSync(path.join(folder, 'proc'));
  expect(countGroups(path.join(folder, 'proc'))).toBe(0);
  expect(countGroups('/proc')).toBeGreaterThan(0);
});
