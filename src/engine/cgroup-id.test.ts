import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { cgroupIdOf, isInVersion1 } from './cgroup-id.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-id-'));
afterAll(() => rmSync(folder, { recursive: true }));

const mounts = path.join(folder, 'mountinfo');
for (const name of ['first/a', 'second tree/b', 'old/c']) mkdirSync(path.join(folder, name), { recursive: true });
writeFileSync(
  mounts,
  [
    `30 23 0:26 / ${folder} rw - tmpfs tmpfs rw`,
    `31 23 0:27 / ${folder}/first rw,nosuid shared:9 - cgroup2 cgroup2 rw`,
    `32 23 0:28 / ${folder}/second\\040tree rw - cgroup2 cgroup2 rw`,
    `33 23 0:29 / ${folder}/old rw - cgroup cgroup rw,memory`,
    '34 cut - cgroup2 cgroup2 rw',
    'no mount',
    '',
  ].join('\n'),
);

it('the number of a group is that of its folder, in any tree of version 2', () => {
  const inodeOf = (name: string) => statSync(path.join(folder, name), { bigint: true }).ino;
  expect([cgroupIdOf('/a', mounts), cgroupIdOf('/b', mounts)]).toEqual([inodeOf('first/a'), inodeOf('second tree/b')]);
  expect([cgroupIdOf('/c', mounts), cgroupIdOf('/nothing', mounts)]).toEqual([undefined, undefined]);
});

it('one of version 1 is told from one of version 2', () => {
  expect(['/a', '/b', '/c', '/nothing'].map((name) => isInVersion1(name, mounts))).toEqual([false, false, true, false]);
  expect([cgroupIdOf('/no/such/group'), isInVersion1('/no/such/group')]).toEqual([undefined, false]);
});
