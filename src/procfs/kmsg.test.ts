import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { KernelLog, oomVictimIn } from './kmsg.js';
import { oomKillsIn } from './memory-events.js';

const REST = 'total-vm:1024kB, anon-rss:512kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:8kB oom_score_adj:0';

it('finds the victim, its time and the kind of limit', () => {
  expect(oomVictimIn(`3,900,5000017,-;Out of memory: Killed process 4711 (a) (b c) ${REST}\n SUBSYSTEM=x\n`)).toEqual({
    pid: 4711,
    comm: 'a) (b c',
    monotonicNs: 5_000_017_000n,
    ofCgroup: false,
  });
  const ofGroup = oomVictimIn(`3,901,6,-;Memory cgroup out of memory: Killed process 12 (\\x1b[31m) ${REST}`);
  expect(ofGroup).toMatchObject({ pid: 12, comm: '\x1b[31m', ofCgroup: true });
  const byTask = 'Out of memory (oom_kill_allocating_task): Killed process 14 (y)';
  expect(oomVictimIn(`6,902,7,-,caller=T12;${byTask} ${REST}`)).toMatchObject({ pid: 14, ofCgroup: false });
  expect(oomVictimIn(`3,901,6,-;Killed process 13 (old) total-vm:1kB, anon-rss:1kB`)).toMatchObject({ pid: 13 });
});

it('is not fooled by what others write into the log', () => {
  expect(oomVictimIn(`12,1,2,-;Out of memory: Killed process 1 (x) ${REST}`)).toBeUndefined();
  expect(oomVictimIn(`3,1,2,-;note: Out of memory: Killed process 1 (x) ${REST}`)).toBeUndefined();
  expect(oomVictimIn('nonsense')).toBeUndefined();
});

it('gives the last victim since the last call', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-kmsg-'));
  const file = path.join(folder, 'kmsg');
  try {
    // A plain file gives all records in one read; a device one at a time.
    writeFileSync(file, `3,1,7,-;Out of memory: Killed process 5 (five) ${REST}\n`);
    const log = new KernelLog(file);
    expect(log.lastVictim()).toMatchObject({ pid: 5, comm: 'five' });
    expect(log.lastVictim()).toBeUndefined();
    log.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('keeps the last victim when other records follow, and waits for none', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-kmsg-'));
  const file = path.join(folder, 'kmsg');
  try {
    const record = (pid: number) => `3,1,7,-;Out of memory: Killed process ${pid} (x) ${REST}\n`;
    // More than one read takes.
    writeFileSync(file, `${record(5)}${'6,1,8,-;other\n'.repeat(1000)}`);
    const log = new KernelLog(file);
    expect(log.lastVictim()?.pid).toBe(5);
    log.close();
    execFileSync('mkfifo', [`${file}.fifo`]);
    const waiting = new KernelLog(`${file}.fifo`);
    const writer = openSync(`${file}.fifo`, 'r+');
    expect(waiting.lastVictim()).toBeUndefined();
    writeSync(writer, record(8));
    expect(waiting.lastVictim()?.pid).toBe(8);
    closeSync(writer);
    waiting.close();
    expect(() => new KernelLog(path.join(folder, 'none'))).toThrow(/ENOENT/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('counts the kills of a control group', () => {
  expect(oomKillsIn('low 0\noom 2\noom_kill 1\noom_group_kill 0\n')).toBe(1);
  expect(oomKillsIn('oom_kill_disable 0\nunder_oom 0\noom_kill 4\n')).toBe(4);
  expect(oomKillsIn('low 0\n')).toBeUndefined();
});
