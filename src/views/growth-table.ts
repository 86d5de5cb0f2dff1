/**
 * Which processes grew most, and which are largest: the table at the end of a recording.
 *
 * The trap: one pass must do, whatever the length. So each process keeps its first, last and highest value and the
 * highest of each of a fixed number of stretches for its sparkline, and nothing else.
 */
import { nameParts } from '../recording/events.js';
import type { Recording } from '../recording/recording.js';
import { COUNTER_COLUMNS } from '../schema.js';
import { formatSize } from '../text/size.js';
import { sparkline } from '../text/sparkline.js';
import { formatTable } from '../text/table.js';

export interface ProcessGrowth {
  readonly pid: number;
  readonly comm: string;
  readonly commBytes: Uint8Array;
  /** Resident bytes. */
  readonly first: number;
  readonly last: number;
  readonly peak: number;
  /** Highest value in each of equally long stretches of the recording; NaN where there is none. */
  readonly shape: readonly number[];
}

const STRETCHES = 24;
/** Columns of the terminal below which shapes are half as wide. */
const WIDTH_FOR_ALL = 92;
const LEAST_NAME = 15;
const RSS = COUNTER_COLUMNS.indexOf('rss');

/** Resident memory of every process that has any, in the order in which they were first seen. */
export function measureGrowth(recording: Recording): ProcessGrowth[] {
  const { startNs, endNs } = spanOf(recording);
  const found = new Map<
    string,
    { -readonly [field in keyof ProcessGrowth]: ProcessGrowth[field] } & { shape: number[] }
  >();
  const walk = recording.walk();
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step !== 'frame') continue;
    const share = endNs === startNs ? 0 : Number(walk.startNs - startNs) / Number(endNs - startNs);
    const stretch = Math.min(STRETCHES - 1, Math.floor(share * STRETCHES));
    const { slots, count } = walk.rows;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const rss = walk.counter(RSS, slot);
      const key = walk.key(slot);
      if (Number.isNaN(rss) || key === undefined) continue;
      let growth = found.get(key);
      if (!growth) {
        const { pid } = walk.identity(slot)!;
        const shape = new Array<number>(STRETCHES).fill(Number.NaN);
        growth = { pid, comm: '', commBytes: new Uint8Array(0), first: rss, last: rss, peak: rss, shape };
        found.set(key, growth);
      }
      growth.commBytes = walk.identity(slot)!.comm;
      growth.last = rss;
      growth.peak = Math.max(growth.peak, rss);
      growth.shape[stretch] = Number.isNaN(growth.shape[stretch]!) ? rss : Math.max(growth.shape[stretch]!, rss);
    }
  }
  return [...found.values()].map((growth) => ({
    ...growth,
    comm: nameParts(growth.commBytes).comm,
    shape: bridged(growth.shape),
  }));
}

/** The `most` processes that grew most, then the largest of those that did not, as lines of text. */
export function growthTable(
  growths: readonly ProcessGrowth[],
  most: number,
  options: { maxWidth?: number } = {},
): string[] {
  const change = (growth: ProcessGrowth) => growth.last - growth.first;
  const grown = growths.filter((growth) => change(growth) > 0).sort((a, b) => change(b) - change(a));
  const rest = growths.filter((growth) => change(growth) <= 0).sort((a, b) => b.peak - a.peak);
  // Names go before the finer half of a shape.
  const isNarrow = (options.maxWidth ?? Number.POSITIVE_INFINITY) < WIDTH_FOR_ALL;
  const rows = [...grown, ...rest]
    .slice(0, most)
    .map((growth) => [
      String(growth.pid),
      growth.commBytes,
      formatSize(growth.peak),
      formatSize(growth.first),
      formatSize(growth.last),
      signedSize(change(growth)),
      sparkline(growth.shape, isNarrow ? STRETCHES / 2 : STRETCHES),
    ]);
  return formatTable(
    [
      { header: 'PID', align: 'right' },
      { header: 'COMMAND', flexible: true, least: LEAST_NAME },
      { header: 'PEAK RSS', align: 'right' },
      { header: 'FIRST', align: 'right' },
      { header: 'LAST', align: 'right' },
      { header: 'GROWTH', align: 'right' },
      { header: 'OVER TIME' },
    ],
    rows,
    options,
  );
}

/** With fewer ticks than stretches some have none: between the first and the last they show the value before. */
function bridged(shape: readonly number[]): number[] {
  const last = shape.findLastIndex((value) => !Number.isNaN(value));
  let before = Number.NaN;
  return shape.map((value, index) => {
    if (index > last) return value;
    before = Number.isNaN(value) ? before : value;
    return before;
  });
}

function spanOf(recording: Recording): { startNs: bigint; endNs: bigint } {
  const walk = recording.walk();
  let startNs: bigint | undefined;
  let endNs = 0n;
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step !== 'frame') continue;
    startNs ??= walk.startNs;
    endNs = walk.startNs;
  }
  return { startNs: startNs ?? 0n, endNs };
}

function signedSize(bytes: number): string {
  if (bytes === 0) return '0';
  return bytes > 0 ? `+${formatSize(bytes)}` : `-${formatSize(-bytes)}`;
}
