import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { oomKillsIn, readOwnOomKills } from './memory-events.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-events-'));
afterAll(() => rmSync(folder, { recursive: true }));
let root = folder;
beforeEach(() => {
  root = mkdtempSync(path.join(folder, 'tree-'));
});

function put(file: string, text: string): void {
  mkdirSync(path.join(root, path.dirname(file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
}

/** The tree and the mounts lie beside each other. */
const kills = () => readOwnOomKills(path.join(root, 'proc'), path.join(root, 'cgroup'));

describe('a count', () => {
  it.each([
    ['oom 9\noom_kill 12\noom_group_kill 7\n', 12],
    ['oom_kill 0', 0],
    ['oom_group_kill 7\n', undefined],
    ['xoom_kill 7\n', undefined],
    ['oom_kill 7 8\n', undefined],
    ['oom_kill many\n', undefined],
    ['', undefined],
  ])('in %j', (text, count) => {
    expect(oomKillsIn(text)).toBe(count);
  });
});

describe('the kills in our own group', () => {
  it('are those of its folder in version 2', () => {
    put('proc/self/cgroup', '0::/a/b\n');
    put('cgroup/a/b/memory.events', 'oom_kill 3\n');
    put('cgroup/memory.events', 'oom_kill 9\n');
    expect(kills()).toBe(3);
  });

  it('are those at the mount, where the path is told from outside of a container', () => {
    put('proc/self/cgroup', '0::/docker/x\n');
    put('cgroup/memory.events', 'oom_kill 4\n');
    expect(kills()).toBe(4);
  });

  it('are looked for further on where a file has no count', () => {
    put('proc/self/cgroup', '0::/a\n');
    put('cgroup/a/memory.events', 'low 0\n');
    put('cgroup/memory.events', 'oom_kill 5\n');
    expect(kills()).toBe(5);
  });

  it('are those of the controller of memory in version 1', () => {
    put('proc/self/cgroup', '5:cpu,cpuacct:/c\n4:net,memory:/m\n1:name=systemd:/s\n');
    put('cgroup/memory/c/memory.oom_control', 'oom_kill 1\n');
    put('cgroup/memory/s/memory.oom_control', 'oom_kill 2\n');
    put('cgroup/memory/m/memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 6\n');
    expect(kills()).toBe(6);
  });

  it('are not known where no file tells: that is not 0', () => {
    expect(kills()).toBeUndefined();
    put('proc/self/cgroup', '0::/\n');
    expect(kills()).toBeUndefined();
    put('proc/self/cgroup', '3:cpu:/c\n');
    put('cgroup/memory.events', 'oom_kill 5\n');
    put('cgroup/memory/c/memory.oom_control', 'oom_kill 5\n');
    expect(kills()).toBeUndefined();
  });

  it('can be asked for on this host', () => {
    const own = readOwnOomKills('/proc');
    expect(own === undefined || (Number.isInteger(own) && own >= 0)).toBe(true);
  });
});
