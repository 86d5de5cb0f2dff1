/**
 * The mappings of one process for the view of it, as they were recorded at or before an instant, and what has grown since a
 * minute before.
 *
 * The trap: reading them out of a recording takes longer than drawing them, and the screen is drawn often: what was found
 * for an instant is kept.
 */
import type { ProcessIdentity } from '../engine/identity.js';
import { mappingsBefore } from '../recording/mapping-finder.js';
import type { ProgramPart } from '../recording/program-part.js';
import type { Recording } from '../recording/recording.js';
import { STATUSES } from '../schema.js';
import { type OpenedProcess, openedMappings } from '../views/screen/opened-process.js';
import { exeOf } from './recorded-instant.js';

const BACK_NS = 60_000_000_000n;
const NONE = 'no mappings were recorded; record --mappings auto does so';

export class ReplayedMappings {
  readonly #recording: Recording;
  #shown: { readonly key: string; readonly timeNs: bigint; readonly opened: OpenedProcess } | undefined;

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  /** What is known of the process at a monotonic time; `identity` is absent when it was not there. */
  look(key: string, identity: ProcessIdentity | undefined, timeNs: bigint, program: ProgramPart): OpenedProcess {
    if (this.#shown?.key === key && this.#shown.timeNs === timeNs) return this.#shown.opened;
    const opened = identity ? this.#find(key, identity, timeNs, program) : { key, reason: 'it was not there' };
    this.#shown = { key, timeNs, opened };
    return opened;
  }

  #find(key: string, identity: ProcessIdentity, timeNs: bigint, program: ProgramPart): OpenedProcess {
    const recording = this.#recording;
    if (recording.ring.ringId('mappings') < 0) return { key, reason: NONE };
    const { found: last, lastStatus } = mappingsBefore(recording, identity, timeNs);
    if (!last) {
      const why = lastStatus === undefined ? 'not read until then, or overwritten' : (STATUSES[lastStatus] ?? 'lost');
      return { key, reason: `its mappings: ${why}` };
    }
    const first = mappingsBefore(recording, identity, last.timeNs - BACK_NS).found ?? last;
    return { key, mappings: openedMappings(first, last, exeOf(program), timeNs) };
  }
}
