import { expect, it } from 'vitest';
import type { FrameWalk } from '../recording/frame-walk.js';
import { COUNTER_COLUMNS, type MetricName, ROLLUP_COLUMNS, Status } from '../schema.js';
import { compositionOf, LiveProcesses } from './live-processes.js';

interface Row {
  readonly slot: number;
  readonly key: string;
  readonly status?: number;
  /** Of a deep read in this frame. */
  readonly read?: number;
  readonly values: Partial<Record<MetricName, number>>;
}

/** A walk that stands on one frame. */
function frame(second: number, rows: readonly Row[]): FrameWalk {
  const at = (slot: number) => rows.find((row) => row.slot === slot)!;
  const value = (columns: readonly string[]) => (column: number, slot: number) =>
    at(slot).values[columns[column] as MetricName] ?? Number.NaN;
  return {
    startNs: BigInt(second) * 1_000_000_000n,
    rows: { slots: Uint32Array.from(rows, ({ slot }) => slot), count: rows.length },
    key: (slot: number) => at(slot).key,
    identity: (slot: number) => ({
      pid: slot,
      startTicks: 1,
      parentPid: 1,
      kernelThread: false,
      comm: new Uint8Array(0),
    }),
    status: (slot: number) => at(slot).status ?? Status.ok,
    isRead: (slot: number) => at(slot).read !== undefined,
    rollupStatus: (slot: number) => at(slot).read ?? Status.notDue,
    rollupAgeNs: () => undefined,
    counter: value(COUNTER_COLUMNS),
    rollup: value(ROLLUP_COLUMNS),
  } as Partial<FrameWalk> as FrameWalk;
}

function take(live: LiveProcesses, ...frames: readonly FrameWalk[]): void {
  for (const walk of frames) live.absorb(walk);
  live.list(frames.at(-1)!);
}

it('keeps growth and peak of a process, and forgets them with it', () => {
  const live = new LiveProcesses();
  take(live, ...[100, 900, 400].map((rss, second) => frame(second, [{ slot: 2, key: 'a', values: { rss } }])));
  expect(live.processes).toMatchObject([
    { key: 'a', rss: 400, peak: 900, peakNs: 1_000_000_000n, long: { value: 300, overNs: 2e9 } },
  ]);
  take(live, frame(3, [{ slot: 2, key: 'b', values: { rss: 50 } }]));
  expect(live.processes).toMatchObject([{ key: 'b', peak: 50, long: { value: 0, overNs: 0 } }]);
  expect(live.history.shape(2, 4).values).toEqual([Number.NaN, Number.NaN, Number.NaN, 50]);
  expect(live.seenNs).toBe(3e9);
});

it('remembers that a deep read was denied, and leaves out who has no memory or has gone', () => {
  const live = new LiveProcesses();
  const rows: Row[] = [
    { slot: 0, key: 'denied', read: Status.denied, values: { rss: 1 } },
    { slot: 1, key: 'kernel', status: Status.noMm, values: {} },
    { slot: 2, key: 'gone', status: Status.gone, values: {} },
    { slot: 3, key: 'unread', values: { rss: 1 } },
  ];
  take(live, frame(0, rows));
  take(
    live,
    frame(
      1,
      rows.map(({ read: _, ...row }) => row),
    ),
  );
  expect(live.processes.map(({ key, deep }) => [key, deep])).toEqual([
    ['denied', 'denied'],
    ['unread', 'unread'],
  ]);
  expect(live.withoutMemory).toBe(1);
  expect(live.processes[0]!.pss).toBeNaN();
});

it('divides what is not anonymous as the deep read does', () => {
  const sizes = { rss: 100, rssAnon: 40, pssFile: 10, pssShmem: 30, swap: 5 };
  expect(compositionOf(sizes)).toEqual({ anon: 40, file: 15, shmem: 45, swap: 5 });
  const unknown = { rss: 100, rssAnon: 40, pssFile: Number.NaN, pssShmem: Number.NaN, swap: Number.NaN };
  expect(compositionOf(unknown)).toEqual({ anon: 40, file: 60, shmem: 0, swap: 0 });
  expect(compositionOf({ ...unknown, rss: Number.NaN })).toBeUndefined();
});
