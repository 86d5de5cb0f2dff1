/**
 * Walks the frames of a recording in order, counters and deep reads joined by tick, without an object per value.
 *
 * The traps: slots are reused, so what a slot means is asked anew whenever its label changes; the two rings are
 * overwritten at different times, so a deep read may stand without its counters and the other way round.
 */
import type { ProcessIdentity } from '../engine/identity.js';
import type { RingCursor } from '../ring/ring-cursor.js';
import type { RingReader } from '../ring/ring-reader.js';
import { COUNTER_COLUMNS, IS_FROM_STAT, ROLLUP_COLUMNS, Status } from '../schema.js';
import { COUNTER_SCALARS } from './format.js';
import { AGGREGATE_SUFFIXES, ringNameOf } from './ladder-format.js';
import { ReadsOfInput } from './reads-of-input.js';
import { SlotProcesses } from './slot-processes.js';

export interface WalkRange {
  /** Monotonic nanoseconds; frames that start earlier are left out. */
  readonly fromNs?: bigint;
  /** Frames that start later end the walk. */
  readonly toNs?: bigint;
  /** Begin with the whole block that this time lies in, or with the newest block, instead of the oldest. */
  readonly fromBlockAt?: bigint | 'newest';
  /** The only metrics that are wanted: of the others nothing is measured. Without one of the rollup tier, deep reads are left out. */
  readonly metrics?: readonly string[];
}

/** Which of a step's three values; all are one in a ring of ticks. */
export const Kind = { last: 0, least: 1, most: 2 } as const;
export type ValueKind = (typeof Kind)[keyof typeof Kind];

/** What the walk stands on after `next()`. */
export type WalkStep = 'frame' | 'gap';

const ABSENT_COLUMN = -1;

export class FrameWalk {
  /** Monotonic nanoseconds at the start and end of the counters sweep. */
  startNs = 0n;
  endNs = 0n;
  tick = 0;
  /** After `gap`: frames that are lost between the last one and the next. */
  lost = 0;
  /** Whether what is read is one frame: false between the begin of a block, which forgets all, and its first frame. */
  isOnFrame = false;
  /** Frames walked so far. */
  frames = 0;

  readonly #counters: RingCursor;
  /** By input: deep reads are joined with the ticks of the recording that they come from. */
  readonly #reads: ReadsOfInput[] = [];
  readonly #openReads: ((input: number) => ReadsOfInput) | undefined;
  readonly #toNs: bigint | undefined;
  /** By kind and metric: the number of the column. */
  readonly #counterColumns: readonly (readonly number[])[];
  readonly #rollupColumns: readonly (readonly number[])[];
  readonly #scalarPlaces: readonly number[];
  #processes = new SlotProcesses();
  /** By slot: the process of the last deep read, when it was, how it ended, and the frame that it belongs to. */
  readonly #readKeys: (string | undefined)[] = [];
  readonly #readAtNs: bigint[] = [];
  readonly #readStatus: number[] = [];
  #readInFrame: Float64Array = new Float64Array(0);
  /** By kind, column and slot: the values of the last deep read; the cursor forgets its own at each new block. */
  readonly #readValues: Float64Array[][];
  /** In a merged recording a frame is of one host: by slot, the frame that it was in last. */
  readonly #isList: boolean;
  readonly #inFrame: number[] = [];
  readonly #inputPlace: number;
  #statEvery = 1;
  /** By counters column: its values without those that the tick did not read, made when asked for. */
  readonly #measured: Float64Array[] = [];

  /** `stepNs`: the step of a ladder whose aggregates are walked, or 0 for the ticks. */
  constructor(
    reader: RingReader,
    range: WalkRange = {},
    readonly stepNs: bigint = 0n,
  ) {
    const counters = reader.ringId(stepNs === 0n ? 'counters' : ringNameOf('counters', stepNs));
    const rollup = reader.ringId(stepNs === 0n ? 'rollup' : ringNameOf('rollup', stepNs));
    this.#toNs = range.toNs;
    this.#isList = reader.rings[counters]?.rows === 'list';
    this.#inputPlace = reader.rings[counters]?.scalars.indexOf('input') ?? ABSENT_COLUMN;
    const places = (ring: number, names: readonly string[]) =>
      names.map((name) => reader.rings[ring]?.columns.findIndex((column) => column.name === name) ?? ABSENT_COLUMN);
    const kinds = stepNs === 0n ? AGGREGATE_SUFFIXES.map(() => '') : AGGREGATE_SUFFIXES;
    const byKind = (ring: number, names: readonly string[]) =>
      kinds.map((suffix) =>
        places(
          ring,
          names.map((name) => name + suffix),
        ),
      );
    this.#counterColumns = byKind(counters, COUNTER_COLUMNS);
    this.#rollupColumns = byKind(rollup, ROLLUP_COLUMNS);
    const held = () => ROLLUP_COLUMNS.map(() => new Float64Array(0));
    const last = held();
    this.#readValues = stepNs === 0n ? [last, last, last] : [last, held(), held()];
    this.#scalarPlaces = COUNTER_SCALARS.map((name) => reader.rings[counters]?.scalars.indexOf(name) ?? ABSENT_COLUMN);
    const { fromBlockAt } = range;
    const blocks = reader.blocks(counters);
    const block =
      fromBlockAt === undefined
        ? undefined
        : blocks.findLast((candidate) => fromBlockAt === 'newest' || candidate.baseTimeNs <= fromBlockAt);
    const start = block
      ? { fromBlock: block.sequence }
      : range.fromNs === undefined
        ? {}
        : { fromTimeNs: range.fromNs };
    const columns = range.metrics?.flatMap((name) => kinds.map((suffix) => name + suffix));
    this.#counters = reader.cursor(counters, { ...start, columns });
    if (rollup >= 0 && (range.metrics === undefined || range.metrics.some((name) => ROLLUP_COLUMNS.includes(name)))) {
      // Deep reads are rare: those before the range tell how old a value is when the range begins.
      const from = block?.baseTimeNs ?? range.fromNs;
      const first =
        from === undefined ? undefined : reader.blocks(rollup).findLast((candidate) => candidate.baseTimeNs <= from);
      const start = first ? { fromBlock: Math.max(1, first.sequence - 1) } : {};
      const place = reader.rings[rollup]!.scalars.indexOf('input');
      this.#openReads = (input) => new ReadsOfInput(reader.cursor(rollup, { ...start, columns }), place, input);
    }
  }

