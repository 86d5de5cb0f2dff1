/** Where a container is in the groups of its host, over folders that look like them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SCRATCH } from '../../test/engine/fake-procfs.js';
import { MOST_GROUPS } from './group-folders.js';
import { withHome } from './group-namespace.js';

const PID = 4711;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(SCRATCH, 'tidemark-namespace-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A group with these members. */
function group(name: string, ...pids: number[]): void {
  mkdirSync(path.join(folder, name), { recursive: true });
  writeFileSync(path.join(folder, name, 'cgroup.procs'), pids.map((pid) => `${pid}\n`).join(''));
}

/** What is found when so much is told of a mount so far above us. */
function homeOf(root: string, own: string): unknown {
  const hierarchy = { version: 2, folder, root } as const;
  const found = withHome(hierarchy, () => `0::${own}\n`, PID);
  if (found !== hierarchy) expect(found).toMatchObject({ version: 2, folder, root: '/' });
  return found === hierarchy ? 'as it was' : found.home;
}

it('a mount that our name space reaches is as it is, and so is one of which nothing is told', () => {
  expect(homeOf('/', '/')).toBe('as it was');
  expect(homeOf('/docker/x', '/')).toBe('as it was');
  const hierarchy = { version: 1, folder, root: '/..' } as const;
  expect(withHome(hierarchy, () => '0::/\n', PID)).toBe(hierarchy);
});

it('we are where a group of that depth has us', () => {
  group('other', 1, 2);
  group('docker');
  group('docker/ours', 12, PID);
  group('docker/theirs', 471);
  expect(homeOf('/../..', '/')).toBe('/docker/ours');
  // Another name space of ours may lie in that one.
  group('docker/ours/inner', PID);
  group('docker/ours', 12);
  expect(homeOf('/../..', '/inner')).toBe('/docker/ours');
  expect(homeOf('/../../..', '/')).toBe('/docker/ours/inner');
});

it('who is outside of the mount, or in no group that can be seen, stays without a home', () => {
  group('docker/theirs', 471);
  mkdirSync(path.join(folder, 'docker/unreadable'));
  expect(homeOf('/../..', '/../elsewhere')).toBe('as it was');
  expect(homeOf('/../..', '/')).toBe('as it was');
  expect(homeOf('/../../..', '/')).toBe('as it was');
});

it('is not looked for among more groups than are followed', () => {
  for (let index = 0; index <= MOST_GROUPS; index++) mkdirSync(path.join(folder, String(index)));
  group('0', PID);
  expect(homeOf('/..', '/')).toBe('as it was');
  rmSync(path.join(folder, '1'), { recursive: true });
  expect(homeOf('/..', '/')).toBe('/0');
});
