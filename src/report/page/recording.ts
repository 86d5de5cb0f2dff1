/** The recording as the page has it: its head, and what is read from other blocks when somebody looks at it. */
import { NumberReader } from '../number-columns.js';
import { type Head, PAGE_METRICS } from '../page-format.js';
import { type BlockTexts, readBlock } from './blocks.js';
import { readSpace, type Space } from './space-data.js';
import { readTrack, type Track } from './track.js';
import { readV8, type V8Data } from './v8-data.js';

/** By number of the metric. */
export type Tracks = (Track | undefined)[];

export class PageRecording {
  #courses = new Map<number, Promise<Uint8Array | undefined>>();

  private constructor(
    readonly head: Head,
    readonly totals: Tracks,
    private readonly blocks: BlockTexts,
  ) {}

  static async read(blocks: BlockTexts): Promise<PageRecording> {
    const [head, totals] = await Promise.all([readBlock(blocks, 'head'), readBlock(blocks, 'totals')]);
    const parsed = JSON.parse(new TextDecoder().decode(head)) as Head;
    return new PageRecording(parsed, readTracks(new NumberReader(totals ?? new Uint8Array(0)), parsed.unitMs), blocks);
  }

  /** Number of the process with that key, or -1. */
  find(key: string | undefined): number {
    return key === undefined ? -1 : this.head.processes.key.indexOf(key);
  }

  async tracks(process: number): Promise<Tracks> {
    const { block, offset } = this.head.processes;
    const number = block[process] ?? -1;
    if (number < 0) return [];
    let bytes = this.#courses.get(number);
    if (!bytes) {
      bytes = readBlock(this.blocks, `courses-${number}`);
      this.#courses.set(number, bytes);
    }
    return readTracks(new NumberReader((await bytes) ?? new Uint8Array(0), offset[process]), this.head.unitMs);
  }

  /** The mappings of a process; undefined when there are none. */
  async space(process: number): Promise<Space | undefined> {
    const number = this.head.processes.space[process] ?? -1;
    if (number < 0) return undefined;
    const bytes = await readBlock(this.blocks, `space-${number}`);
    return bytes && readSpace(new NumberReader(bytes), this.head.unitMs);
  }

  /** What its V8 told; undefined when it told nothing. */
  async v8(process: number): Promise<V8Data | undefined> {
    const number = this.head.processes.v8[process] ?? -1;
    if (number < 0) return undefined;
    const bytes = await readBlock(this.blocks, `v8-${number}`);
    return bytes && readV8(new NumberReader(bytes), this.head.unitMs);
  }

  /** `python3 (4711)`. */
  nameOf(process: number): string {
    const { name, pid, host } = this.head.processes;
    return `${name[process]} (${pid[process]}${host[process] ? ` on ${host[process]}` : ''})`;
  }
}

function readTracks(from: NumberReader, unitMs: number): Tracks {
  const tracks: Tracks = [];
  const count = from.unsigned();
  for (let index = 0; index < count; index++) {
    const metric = from.unsigned();
    tracks[metric] = readTrack(from, unitMs, PAGE_METRICS[metric]!.quantum);
  }
  return tracks;
}
