/**
 * What a screen shows, as plain values: made anew for each frame, and kept as it is while the screen is paused.
 *
 * The trap: names come from outside. Here they are raw; what lays them out escapes them.
 */
import type { LiveProcess } from '../../analyze/live-processes.js';
import type { OpenedProcess } from './opened-process.js';
import type { ComparedWith, ReplayPosition } from './replay-line.js';

/** A kill by the kernel because memory ran out; what is not known is absent. */
export interface OomKill {
  readonly pid?: number;
  /** A character for each byte. */
  readonly comm?: string;
  readonly at?: Date;
  readonly ofCgroup?: boolean;
}

export interface HostModel {
  /** Now; of another tree the time of its last frame. */
  readonly clock: Date;
  /** When the first frame was. */
  readonly since: Date;
  /** Nanoseconds that have been seen. */
  readonly seenNs: number;
  /** Absent where the tree does not tell. */
  readonly memory?: {
    readonly available?: number;
    readonly total?: number;
    readonly swapTotal?: number;
    readonly swapFree?: number;
  };
  readonly availableShape: (points: number) => readonly number[];
  /** Percent of the last 10 seconds. */
  readonly pressure?: { readonly some?: number; readonly full?: number };
  readonly oom?: { readonly kills: number; readonly ofGroup?: number; readonly last?: OomKill };
  readonly engine: string;
  readonly askedHz: number;
  /** NaN until it is known. */
  readonly givenHz: number;
  readonly missedTicks: number;
  /** Share of one CPU over the last seconds, NaN until it is known; resident bytes. */
  readonly ownCpu: number;
  readonly ownRss: number;
  /** Since the newest frame, while there should be more; nanoseconds. */
  readonly silentNs: number;
  /** Why nothing moves any more. */
  readonly ended?: string;
}

/** What does not change while a process lives, read once. */
export interface ProcessFacts {
  /** A character for each byte; '' when not known. */
  readonly user: string;
  readonly unit: string;
  readonly cmdline?: string;
  /** Real, effective, saved and file system user. */
  readonly uids?: readonly number[];
  /** The addresses that the kernel places at random for each exec: what shares a memory map has the same. '' for none. */
  readonly layout?: string;
}

export interface ScreenModel {
  readonly host: HostModel;
  readonly processes: readonly LiveProcess[];
  readonly withoutMemory: number;
  readonly factsOf: (key: string) => ProcessFacts | undefined;
  /** The rss of a slot over time. */
  readonly shapeOf: (slot: number, points: number) => readonly number[];
  /** The clock time of a peak. */
  readonly peakTime: (monotonicNs: bigint) => Date;
  readonly pidDigits: number;
  /** Older shares are marked. */
  readonly oldNs: number;
  /** The process whose view is open. */
  readonly opened?: OpenedProcess;
  /** Where in a recording it is; absent for now. */
  readonly replay?: ReplayPosition;
  /** The changes are since this instant; see `comparedModel`. */
  readonly compared?: ComparedWith;
  /** What `w` would save, for people. */
  readonly savedSpan?: string;
}
