/** A meter over a recording that is made by hand, and a process tree for it that holds what is read beside the recording. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Family } from '../../src/agent/exposition.js';
import { parseGroupBy } from '../../src/agent/group-by.js';
import { groupFamilies } from '../../src/agent/group-families.js';
import { GroupMeter } from '../../src/agent/group-meter.js';
import { GroupReadings } from '../../src/agent/group-readings.js';
import type { RecordingMetadata } from '../../src/recording/format.js';
import type { FrameWalk } from '../../src/recording/frame-walk.js';
import type { Recording } from '../../src/recording/recording.js';
import { Author, SECOND, someone } from '../recorder/synthetic.js';

export const PAGE = 4096;
export const WINDOW_NS = 60n * SECOND;

export class SyntheticAgent {
  readonly author: Author;
  readonly meter: GroupMeter;
  readonly readings: GroupReadings;
  readonly #recording: Recording;
  readonly #walk: FrameWalk;

  constructor(
    readonly root: string,
    { by = 'comm', isFull = true, sizeBytes = 2 ** 24, crowd = 0, metadata = {} as Partial<RecordingMetadata> } = {},
  ) {
    this.author = new Author({ sizeBytes, crowd, metadata });
    this.#recording = this.author.open();
    this.#walk = this.#recording.walk();
    this.meter = new GroupMeter(root, parseGroupBy(by), isFull);
    this.readings = new GroupReadings(this.meter, PAGE, isFull);
  }

  /** A process that is there from the next tick on. */
  arrive(slot: number, comm: string | Uint8Array, values: Record<string, number>, hwm = 0): void {
    this.author.arrive(slot, someone(slot + 1, comm));
    this.author.set(slot, values);
    this.mark(slot, hwm);
  }

  /** What the kernel tells of its high-water mark. */
  mark(slot: number, bytes: number): void {
    const folder = path.join(this.root, String(slot + 1));
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'status'), `Name:\tx\nVmHWM:\t${bytes / 1024} kB\n`);
  }

  depart(slot: number): void {
    this.author.depart(slot);
    rmSync(path.join(this.root, String(slot + 1)), { recursive: true, force: true });
  }

  /** Writes a tick and takes it in. */
  tick(): void {
    this.author.sweep();
    this.meter.follow(this.#walk);
  }

  /** Families by name, with at most so many groups. */
  collect(most = 20, windowNs = WINDOW_NS): Map<string, Family> {
    this.readings.collect(this.#walk, most, windowNs);
    const { meter, readings } = this;
    const facts = { meter, readings, windowNs, limits: new Map<number, number>(), constant: '' };
    return new Map(groupFamilies(facts, true).map((family) => [family.name, family]));
  }
}

/** The value of a group in a family; undefined when it is not told. */
export function toldOf(families: Map<string, Family>, name: string, group: string): number | undefined {
  const found = families.get(name)!.samples.find(({ labels }) => labels === `group="${group}"`);
  return found === undefined || Number.isNaN(found.value) ? undefined : found.value;
}
