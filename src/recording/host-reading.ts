/**
 * What a recording holds of the host: at one instant, and over time.
 *
 * The trap: not every sweep reads everything. What stands beside a value that a sweep read may be some seconds older, and
 * `ageNs` tells by how much.
 */
import type { RingReader } from '../ring/ring-reader.js';
import {
  HOST_COLUMNS,
  HOST_SOURCE_BITS,
  HOST_SOURCES,
  type HostMetricName,
  STATUSES,
  Status,
  type StatusName,
} from '../schema.js';
import type { ClockLine } from './clock-line.js';
import type { Points } from './series.js';
import { HOST_RING, sourceOfHostLabel } from './tier-format.js';
import { type TierRange, TierWalk } from './tier-walk.js';

export interface HostReading {
  /** Unix nanoseconds at the start of the sweep. */
  readonly timeNs: bigint;
  /** In a merged recording: the number of the host in `metadata.sources`. */
  readonly source?: number;
  readonly status: StatusName;
  /** In the metric's own unit; NaN when it was not measured. */
  value(metric: HostMetricName): number;
  /** Nanoseconds between the sweep that read this metric last and this one; null when none is known that did. */
  ageNs(metric: HostMetricName): bigint | null;
  /** By metric; null when it was not measured. */
  readonly values: Readonly<Record<HostMetricName, number | null>>;
}

/** The last sweep of the host `source` at or before a monotonic time; undefined when there is none. */
export function hostReadingAt(reader: RingReader, clock: ClockLine, toNs: bigint, source = 0): HostReading | undefined {
  // The block of that time may hold nothing of this host, or be damaged: what is before it stands.
  for (const range of [{ toNs, fromBlockAt: toNs }, { toNs }]) {
    const finding = TierWalk.over(reader, HOST_RING, range);
    const frame = finding && lastFrameOf(finding, source);
    if (frame === undefined) continue;
    const walk = TierWalk.over(reader, HOST_RING, range)!;
    return readUpTo(walk, frame, source, clock);
  }
  return undefined;
}

/** Every sweep that looked at the metric. */
export function hostPoints(reader: RingReader, range: TierRange, metric: HostMetricName, source = 0): Points {
  const column = columnOfHost(metric);
  return (take) => {
    const walk = TierWalk.over(reader, HOST_RING, { ...range, metrics: [metric] });
    for (let step = walk?.next() ?? null; walk && step !== null; step = walk.next()) {
      const slot = step === 'frame' ? slotOf(walk, source) : -1;
      if (slot < 0 || !walk.isRead(column, slot)) continue;
      const value = walk.value(column, slot);
      const status = walk.status(slot);
      take(walk.startNs, value, Number.isNaN(value) && status === Status.ok ? Status.unsupported : status);
    }
  };
}

/** Throws a TypeError for a name that is none. */
export function columnOfHost(metric: string): number {
  const column = (HOST_COLUMNS as readonly string[]).indexOf(metric);
  if (column >= 0) return column;
  throw new TypeError(`There is no metric "${metric}" of the host; the metrics are ${HOST_COLUMNS.join(' ')}`);
}

/** The row of a host in the frame that the walk stands on, or -1. */
export function slotOf(walk: TierWalk, source: number): number {
  const { slots, count } = walk.rows;
  for (let index = 0; index < count; index++) {
    const slot = slots[index]!;
    const label = walk.label(slot);
    if (label !== undefined && sourceOfHostLabel(label) === source) return slot;
  }
  return -1;
}

function lastFrameOf(walk: TierWalk, source: number): number | undefined {
  let last: number | undefined;
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step === 'frame' && slotOf(walk, source) >= 0) last = walk.frames;
  }
  return last;
}

function readUpTo(walk: TierWalk, frame: number, source: number, clock: ClockLine): HostReading | undefined {
  const readNs: (bigint | undefined)[] = HOST_SOURCES.map(() => undefined);
  while (walk.frames < frame) {
    const step = walk.next();
    if (step === null) return undefined;
    const slot = step === 'frame' ? slotOf(walk, source) : -1;
    if (slot < 0) continue;
    for (let bit = 0; bit < readNs.length; bit++) if ((walk.sources & (1 << bit)) !== 0) readNs[bit] = walk.startNs;
  }
  const slot = slotOf(walk, source);
  if (slot < 0) return undefined;
  const held = HOST_COLUMNS.map((_, column) => walk.held(column, slot));
  const { startNs } = walk;
  return {
    timeNs: clock.toUnix(startNs),
    ...(source === 0 ? {} : { source }),
    status: STATUSES[walk.status(slot)] ?? 'lost',
    value: (metric) => held[columnOfHost(metric)]!,
    ageNs: (metric) => {
      const read = readNs[HOST_SOURCE_BITS[columnOfHost(metric)]!];
      return read === undefined ? null : startNs - read;
    },
    values: Object.fromEntries(
      HOST_COLUMNS.map((name, column) => [name, Number.isNaN(held[column]!) ? null : held[column]!]),
    ) as Record<HostMetricName, number | null>,
  };
}
