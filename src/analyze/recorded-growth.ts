/**
 * What grows in a recording: for each process, and for each of its mappings that were read, the slope of its resident memory
 * over the steady part.
 *
 * The traps: a program grows while it starts, so the first fifth of a life is left out unless somebody says from when; a heap
 * that is collected goes up and down, so of each stretch the least value counts, which only a leak raises; and a process that
 * ended may have been read while its memory was freed (`exit-fall.ts`), which is left out.
 */
import { identityKey, type ProcessIdentity } from '../engine/identity.js';
import { nameParts } from '../recording/events.js';
import type { FrameWalk } from '../recording/frame-walk.js';
import { MappingWalk } from '../recording/mapping-walk.js';
import type { Recording } from '../recording/recording.js';
import { monotonicRange, type TimeRange } from '../recording/time-range.js';
import { COUNTER_COLUMNS, Status } from '../schema.js';
import { ExitFallMeter } from './exit-fall.js';
import { type GrowthLine, growthLine } from './growth-line.js';
import { mappingGroups } from './mapping-groups.js';

export interface GrowthRow extends GrowthLine {
  readonly pid: number;
  readonly startTicks: number;
  /** In a merged recording: the number of the host. */
  readonly source?: number;
  readonly comm: string;
  /** Of a process that was exiting at its last ticks: bytes at the last one. They are not in the line. */
  readonly atExit?: number;
}

const RSS = COUNTER_COLUMNS.indexOf('rss');
const MOST_POINTS = 256;
const START_PART = 0.2;

/**
 * Processes first, then mappings; what grows first, the fastest of it before all. `only`: of one process, by its
 * `identityKey`.
 */
export function recordedGrowth(recording: Recording, range: TimeRange = {}, only?: string): GrowthRow[] {
  const { fromNs, toNs } = monotonicRange(range, recording.clock());
  const keepsStart = fromNs !== undefined;
  const followed = new Map<string, Followed>();
  const lastFrames = new Map<number, bigint>();
  for (const walk of recording.walks({
    ...(fromNs === undefined ? {} : { fromNs }),
    ...(toNs === undefined ? {} : { toNs }),
  })) {
    for (let step = walk.next(); step !== null; step = walk.next()) {
      if (step !== 'frame') continue;
      lastFrames.set(walk.input, walk.startNs);
      const all = only === undefined;
      const { slots, count } = walk.rows;
      for (let index = 0; index < (all ? count : 1); index++) {
        const slot = all ? slots[index]! : walk.slotOf(only);
        const key = slot < 0 ? undefined : walk.key(slot);
        if (key === undefined) continue;
        let one = followed.get(key);
        if (!one) {
          if (!(walk.counter(RSS, slot) > 0)) continue;
          one = new Followed(walk.identity(slot)!);
          followed.set(key, one);
        }
        one.take(walk, slot);
      }
    }
  }
  // The last frame of all may have one that had ended before the recording did.
  for (const { timeNs, event } of recording.events()) {
    if ((event.type !== 'exit' && event.type !== 'depart') || (toNs !== undefined && timeNs > toNs)) continue;
    followed.get(identityKey(event))?.ended();
  }
  for (const one of followed.values()) one.end(lastFrames);
  const mappings = mappingLines(recording, followed, fromNs, toNs);
  const rank = ({ verdict }: GrowthRow) => (verdict === 'grows' ? 0 : verdict === 'too-short' ? 2 : 1);
  const order = (rows: GrowthRow[]) => rows.sort((a, b) => rank(a) - rank(b) || b.slope.value - a.slope.value);
  const lines = [...followed.values()].map(({ line }) => line);
  return [lines, mappings].flatMap((all) => order(all.map((line) => line.row(keepsStart))));
}

type Who = Omit<GrowthRow, Exclude<keyof GrowthLine, 'mapping'>>;

/** A process, and whether it is there to the end. */
class Followed {
  readonly line: Line;
  readonly #meter = new ExitFallMeter((timeNs, bytes) => this.line.take(timeNs, bytes));
  #identity: ProcessIdentity;
  #input = 0;
  #lastNs = 0n;
  #hasGone = false;
  /** From when on its memory was freed. */
  exitNs: bigint | undefined;

  constructor(identity: ProcessIdentity) {
    this.#identity = identity;
    this.line = new Line(whoOf(identity));
  }

  take(walk: FrameWalk, slot: number): void {
    const identity = walk.identity(slot)!;
    if (identity !== this.#identity) {
      // The last name that it had, with which it became another program.
      if (!Buffer.from(identity.comm).equals(this.#identity.comm)) this.#meter.renew();
      this.#identity = identity;
      this.line.who = whoOf(identity);
    }
    this.#input = walk.input;
    this.#lastNs = walk.startNs;
    const rss = walk.counter(RSS, slot);
    const status = walk.status(slot);
    this.#hasGone = !(rss > 0) && (status === Status.gone || status === Status.noMm);
    if (rss > 0) this.#meter.take(walk.startNs, rss);
  }

  ended(): void {
    this.#hasGone = true;
  }

  /** `lastFrames`: of each input. A process that is in an earlier one last has ended. */
  end(lastFrames: ReadonlyMap<number, bigint>): void {
    const exit = this.#meter.end(this.#hasGone || this.#lastNs < lastFrames.get(this.#input)!);
    if (!exit) return;
    this.exitNs = exit.fromNs;
    this.line.who = { ...this.line.who, atExit: exit.lastBytes };
  }
}

function whoOf({ pid, startTicks, source, comm }: ProcessIdentity): Who {
  return { pid, startTicks, ...(source === undefined ? {} : { source }), comm: nameParts(comm).comm };
}

function mappingLines(
  recording: Recording,
  processes: ReadonlyMap<string, Followed>,
  fromNs: bigint | undefined,
  toNs: bigint | undefined,
): Line[] {
  const lines = new Map<string, Line>();
  const { sources } = recording.metadata;
  for (const source of sources?.keys() ?? [undefined]) {
    // Each host of a merged recording has a ring of its own, in which no record tells the host.
    const ring = recording.ring.ringId(source ? `mappings@${source}` : 'mappings');
    if (ring < 0) continue;
    const walk = new MappingWalk(recording.ring.cursor(ring), recording.metadata);
    const reads: { readonly timeNs: bigint; readonly take: () => void }[] = [];
    for (let record = walk.next(); record !== undefined; record = walk.next()) {
      const { timeNs } = walk;
      const key = identityKey({ ...record, source });
      const process = processes.get(key);
      // Those of very many mappings come in parts, which are no reads of their own.
      if (!process || record.parts > 1) continue;
      if ((fromNs !== undefined && timeNs < fromNs) || (toNs !== undefined && timeNs > toNs)) continue;
      if (process.exitNs !== undefined && timeNs > process.exitNs) continue;
      const { atExit: _, ...who } = process.line.who;
      for (const [which, { mapping, bytes }] of mappingGroups(record.table, record.text)) {
        const take = () => lineOf(lines, `${key}\0${which}`, () => ({ ...who, mapping })).take(timeNs, bytes);
        if (source === undefined) take();
        else reads.push({ timeNs, take });
      }
    }
    // The reads of one run of a host stand behind those of another, whatever their times.
    reads.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
    for (const { take } of reads) take();
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

  constructor(public who: Who) {}

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
