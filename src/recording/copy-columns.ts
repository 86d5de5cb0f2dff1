/**
 * Copies a ring of columns from one recording, or from several, frame by frame.
 *
 * The traps: labels change between frames, and each must be told before the frame that it belongs to; and in a merged ring
 * one process may come from two recordings, and has one slot all the same.
 */
import type { RingCursor } from '../ring/ring-cursor.js';
import type { RingSpec } from '../ring/ring-table.js';
import type { RingWriter } from '../ring/ring-writer.js';
import { type LabelKind, labelKindOf } from './copied-labels.js';
import type { CopyInput } from './copy-input.js';
import type { Redactor } from './redact.js';

/** Thrown when a copy cannot hold what it is made of. */
export class CopyError extends Error {}

/** One recording's part in a ring; stands on a frame once `advance` has said so. */
class ColumnSource {
  /** Time in the copy of the frame that it stands on. */
  headNs = 0n;
  lost = 0;
  #isNewBlock = false;
  readonly #changed = new Set<number>();
  /** By slot here: slot in the copy, and whose it is. */
  readonly outSlots: number[] = [];
  readonly outKeys: (string | undefined)[] = [];
  /** By column of the copy: number of the column here, or -1. */
  readonly columns: readonly number[];
  readonly scalars: readonly number[];

  constructor(
    readonly input: CopyInput,
    readonly cursor: RingCursor,
    from: RingSpec,
    to: RingSpec,
  ) {
    this.columns = to.columns.map(({ name }) => from.columns.findIndex((column) => column.name === name));
    this.scalars = to.scalars.map((name) => from.scalars.indexOf(name));
  }

  advance(): boolean {
    const { cursor, input } = this;
    for (let step = cursor.next(); step !== null; step = cursor.next()) {
      if (step === 'block') this.#isNewBlock = true;
      if (step === 'gap') this.lost += cursor.lost;
      if (step === 'labels') this.#noteChanges();
      if (step !== 'columns') continue;
      if (input.toNs !== undefined && cursor.startNs > input.toNs) return false;
      this.headNs = input.timeOf(cursor.startNs);
      return true;
    }
    return false;
  }

  /** The slots whose labels may have changed since the last frame that was taken. */
  takeChanges(): Iterable<number> {
    const changed = this.#isNewBlock
      ? Array.from({ length: Math.max(this.outSlots.length, this.cursor.slotsHighWater) }, (_, slot) => slot)
      : [...this.#changed];
    this.#isNewBlock = false;
    this.#changed.clear();
    return changed;
  }

  #noteChanges(): void {
    const { slots, count } = this.cursor.changedSlots;
    for (let index = 0; index < count; index++) this.#changed.add(slots[index]!);
  }
}

/** Slots of a merged ring: one for each process, however many recordings have it. */
class SharedSlots {
  readonly #slots = new Map<string, { slot: number; uses: number }>();
  readonly #free: number[] = [];
  highWater = 0;

  take(key: string): number {
    const held = this.#slots.get(key);
    if (held) held.uses++;
    else this.#slots.set(key, { slot: this.#free.pop() ?? this.highWater++, uses: 1 });
    return this.#slots.get(key)!.slot;
  }

  /** Whether the slot is free now. */
  release(key: string): boolean {
    const held = this.#slots.get(key)!;
    if (--held.uses > 0) return false;
    this.#slots.delete(key);
    this.#free.push(held.slot);
    return true;
  }
}

export interface ColumnCopy {
  readonly writer: RingWriter;
  /** Number of the ring in the copy. */
  readonly ring: number;
  readonly inputs: readonly CopyInput[];
  readonly isMerge: boolean;
  readonly redactor: Redactor | undefined;
  /** Hears of each process, host or group that is in the copy, by its key. */
  readonly seen: (key: string) => void;
  readonly progress: (timeNs: bigint) => void;
}

