/**
 * What `tidemark tail` prints: a line for each tick with the sum of each metric, and a line for each event.
 *
 * The trap: a sum over what was not measured is not 0. Each sum says of how many processes it is.
 */
import type { ClockLine } from '../recording/clock-line.js';
import type { TideEvent } from '../recording/events.js';
import { columnOf } from '../recording/frame.js';
import type { FrameWalk } from '../recording/frame-walk.js';
import { findMetric } from '../schema.js';
import { formatDurationShort } from '../text/duration.js';
import { escapeTerminal } from '../text/escape.js';
import { formatSize } from '../text/size.js';
import { formatTime } from '../text/time.js';

export interface TickSums {
  readonly timeNs: bigint;
  readonly tick: number;
  readonly processes: number;
  readonly sums: Readonly<Record<string, { readonly sum: number | null; readonly measured: number }>>;
}

/** The sums of the frame that the walk stands on; deep values are those that were read last. */
export function sumTick(
  walk: FrameWalk,
  clock: ClockLine,
  metrics: readonly string[],
  pids?: ReadonlySet<number>,
): TickSums {
  const places = metrics.map((name) => columnOf(name));
  const sums = places.map(() => 0);
  const measured = places.map(() => 0);
  const { slots, count } = walk.rows;
  let processes = 0;
  for (let index = 0; index < count; index++) {
    const slot = slots[index]!;
    if (pids && !pids.has(walk.identity(slot)?.pid ?? -1)) continue;
    processes++;
    places.forEach(({ tier, place }, at) => {
      const value = tier === 'counters' ? walk.counter(place, slot) : walk.rollup(place, slot);
      if (Number.isNaN(value)) return;
      sums[at] = sums[at]! + value;
      measured[at] = measured[at]! + 1;
    });
  }
  return {
    timeNs: clock.toUnix(walk.startNs),
    tick: walk.tick,
    processes,
    sums: Object.fromEntries(
      metrics.map((name, at) => [name, { sum: measured[at] === 0 ? null : sums[at]!, measured: measured[at]! }]),
    ),
  };
}

export function tickJson({ timeNs, tick, processes, sums }: TickSums): object {
  return { schema: 1, kind: 'tick', timeNs: `${timeNs}`, tick, processes, sums };
}

export function tickLine({ timeNs, processes, sums }: TickSums): string {
  const parts = Object.entries(sums).map(([name, { sum, measured }]) => {
    const of = measured === processes ? '' : ` of ${measured}`;
    return `${name} ${sum === null ? '-' : numberText(name, sum)}${of}`;
  });
  return [formatTime(timeNs), `${processes} processes`, ...parts].join('  ');
}

export function eventJson(timeNs: bigint, { type, ...rest }: TideEvent): object {
  return { schema: 1, kind: 'event', timeNs: `${timeNs}`, event: type, ...rest };
}

export function eventLine(timeNs: bigint, event: TideEvent): string {
  const { type, ...rest } = event;
  return `${formatTime(timeNs)}  ${type}  ${escapeTerminal(wordsOf(rest, '').join(' '))}`;
}

/** `name=value`, and of a part that has parts `name.part=value`. */
function wordsOf(fields: object, prefix: string): string[] {
  return Object.entries(fields)
    .filter(([name]) => !name.endsWith('Hex'))
    .flatMap(([name, value]) => {
      if (Array.isArray(value)) return [`${prefix}${name}=${value.join(' ')}`];
      const isPart = typeof value === 'object' && value !== null;
      return isPart ? wordsOf(value, `${prefix}${name}.`) : [`${prefix}${name}=${value}`];
    });
}

function numberText(metric: string, value: number): string {
  const unit = findMetric(metric)?.unit;
  if (unit === 'bytes') return formatSize(Math.round(value));
  return unit === 'nanoseconds' ? formatDurationShort(value) : String(value);
}
