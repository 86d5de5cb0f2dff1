/**
 * The cgroup tier: the files of many control groups, put into columns by `CGROUP_COLUMNS`.
 *
 * The traps: a group has a dozen files and most of what they tell does not change, so the caller says how deep each group is read,
 * and what was not read keeps what it held; a kept descriptor costs the kernel 5 KiB, so that of the
 * charge alone is kept of all groups, and the others of those that are read deep again and again; and a group that is removed while
 * it is read answers ENODEV.
 */
import { constants } from 'node:os';
import { type GroupFile, groupFilesOf } from '../procfs/cgroup-files.js';
import { CGROUP_COLUMNS, GroupDepth, Status } from '../schema.js';
import { toOs } from './byte-path.js';
import type { TextEngineName } from './engine.js';
import { statusOfErrno } from './errno-status.js';
import type { Group } from './group-tree.js';
import type { KeptFile } from './kept-files.js';
import { KeptReads } from './kept-reads.js';
import type { TierColumns } from './tier-columns.js';

/** A group that is read deep twice within so much is expected to be so again; one that is not for as long is no longer. */
const HOT_NS = 5e9;
/** Files that are opened for one call at most, so that many new groups do not take the last descriptors. */
const MOST_OPENED = 128;
const DEPTH = CGROUP_COLUMNS.indexOf('cgroupDepth');
const { ENODEV, ENOENT, EOPNOTSUPP } = constants.errno;

class File implements KeptFile {
  fd = -1;
  /** The kernel has no such file, or not for this group. */
  isAbsent = false;

  constructor(
    readonly group: Group,
    readonly kind: GroupFile,
  ) {}

  /** Made anew for each open: a group may have been renamed. */
  get path(): Buffer {
    return toOs(`${this.group.folder}/${this.kind.name}`);
  }
}

interface Bound {
  readonly files: readonly File[];
  deepNs: number;
  isHot: boolean;
}

export class GroupSweep {
  readonly #kinds: readonly GroupFile[];
  readonly #reads: KeptReads;
  readonly #bySlot: (Bound | undefined)[] = [];
  readonly #row = new Float64Array(CGROUP_COLUMNS.length);
  /** Of the call that is being put together. */
  readonly #files: File[] = [];
  readonly #slots: number[] = [];
  readonly #suspects: number[] = [];
  /** What some group has: a kernel may have no such file at all. */
  readonly #found = new Set<GroupFile>();
  #opened = 0;
  #out: TierColumns | undefined;

  constructor(version: 1 | 2, engine: TextEngineName, maxKept: number) {
    this.#kinds = groupFilesOf(version);
    this.#reads = new KeptReads(engine, maxKept);
  }

  /** Descriptors kept open now. */
  get kept(): number {
    return this.#reads.kept;
  }

  attach(slot: number, group: Group): void {
    this.#bySlot[slot] = {
      files: this.#kinds.map((kind) => new File(group, kind)),
      deepNs: Number.NEGATIVE_INFINITY,
      isHot: false,
    };
  }

  /** Slots of groups in which the last call did not find a file that others have: they may have another name. */
  get suspects(): readonly number[] {
    return this.#suspects;
  }

  /** The group in a slot has another name: what was not found may be there. */
  renamed(slot: number): void {
    for (const file of this.#bySlot[slot]!.files) file.isAbsent = false;
  }

  detach(slot: number): void {
    for (const file of this.#bySlot[slot]!.files) this.#reads.close(file);
    this.#bySlot[slot] = undefined;
  }

  /** Reads the first `count` slots, each to its depth, into their rows of `out`. Every row gets a status. */
  read(slots: Uint32Array, depths: Uint8Array, count: number, nowNs: number, out: TierColumns): void {
    this.#out = out;
    this.#suspects.length = 0;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      this.#plan(slot, this.#bySlot[slot]!, depths[index]!, nowNs, out);
      if (this.#opened >= MOST_OPENED) this.#readPlanned();
    }
    this.#readPlanned();
  }

  close(): void {
    this.#reads.closeAll();
  }

  #plan(slot: number, bound: Bound, depth: number, nowNs: number, out: TierColumns): void {
    const isDeep = depth >= GroupDepth.moving;
    if (isDeep) {
      bound.isHot = nowNs - bound.deepNs < HOT_NS;
      bound.deepNs = nowNs;
    } else if (bound.isHot && nowNs - bound.deepNs >= HOT_NS) {
      bound.isHot = false;
      for (let index = 1; index < bound.files.length; index++) this.#reads.close(bound.files[index]!);
    }
    for (const file of bound.files) {
      if (file.kind.depth > depth) break;
      if (file.isAbsent) continue;
      if (file.fd < 0) this.#opened++;
      this.#files.push(file);
      this.#slots.push(slot);
    }
    out.columns[DEPTH]![slot] = depth;
  }

  #readPlanned(): void {
    const files = this.#files;
    const count = files.length;
    if (count === 0) return;
    this.#reads.read(files, count, (index) => this.#keeps(index));
    for (let index = 0; index < count; index++) this.#take(index);
    files.length = 0;
    this.#slots.length = 0;
    this.#opened = 0;
  }

  #keeps(index: number): boolean {
    const { depth } = this.#files[index]!.kind;
    return depth === GroupDepth.charge || (depth === GroupDepth.moving && this.#bySlot[this.#slots[index]!]!.isHot);
  }

  #take(index: number): void {
    const file = this.#files[index]!;
    const slot = this.#slots[index]!;
    const length = this.#reads.lengths[index]!;
    const out = this.#out!;
    const isCharge = file.kind.depth === GroupDepth.charge;
    if (isCharge) out.status[slot] = length < 0 ? statusOf(length) : Status.ok;
    else if (length === -ENOENT || length === -EOPNOTSUPP) {
      file.isAbsent = true;
      if (length === -ENOENT && this.#found.has(file.kind) && this.#suspects.at(-1) !== slot) this.#suspects.push(slot);
    }
    if (length >= 0) this.#found.add(file.kind);
    const row = this.#row;
    const { columns } = file.kind;
    for (let place = 0; place < columns.length; place++) row[columns[place]!] = Number.NaN;
    if (length > 0) file.kind.read(this.#reads.bytes, this.#reads.starts[index]!, length, row);
    for (let place = 0; place < columns.length; place++) {
      const column = columns[place]!;
      out.columns[column]![slot] = row[column]!;
    }
    if (isCharge && length >= 0 && Number.isNaN(row[columns[0]!]!)) out.status[slot] = Status.unsupported;
  }
}

/** Of the file without which there is no row: a group without it has been removed, or does not account memory any more. */
function statusOf(negativeErrno: number): number {
  return negativeErrno === -ENODEV ? Status.gone : statusOfErrno(negativeErrno);
}