  /** Goes to the next frame, or to a gap before it; null when nothing more is committed now or the range is over. */
  next(): WalkStep | null {
    for (;;) {
      const step = this.#counters.next();
      if (step === null) return null;
      this.isOnFrame = step === 'columns';
      if (step === 'block') {
        this.#processes = this.#processes.emptied();
      } else if (step === 'labels') {
        this.#processes = this.#processes.toChange();
        this.#processes.relabel(this.#counters.changedSlots, this.#counters.labels);
      } else if (step === 'gap') {
        this.lost = this.#counters.lost;
        return 'gap';
      } else if (step === 'columns') {
        if (this.#toNs !== undefined && this.#counters.startNs > this.#toNs) return null;
        this.startNs = this.#counters.startNs;
        this.endNs = this.#counters.endNs;
        this.tick = this.scalar('tick');
        this.#statEvery = this.scalar('statEvery') || 1;
        this.frames++;
        if (this.#isList) this.#markRows();
        this.#joinRollup();
        return 'frame';
      }
    }
  }

  /** Ends it, and gives its memory to the next walk. */
  release(): void {
    this.#counters.copy.release();
  }

  /** One of the numbers beside the columns of this frame; NaN when the writer did not store it. */
  scalar(name: (typeof COUNTER_SCALARS)[number]): number {
    const place = this.#scalarPlaces[COUNTER_SCALARS.indexOf(name)]!;
    return place < 0 ? Number.NaN : this.#counters.scalars[place]!;
  }

  /** Of a merged recording: the number of the recording that this frame comes from. */
  get input(): number {
    return this.#inputPlace < 0 ? 0 : this.#counters.scalars[this.#inputPlace]!;
  }

  /** The slots of this frame, ascending. */
  get rows(): { readonly slots: Uint32Array; readonly count: number } {
    return this.#counters.updated;
  }

  identity(slot: number): ProcessIdentity | undefined {
    return this.#processes.identities[slot];
  }

  /** The key of the process in a slot; see `identityKey`. */
  key(slot: number): string | undefined {
    return this.#processes.keys[slot];
  }

  /** The slot of a process in this frame, or -1. */
  slotOf(key: string): number {
    const slot = this.#processes.slotOfKey.get(key) ?? -1;
    return this.#isList && slot >= 0 && this.#inFrame[slot] !== this.frames ? -1 : slot;
  }

  /** Which process is in which slot, for whoever keeps this frame. */
  shareProcesses(): SlotProcesses {
    return this.#processes.share();
  }

  /** By slot: `Status` of its counters; until the next step. */
  get statuses(): Uint8Array {
    return this.#counters.status;
  }

  /** `Status` of a slot's counters. */
  status(slot: number): number {
    return this.#counters.status[slot]!;
  }

  /** A counters value by its place in `COUNTER_COLUMNS`; NaN when not measured at this tick. */
  counter(column: number, slot: number, kind: ValueKind = Kind.last): number {
    if (this.isLeftOut(column, slot)) return Number.NaN;
    const place = this.#counterColumns[kind]![column]!;
    return place < 0 ? Number.NaN : this.#counters.columns[place]![slot]!;
  }

  /** The same, of an earlier tick where this one did not read it: a tenth of a second before, or some. */
  heldCounter(column: number, slot: number): number {
    const place = this.#counterColumns[Kind.last]![column]!;
    return place < 0 ? Number.NaN : this.#counters.columns[place]![slot]!;
  }

  /** The same of all slots, until the next step; undefined where the recording has no such column. */
  heldColumn(column: number): Float64Array | undefined {
    return this.#counters.columns[this.#counterColumns[Kind.last]![column]!];
  }

  /**
   * The values of a counters column by slot, NaN where not measured at this tick; for the slots of `rows` only, and until
   * the next step. For whoever looks at them all: a loop over an array takes a nanosecond a value.
   */
  counterColumn(column: number, kind: ValueKind = Kind.last): Float64Array {
    const place = this.#counterColumns[kind]![column]!;
    const values = place < 0 ? undefined : this.#counters.columns[place]!;
    if (values !== undefined && (this.#statEvery === 1 || !IS_FROM_STAT[column]!)) return values;
    const { slots, count } = this.#counters.updated;
    const length = this.#counters.status.length;
    if ((this.#measured[column]?.length ?? 0) < length) this.#measured[column] = new Float64Array(length);
    const measured = this.#measured[column]!;
    const [every, turn] = [this.#statEvery, this.tick % this.#statEvery];
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      measured[slot] = values !== undefined && slot % every === turn ? values[slot]! : Number.NaN;
    }
    return measured;
  }

  /** Whether the recording has a column for these values, by their place in `COUNTER_COLUMNS`. */
  hasCounter(column: number): boolean {
    return this.#counterColumns[Kind.last]![column]! >= 0;
  }

  /** Whether this tick read `stat` of the slot; see `statEvery`. */
  isStatRead(slot: number): boolean {
    return isStatTurn(slot, this.tick, this.#statEvery);
  }

  /** Whether this tick did not read the column of this slot; see `statEvery`. */
  isLeftOut(column: number, slot: number): boolean {
    return IS_FROM_STAT[column]! && !this.isStatRead(slot);
  }

  /** Whether a deep read of the slot's process was made in this tick (or since the frame before). */
  isRead(slot: number): boolean {
    return this.#readInFrame[slot] === this.frames && this.#isOfProcess(slot);
  }

  /** A rollup value by its place in `ROLLUP_COLUMNS`, of the last deep read; NaN when not measured. */
  rollup(column: number, slot: number, kind: ValueKind = Kind.last): number {
    return this.#isOfProcess(slot) ? this.#readValues[kind]![column]![slot]! : Number.NaN;
  }

  /** What the deep read of this tick said; `not-due` when there was none, `no-mm` once that is known. */
  rollupStatus(slot: number): number {
    if (!this.#isOfProcess(slot)) return Status.notDue;
    const status = this.#readStatus[slot]!;
    return this.#readInFrame[slot] === this.frames || status === Status.noMm ? status : Status.notDue;
  }

  /** Nanoseconds between the last deep read that measured something and this frame; undefined when there was none. */
  rollupAgeNs(slot: number): bigint | undefined {
    if (!this.#isOfProcess(slot) || this.#readStatus[slot] !== Status.ok) return undefined;
    const age = this.startNs - this.#readAtNs[slot]!;
    return age < 0n ? 0n : age;
  }

  #markRows(): void {
    const { slots, count } = this.#counters.updated;
    for (let index = 0; index < count; index++) this.#inFrame[slots[index]!] = this.frames;
  }

  #isOfProcess(slot: number): boolean {
    const key = this.#processes.keys[slot];
    return key !== undefined && this.#readKeys[slot] === key;
  }

  /** Takes in the deep reads up to this tick. */
  #joinRollup(): void {
    if (!this.#openReads) return;
    const { input } = this;
    this.#reads[input] ??= this.#openReads(input);
    const reads = this.#reads[input]!;
    reads.frames++;
    for (let tick = reads.upTo(this.tick); tick !== undefined; tick = reads.upTo(this.tick)) {
      // Reads from before the walk's first frame tell how old a value is; they are not part of that frame.
      const frame = reads.frames > 1 || tick === this.tick ? this.frames : 0;
      const { slots, count } = reads.cursor.updated;
      for (let index = 0; index < count; index++) this.#takeRead(reads, slots[index]!, frame);
    }
  }

  #takeRead({ cursor, keys }: ReadsOfInput, slot: number, frame: number): void {
    this.#readKeys[slot] = keys[slot];
    this.#readAtNs[slot] = cursor.startNs;
    this.#readStatus[slot] = cursor.status[slot]!;
    if (slot >= this.#readInFrame.length) this.#readInFrame = grown(this.#readInFrame, slot);
    this.#readInFrame[slot] = frame;
    const kinds = this.stepNs === 0n ? 1 : AGGREGATE_SUFFIXES.length;
    for (let kind = 0; kind < kinds; kind++) {
      const held = this.#readValues[kind]!;
      for (let column = 0; column < held.length; column++) {
        if (slot >= held[column]!.length) held[column] = grown(held[column]!, slot);
        const place = this.#rollupColumns[kind]![column]!;
        held[column]![slot] = place < 0 ? Number.NaN : cursor.columns[place]![slot]!;
      }
    }
  }
}

/** Whether a tick reads `stat` of a slot, where each does so of one slot in `every`. */
export function isStatTurn(slot: number, tick: number, every: number): boolean {
  return every === 1 || slot % every === tick % every;
}

function grown(values: Float64Array, slot: number): Float64Array {
  const larger = new Float64Array(Math.max(64, slot * 2));
  larger.set(values);
  return larger;
}
