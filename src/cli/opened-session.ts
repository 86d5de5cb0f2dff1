/**
 * The mappings of one process while its view is open: a recording of its own, of that process alone.
 *
 * The trap: reading mappings holds the target's memory map for as long as the walk takes, 20 to 27 ns a page. So a target
 * is held for at most a thousandth of the time, and one that a single read would hold for over 10 ms is not read.
 */
import { readlinkSync } from 'node:fs';
import type { EngineChoice } from '../engine/choose.js';
import { joinParts } from '../recording/mapping-join.js';
import type { RecordedMappings } from '../recording/mapping-record.js';
import type { MappingWalk } from '../recording/mapping-walk.js';
import { type Recorder, startRecording } from '../sampler/recorder.js';
import { type HostUnits, STATUSES } from '../schema.js';
import { formatDurationShort } from '../text/duration.js';
import { type MappingRead, type OpenedProcess, openedMappings } from '../views/screen/opened-process.js';

const HOLD_NS_PER_PAGE = 25;
const HOLD_RATIO = 1000;
const MOST_HOLD_NS = 10e6;
const MOST_HZ = 1;
const RING_BYTES = 16 * 2 ** 20;

export interface OpenedOptions {
  readonly key: string;
  readonly pid: number;
  readonly startTicks: number;
  readonly rss: number;
  readonly root: string;
  readonly engine: EngineChoice;
  readonly host: HostUnits;
  readonly changed: () => void;
}

export class OpenedSession {
  readonly #options: OpenedOptions;
  readonly #exe: string | undefined;
  #recorder: Recorder | undefined;
  #walk: MappingWalk | undefined;
  #parts: RecordedMappings[] = [];
  #first: MappingRead | undefined;
  #last: MappingRead | undefined;
  #reason: string | undefined;
  #isClosed = false;

  constructor(options: OpenedOptions) {
    this.#options = options;
    this.#exe = readLink(`${options.root}/${options.pid}/exe`);
    const holdNs = (options.rss / options.host.pageSize) * HOLD_NS_PER_PAGE;
    if (holdNs > MOST_HOLD_NS) {
      const hold = formatDurationShort(holdNs);
      this.#reason = `its mappings are not read: that would hold it for about ${hold}; tidemark segments ${options.pid} does so once`;
    } else {
      void this.#start(Math.min(MOST_HZ, 1e9 / (Math.max(1, holdNs) * HOLD_RATIO)));
    }
  }

  /** What is known now. */
  look(): OpenedProcess {
    this.#absorb();
    const { key } = this.#options;
    const [first, last] = [this.#first, this.#last];
    return {
      key,
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      ...(first && last ? { mappings: openedMappings(first, last, this.#exe, process.hrtime.bigint()) } : {}),
    };
  }

  close(): void {
    this.#isClosed = true;
    void this.#recorder?.[Symbol.asyncDispose]();
    this.#recorder = undefined;
  }

  async #start(mappings: number): Promise<void> {
    const { pid, root, engine, host, changed } = this.#options;
    try {
      const recorder = await startRecording({
        target: { pids: [pid] },
        sampler: 'worker',
        hz: MOST_HZ,
        rollup: 'off',
        hostTier: 'off',
        cgroupTier: 'off',
        sizeBytes: RING_BYTES,
        procfs: root,
        ...{ mappings, engine, host },
      });
      if (this.#isClosed) {
        void recorder[Symbol.asyncDispose]();
        return;
      }
      this.#recorder = recorder;
      recorder.finished.then(
        () => this.#end('this process has ended: what it had last'),
        (error) => this.#end((error as Error).message),
      );
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.#end(code === 'target-not-found' ? 'this process has ended' : message);
    }
    changed();
  }

  #end(reason: string): void {
    if (this.#isClosed) return;
    this.#reason = reason;
    this.#options.changed();
  }

  #absorb(): void {
    if (!this.#recorder) return;
    this.#walk ??= this.#recorder.recording().mappingWalk(this.#options);
    for (let record = this.#walk?.next(); record !== undefined; record = this.#walk?.next()) {
      this.#parts = record.part === 0 ? [record] : [...this.#parts, record];
      if (record.part < record.parts - 1) continue;
      const status = STATUSES[record.status] ?? 'lost';
      if (status !== 'ok') {
        this.#reason = REASONS[status] ?? `its mappings cannot be read: ${status}`;
        continue;
      }
      this.#last = { ...joinParts(this.#parts), timeNs: this.#walk!.timeNs, holdNs: record.holdNs };
      this.#first ??= this.#last;
    }
  }
}

const REASONS: Readonly<Record<string, string>> = {
  denied: 'its mappings are denied: CAP_SYS_PTRACE',
  gone: 'this process has ended',
  'no-mm': 'this process has no memory of its own',
};

/** A character for each byte; undefined where it cannot be read. */
function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
