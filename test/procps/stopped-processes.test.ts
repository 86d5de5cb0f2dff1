/** The set of stopped processes: that all stand still, and that none outlives whoever wanted them. */

import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type StoppedProcess, startStoppedProcesses } from './stopped-processes.js';

/** The fields of stat after the name: state, parent and so on; none when the process is gone. */
function fieldsOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** By start time, since a pid may be another's by now. */
function startOf(pid: number): string | undefined {
  return fieldsOf(pid)[19];
}

async function survivors(processes: readonly StoppedProcess[], starts: readonly (string | undefined)[]) {
  const alive = () =>
    processes.filter(({ pid }, i) => startOf(pid) === starts[i] && starts[i] !== undefined).map(({ kind }) => kind);
  for (let i = 0; i < 100 && alive().length > 0; i++) await delay(50);
  return alive();
}

/** Not ours to end. */
function isKernels({ kind }: StoppedProcess): boolean {
  return kind === 'kthreadd' || kind === 'migration';
}

describe('the set of stopped processes', () => {
  it('stands still and ends when told to', async () => {
    const set = await startStoppedProcesses();
    const ours = set.processes.filter((one) => !isKernels(one));
    const starts = ours.map(({ pid }) => startOf(pid));
    try {
      const moving = ours.filter(({ pid }) => !'TtZD'.includes(fieldsOf(pid)[0] ?? 'gone'));
      expect(moving).toEqual([]);
      expect(ours.filter(({ pid }) => fieldsOf(pid)[0] === 'T').length).toBeGreaterThanOrEqual(30);
      expect(new Set(set.processes.map(({ pid }) => pid)).size).toBe(set.processes.length);
    } finally {
      await set.end();
    }
    expect(await survivors(ours, starts)).toEqual([]);
  });

  it('ends with its keeper, however that dies', async () => {
    const set = await startStoppedProcesses();
    const ours = set.processes.filter((one) => !isKernels(one));
    const starts = ours.map(({ pid }) => startOf(pid));
    const keeper = Number(fieldsOf(ours.find(({ kind }) => kind === 'plain')!.pid)[1]);
    process.kill(keeper, 'SIGKILL');
    expect(await survivors(ours, starts)).toEqual([]);
    await set.end();
  });
});
