/** One recording that a copy is made of, and how its times and processes are called in the copy. */
import type { RingReader } from '../ring/ring-reader.js';
import type { Recording } from './recording.js';

export interface CopyInput {
  readonly recording: Recording;
  readonly reader: RingReader;
  /** Monotonic times of the recording, both included. */
  readonly fromNs?: bigint;
  readonly toNs?: bigint;
  /** Number of the recording among those of a merge; one that was merged itself takes several. */
  readonly firstInput: number;
  /** A time of the recording as a time of the copy. */
  timeOf(timeNs: bigint): bigint;
  /** The number of the host that a process of the recording belongs to, in the copy; nothing in a copy of one host. */
  sourceOf(source: number | undefined): { readonly source?: number };
}
