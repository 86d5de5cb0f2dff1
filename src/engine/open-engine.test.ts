import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readHostUnits } from '../procfs/host-units.js';
import { descriptorRoom, openEngine } from './open-engine.js';
import { foreignTree, isInitialPidNamespace } from './pid-namespace.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-open-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the room for descriptors', () => {
  const roomWith = (soft: string | undefined, open: number) => {
    const self = mkdtempSync(path.join(folder, 'self-'));
    const line = soft === undefined ? '' : `Max open files            ${soft.padEnd(21)}1048576              files\n`;
    writeFileSync(path.join(self, 'limits'), `Limit                     Soft Limit           Hard Limit\n${line}`);
    mkdirSync(path.join(self, 'fd'));
    for (let fd = 0; fd < open; fd++) writeFileSync(path.join(self, 'fd', String(fd)), '');
    return descriptorRoom(self);
  };

  it.each([
    ['1024', 24, 476],
    ['1024', 0, 488],
    ['1025', 0, 488],
    ['64', 10, 3],
    ['64', 30, 0],
    ['0', 0, 0],
    ['unlimited', 0, 524_264],
    [undefined, 0, 524_264],
  ])('with a limit of %s, of which %i are open, is %i', (soft, open, room) => {
    expect(roomWith(soft, open)).toBe(room);
  });

  it('is none where that cannot be told, and some here', () => {
    expect(descriptorRoom(path.join(folder, 'nobody'))).toBe(0);
    expect(descriptorRoom()).toBeGreaterThan(0);
  });
});

describe('an engine', () => {
  const options = { root: '/proc', host: readHostUnits(), maxKept: 0 };

  it('that is opened wrongly is our own mistake, and of no tree has the code of the system', () => {
    expect(() => openEngine('native', { ...options, readers: 5 })).toThrow(TypeError);
    const root = path.join(folder, 'nothing');
    const failed = expect.objectContaining({ code: 'ENOENT' });
    for (const name of ['native', 'ts'] as const) expect(() => openEngine(name, { ...options, root })).toThrow(failed);
  });
});

describe('the pids of a tree', () => {
  it('are ours in our /proc, and not in what is no procfs', () => {
    expect(foreignTree('/proc')).toBeUndefined();
    expect(foreignTree(folder)).toBe(`${folder} is no procfs`);
    const nothing = path.join(folder, 'nothing');
    expect(foreignTree(nothing)).toBe(`${nothing} shows another pid namespace than ours`);
    // Below /proc there is no `self` but at its top.
    expect(foreignTree('/proc/1')).toBe('/proc/1 shows another pid namespace than ours');
    expect(isInitialPidNamespace()).toBeTypeOf('boolean');
  });
});
