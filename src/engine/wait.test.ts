import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { processCpuNs, readClocks, threadCpuNs } from './clocks.js';
import { runAhead, sleepUntil, stayOff } from './wait.js';

describe('a thread that waits', () => {
  it('sleeps until its time, and not when it has passed', () => {
    const from = process.hrtime.bigint();
    sleepUntil(from);
    sleepUntil(from + 5_000_000n);
    expect(process.hrtime.bigint() - from).toBeGreaterThanOrEqual(5_000_000n);
  });

  it('runs ahead of others where that is permitted, and no longer', () => {
    expect(runAhead(true)).toBe(process.geteuid?.() === 0);
    runAhead(false);
  });

  it('stays off a processor while it has another', () => {
    const allowed = () => /^Cpus_allowed:\s+(.*)$/m.exec(readFileSync('/proc/thread-self/status', 'latin1'))![1];
    const all = allowed();
    const processor = Number(
      /^Cpus_allowed_list:\s+(\d+)/m.exec(readFileSync('/proc/thread-self/status', 'latin1'))![1],
    );
    if (stayOff(processor, false)) expect(allowed()).not.toBe(all);
    stayOff(-1, false);
    expect(allowed()).toBe(all);
  });
});

it('the clocks are those of the kernel', () => {
  const [from, fromReal] = [process.hrtime.bigint(), Date.now()];
  const { monotonicNs, realNs, boottimeNs } = readClocks();
  const [to, toReal] = [process.hrtime.bigint(), Date.now()];
  expect(monotonicNs >= from && monotonicNs <= to).toBe(true);
  expect(Number(realNs / 1_000_000n)).toBeGreaterThanOrEqual(fromReal);
  expect(Number(realNs / 1_000_000n)).toBeLessThanOrEqual(toReal);
  expect(boottimeNs).toBeGreaterThan(0n);
  expect(threadCpuNs()).toBeGreaterThan(0);
  expect(threadCpuNs()).toBeLessThan(processCpuNs() + 1e8);
});
