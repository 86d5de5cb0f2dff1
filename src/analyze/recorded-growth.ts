/**
 * What grows in a recording: for each process, and for each of its mappings that were read, the slope of its resident memory
 * over the steady part.
 *
 * The traps: a program grows while it starts, so the first fifth of a life is left out unless somebody says from when; and a
 * heap that is collected goes up and down, so of each stretch the least value counts, which only a leak raises.
 */
import { identityKey } from '../engine/identity.js';
import { nameParts } from '../recording/events.js';
import { MappingWalk } from '../recording/mapping-walk.js';
import type { Recording, TimeRange } from '../recording/recording.js';
import { COUNTER_COLUMNS } from '../schema.js';
import { type GrowthLine, growthLine } from './growth-line.js';
import { mappingGroups } from './mapping-groups.js';

export interface GrowthRow extends GrowthLine {
  readonly pid: number;
  readonly startTicks: number;
  readonly comm: string;
}

const RSS = COUNTER_COLUMNS.indexOf('rss');
const MOST_POINTS = 256;
const START_PART = 0.2;

/**
 * Processes first, then mappings; what grows first, the fastest of it before all. `only`: of one process, by its
 * `identityKey`.
 */
export function recordedGrowth(recording: Recording, range: TimeRange = {}, only?: string): GrowthRow[] {
  const { fromNs, toNs } = recording.rangeOf(range, recording.clock());
  const keepsStart = fromNs !== undefined;
  const lines = new Map<string, Line>();
  for (const walk of recording.walks({
    ...(fromNs === undefined ? {} : { fromNs }),
    ...(toNs === undefined ? {} : { toNs }),
  })) {
    for (let step = walk.next(); step !== null; step = walk.next()) {
      if (step !== 'frame') continue;
      const all = only === undefined;
      const { slots, count } = walk.rows;
      for (let index = 0; index < (all ? count : 1); index++) {
        const slot = all ? slots[index]! : walk.slotOf(only);
        if (slot < 0) continue;
        const [key, rss] = [walk.key(slot), walk.counter(RSS, slot)];
        if (key === undefined || !(rss > 0)) continue;
        const { pid, startTicks, comm } = walk.identity(slot)!;
        const line = lineOf(lines, key, () => ({ pid, startTicks, comm: nameParts(comm).comm }));
        line.take(walk.startNs, rss);
        // The last name that it had.
        line.who.comm = nameParts(comm).comm;
      }
    }
  }
  const mappings = mappingLines(recording, lines, fromNs, toNs);
  const rank = ({ verdict }: GrowthRow) => (verdict === 'grows' ? 0 : verdict === 'too-short' ? 2 : 1);
  const order = (rows: GrowthRow[]) => rows.sort((a, b) => rank(a) - rank(b) || b.slope.value - a.slope.value);
  return [[...lines.values()], mappings].flatMap((all) => order(all.map((line) => line.row(keepsStart))));
}

type Who = Pick<GrowthRow, 'pid' | 'startTicks' | 'mapping'> & { comm: string };

function mappingLines(
  recording: Recording,
  processes: ReadonlyMap<string, Line>,
  fromNs: bigint | undefined,
  toNs: bigint | undefined,
): Line[] {
  const ring = recording.ring.ringId('mappings');
  if (ring < 0) return [];
  const lines = new Map<string, Line>();
  const walk = new MappingWalk(recording.ring.cursor(ring), recording.metadata);
  for (let record = walk.next(); record !== undefined; record = walk.next()) {
    const key = identityKey(record);
    const process = processes.get(key);
    // Those of very many mappings come in parts, which are no reads of their own.
    if (!process || record.parts > 1) continue;
    if ((fromNs !== undefined && walk.timeNs < fromNs) || (toNs !== undefined && walk.timeNs > toNs)) continue;
    for (const [which, { mapping, bytes }] of mappingGroups(record.table, record.text)) {
      lineOf(lines, `${key}\0${which}`, () => ({ ...process.who, mapping })).take(walk.timeNs, bytes);
    }
  }
  return [...lines.values()];
}

function lineOf(lines: Map<string, Line>, key: string, who: () => Who): Line {
  let line = lines.get(key);
  if (!line) {
    line = new Line(who());
    lines.set(key, line);
  }
  return line;
}

/** A series in bounded memory: the least of each stretch, whose length doubles when there are too many. */
class Line {
  #points: { timeNs: bigint; bytes: number }[] = [];
  #stride = 1;
  #inStretch = 0;

  constructor(readonly who: Who) {}

  take(timeNs: bigint, bytes: number): void {
    const last = this.#points.at(-1);
    if (last && this.#inStretch < this.#stride) {
      this.#inStretch++;
      last.bytes = Math.min(last.bytes, bytes);
      return;
    }
    this.#inStretch = 1;
    this.#points.push({ timeNs, bytes });
    if (this.#points.length < MOST_POINTS) return;
    const pairs = this.#points.filter((_, index) => index % 2 === 0);
    this.#points = pairs.map(({ timeNs: at, bytes: least }, index) => {
      const other = this.#points[2 * index + 1];
      return { timeNs: at, bytes: Math.min(least, other?.bytes ?? least) };
    });
    this.#stride *= 2;
  }

  row(keepsStart: boolean): GrowthRow {
    const all = this.#points;
    return { ...this.who, ...growthLine(keepsStart ? all : all.slice(Math.floor(all.length * START_PART)))! };
  }
}