/** Copies the ring. Returns how many frames of it had been lost. */
export function copyColumns(copy: ColumnCopy): number {
  const { writer, ring, inputs, isMerge } = copy;
  const spec = writer.rings[ring]!;
  const sources = inputs.flatMap((input) => {
    const number = input.reader.ringId(spec.name);
    if (number < 0) return [];
    const start = input.fromNs === undefined ? {} : { fromTimeNs: input.fromNs };
    return [new ColumnSource(input, input.reader.cursor(number, start), input.reader.rings[number]!, spec)];
  });
  const slots = new SharedSlots();
  const kind = labelKindOf(spec.name);
  const frame = new MergedFrame(spec);
  let heads = sources.filter((source) => source.advance());
  while (heads.length > 0) {
    const source = heads.reduce((first, other) => (other.headNs < first.headNs ? other : first));
    copy.progress(source.headNs);
    for (const slot of source.takeChanges()) relabel(copy, kind, source, slot, slots);
    const { cursor } = source;
    const duration = cursor.endNs - cursor.startNs;
    const scalars = frame.scalars;
    source.scalars.forEach((from, to) => {
      const value = from >= 0 ? cursor.scalars[from]! : Number.NaN;
      // A recording that was merged itself has several inputs.
      scalars[to] = isMerge && spec.scalars[to] === 'input' ? source.input.firstInput + (value || 0) : value;
    });
    const times = { startNs: source.headNs, endNs: source.headNs + duration, scalars };
    if (isMerge) frame.fill(source, slots.highWater);
    const rows = spec.rows === 'all' ? ('all' as const) : isMerge ? frame.rows : cursor.updated;
    const stored = writer.appendColumns(ring, {
      ...times,
      rows,
      status: isMerge ? frame.status : cursor.status,
      columns: isMerge ? frame.columns : frame.columnsOf(source),
    });
    if (!stored.ok) throw new CopyError(`A frame of ring ${spec.name} could not be stored: ${stored.reason}`);
    if (!source.advance()) heads = heads.filter((head) => head !== source);
  }
  return sources.reduce((sum, { lost }) => sum + lost, 0);
}

function relabel(
  { writer, ring, isMerge, redactor, seen }: ColumnCopy,
  kind: LabelKind,
  source: ColumnSource,
  slot: number,
  slots: SharedSlots,
): void {
  const label = source.cursor.labels[slot];
  const known = label && kind.read(label, source.input);
  const key = known?.key;
  if (key !== undefined) seen(key);
  let out = slot;
  if (isMerge) {
    const before = source.outKeys[slot];
    if (before !== key) {
      if (before !== undefined && slots.release(before)) writer.clearLabel(ring, source.outSlots[slot]!);
      source.outKeys[slot] = key;
      source.outSlots[slot] = key === undefined ? -1 : slots.take(key);
    }
    out = source.outSlots[slot] ?? -1;
  } else {
    source.outSlots[slot] = slot;
  }
  if (label === undefined || out < 0) {
    if (!isMerge) writer.clearLabel(ring, slot);
    return;
  }
  const own = isMerge && known ? known.merged : label;
  writer.setLabel(ring, out, redactor ? kind.redact(own, redactor) : own);
}

/** The rows of one recording's frame at their slots in a merged ring. */
class MergedFrame {
  readonly scalars: Float64Array;
  status = new Uint8Array(0);
  columns: Float64Array[];
  readonly rows = { slots: new Uint32Array(0), count: 0 };
  #absent = new Float64Array(0);

  constructor(private readonly spec: RingSpec) {
    this.scalars = new Float64Array(spec.scalars.length);
    this.columns = spec.columns.map(() => new Float64Array(0));
  }

  fill(source: ColumnSource, highWater: number): void {
    const { cursor, columns, outSlots } = source;
    const { slots, count } = cursor.updated;
    if (this.status.length < highWater) {
      this.status = new Uint8Array(highWater * 2);
      this.columns = this.spec.columns.map(() => new Float64Array(highWater * 2));
    }
    if (this.rows.slots.length < count) this.rows.slots = new Uint32Array(count * 2);
    this.rows.count = count;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const out = outSlots[slot]!;
      this.rows.slots[index] = out;
      this.status[out] = cursor.status[slot]!;
    }
    columns.forEach((from, to) => {
      const values = this.columns[to]!;
      const own = cursor.columns[from];
      for (let index = 0; index < count; index++) {
        values[this.rows.slots[index]!] = own ? own[slots[index]!]! : Number.NaN;
      }
    });
  }

  /** The columns of a recording in the order of the copy, as they are. */
  columnsOf({ cursor, columns }: ColumnSource): Float64Array[] {
    if (this.#absent.length < cursor.status.length)
      this.#absent = new Float64Array(cursor.status.length).fill(Number.NaN);
    return columns.map((from) => cursor.columns[from] ?? this.#absent);
  }
}
