import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem, uptime } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { HostFacts } from './host-facts.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-facts-'));
afterAll(() => rmSync(folder, { recursive: true }));
let root = folder;
beforeEach(() => {
  root = mkdtempSync(path.join(folder, 'tree-'));
  mkdirSync(path.join(root, 'sys/kernel'), { recursive: true });
});

function put(files: Record<string, string>): HostFacts {
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(root, file), text);
  return new HostFacts(root);
}

const told = ({ uptime, bootTime, memoryTotal, pidDigits }: HostFacts) => [uptime, bootTime, memoryTotal, pidDigits];

it('has what each file tells', () => {
  const facts = put({
    uptime: '12345.67 8910.11\n',
    stat: 'cpu  1 2 3\nintr 5\nbtime 1700000000\n',
    meminfo: 'MemTotal:       16384 kB\nMemFree: 1 kB\n',
    'sys/kernel/pid_max': '4194304\n',
  });
  expect(told(facts)).toEqual([12345.67, 1_700_000_000, 16384 * 1024, 7]);
});

it('does not know what a tree does not tell, and takes five digits', () => {
  for (const facts of [put({}), put({ uptime: '', stat: '', meminfo: '', 'sys/kernel/pid_max': '' })]) {
    expect(told(facts)).toEqual([Number.NaN, Number.NaN, Number.NaN, 5]);
  }
});

it('takes no number of another form or line', () => {
  const facts = put({
    uptime: 'up 12345.67\n',
    stat: 'cpu btime 5\nxbtime 6\nbtime x\n',
    meminfo: 'xMemTotal: 5 kB\nMemTotal: 5 MB\n',
    'sys/kernel/pid_max': 'x99\n',
  });
  expect(told(facts)).toEqual([Number.NaN, Number.NaN, Number.NaN, 5]);
  expect(put({ uptime: '12345 1.5\n' }).uptime).toBeNaN();
});

it('reads each once, also one that is not there', () => {
  const facts = put({ uptime: '1.50 0.00\n' });
  expect([facts.uptime, facts.bootTime]).toEqual([1.5, Number.NaN]);
  put({ uptime: '2.50 0.00\n', stat: 'btime 7\n' });
  expect([facts.uptime, facts.bootTime]).toEqual([1.5, Number.NaN]);
  expect(new HostFacts(root).uptime).toBe(2.5);
});

it('reads this host', () => {
  const facts = new HostFacts('/proc');
  expect(facts.memoryTotal).toBe(totalmem());
  expect(Math.abs(facts.uptime - uptime())).toBeLessThan(5);
  expect(Math.abs(facts.bootTime + facts.uptime - Date.now() / 1000)).toBeLessThan(60);
  expect(facts.pidDigits).toBe(readFileSync('/proc/sys/kernel/pid_max', 'latin1').trim().length);
});
