/** What is told of processes when they end, beside the frames that they were in. */
import { describe, expect, it } from 'vitest';
import { Author, someone } from '../../test/recorder/synthetic.js';
import { type ProcessEnd, TreeMeter } from './tree-meter.js';

const MIB = 2 ** 20;
const LAUNCHER = 'launcher';
const counter = (value: number) => ({ state: 'measured', value, ageMs: 0, method: 'counter' });

/** A process in slot 0 that has used 30 ns of user and 10 of system time when it was read last. */
function measured(ends: readonly ProcessEnd[], { isTold = 'behind' }: { isTold?: 'before' | 'behind' } = {}) {
  const author = new Author();
  author.arrive(0, someone(10, 'worker'));
  author.arrive(1, someone(11, LAUNCHER));
  for (let tick = 1; tick <= 2; tick++) {
    author.set(0, { rss: MIB, minorFaults: 5 * tick, majorFaults: 0, userTime: 15 * tick, systemTime: 5 * tick });
    author.set(1, { rss: MIB, minorFaults: 5, majorFaults: 0, userTime: 15, systemTime: 5 });
    author.sweep();
  }
  author.close();
  const meter = new TreeMeter(4096, undefined, LAUNCHER);
  if (isTold === 'before') for (const end of ends) meter.ended(end);
  for (const walk of author.open().walks()) meter.follow(walk);
  if (isTold === 'behind') for (const end of ends) meter.ended(end);
  const { tree, programs } = meter.result();
  return { tree, ...Object.fromEntries(programs) } as Record<string, typeof tree>;
}

const end = (pid: number, program: string, told: Partial<ProcessEnd>) => ({
  ...{ pid, startTicks: 100 + pid, program },
  ...told,
});

describe('the end of a process', () => {
  it.each(['before', 'behind'] as const)('adds what it used after its last tick, told %s the frames', (isTold) => {
    const { tree, worker } = measured([end(10, 'worker', { cpuNs: 100, peak: 9 })], { isTold });
    for (const group of [tree, worker!]) {
      expect(group).toMatchObject({ processes: 1, cpuTime: counter(100) });
      expect(group!.counters).toMatchObject({
        minorFaults: counter(10),
        userTime: { state: 'estimated', value: 75, low: 30, high: 90 },
      });
      expect(group!.largest.kernelPeak).toMatchObject({ value: 9, method: 'kernel-peak' });
    }
  });

  it('takes nothing away where the scheduler had counted less', () => {
    const { tree } = measured([end(10, 'worker', { cpuNs: 39 })]);
    expect(tree).toMatchObject({ cpuTime: counter(40), counters: { userTime: counter(30), systemTime: counter(10) } });
  });

  it('counts those that were in no frame', () => {
    const { tree, worker, brief } = measured([
      end(20, 'brief', { cpuNs: 7, peak: 3 }),
      end(21, 'brief', { cpuNs: 8 }),
      end(22, 'worker', { cpuNs: 1 }),
    ]);
    expect(tree).toMatchObject({ processes: 4, mostAtOnce: 1, cpuTime: counter(56) });
    expect(worker).toMatchObject({ processes: 2, cpuTime: counter(41) });
    expect(brief).toMatchObject({ processes: 2, mostAtOnce: 0, cpuTime: counter(15) });
    expect(brief!.counters.minorFaults).toEqual({ state: 'unsupported', reason: 'they ended before a tick read them' });
  });

  it('counts a process once, and once for each program that it was', () => {
    // Its high-water mark is read before it becomes another program, and it may be told of twice.
    const { tree, worker, later } = measured([
      end(10, 'worker', { peak: 9 }),
      end(10, 'later', { peak: 5 }),
      end(10, 'later', { cpuNs: 45, peak: 6 }),
    ]);
    expect([tree!.processes, worker!.processes, later!.processes]).toEqual([1, 1, 1]);
    expect([tree!.cpuTime, worker!.cpuTime, later!.cpuTime]).toEqual([counter(45), counter(40), counter(5)]);
    expect(later!.largest.kernelPeak).toMatchObject({ value: 6 });
  });
});
