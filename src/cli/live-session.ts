/**
 * What a screen shows, from a recording that is made while it is shown: in memory, by a sampler in a thread of its own.
 *
 * The trap: the recording goes on whatever the screen does, so all frames since the last look are taken in at each look,
 * also while the screen is paused: a history with a hole in it would show a growth that never was.
 */
import { type LiveProcess, LiveProcesses } from '../analyze/live-processes.js';
import type { EngineChoice } from '../engine/choose.js';
import { findSharedMemory } from '../engine/same-memory.js';
import type { AccountNames } from '../procfs/accounts.js';
import { readPidDigits } from '../procfs/pid-max.js';
import type { FrameWalk } from '../recording/frame-walk.js';
import { type Recorder, startRecording } from '../sampler/recorder.js';
import type { HostUnits } from '../schema.js';
import { HostWatch } from '../views/screen/host-watch.js';
import type { OpenedProcess } from '../views/screen/opened-process.js';
import type { ScreenModel } from '../views/screen/screen-model.js';
import { ProcessFactsReader } from './process-facts.js';

export interface SessionOptions {
  readonly root: string;
  readonly engine: EngineChoice;
  readonly host: HostUnits;
  readonly hz: number;
  readonly pids?: readonly number[];
  readonly accounts: AccountNames;
  /** Whether the user of a process, real, effective, saved and file system, is wanted. */
  readonly isWanted?: (uids: readonly number[]) => boolean;
  /** Told when there is more to show. */
  readonly changed: () => void;
}

/** Rates and costs are those of the last seconds. */
const RECENT_NS = 10_000_000_000n;
/** A process is read once a second at most: a share that is older than this was left out. */
const OLD_NS = 2.5e9;

interface Instant {
  readonly timeNs: bigint;
  readonly tick: number;
  readonly ownCpuNs: number;
}

export class LiveSession {
  readonly recorder: Recorder;
  readonly facts: ProcessFactsReader;
  readonly #options: SessionOptions;
  readonly #processes = new LiveProcesses();
  readonly #host: HostWatch;
  readonly #pidDigits: number;
  #walk: FrameWalk | undefined;
  #recent: Instant[] = [];
  #firstNs: bigint | undefined;
  #ownRss = Number.NaN;
  #missedTicks = 0;
  #ended: string | undefined;

  private constructor(recorder: Recorder, options: SessionOptions, failed: (error: unknown) => void) {
    this.recorder = recorder;
    this.#options = options;
    this.#host = new HostWatch(options.root);
    this.#pidDigits = readPidDigits(options.root);
    this.facts = new ProcessFactsReader(options.root, options.accounts, options.changed);
    recorder.finished.then(({ reason }) => {
      this.#ended = reason === 'all-gone' ? 'all of these processes have ended' : 'the recording has ended';
      options.changed();
    }, failed);
  }

  /** Starts the recording; `failed` is told when its sampler dies. Rejects when it cannot be started. */
  static async start(options: SessionOptions, failed: (error: unknown) => void): Promise<LiveSession> {
    const { root, engine, host, hz, pids } = options;
    const recorder = await startRecording({
      target: pids ? { pids } : 'host',
      sampler: 'worker',
      // This program does nothing else: what its screen costs is a cost of watching.
      ownCost: 'process',
      procfs: root,
      rollup: 'auto',
      hostTier: 'off',
      cgroupTier: 'off',
      ...{ engine, host, hz },
    });
    return new LiveSession(recorder, options, failed);
  }

  /** Takes in the frames since the last look, and makes what there is to show. */
  look(opened: OpenedProcess | undefined): ScreenModel {
    this.#absorb();
    const { hz } = this.recorder;
    const { processes, withoutMemory, history, seenNs } = this.#processes;
    this.facts.update(processes);
    const { isWanted } = this.#options;
    const wanted = isWanted ? processes.filter(({ key }) => isWanted(this.facts.of(key)?.uids ?? [])) : processes;
    const nowNs = process.hrtime.bigint();
    const now = Date.now();
    const timeOf = (monotonicNs: bigint) => new Date(now - Number(nowNs - monotonicNs) / 1e6);
    const { givenHz, ownCpu } = this.#recentRates();
    return {
      host: {
        clock: new Date(now),
        since: timeOf(this.#firstNs ?? nowNs),
        seenNs,
        ...this.#host.read(Number(nowNs), timeOf),
        engine: this.recorder.engine,
        askedHz: hz,
        givenHz,
        missedTicks: this.#missedTicks,
        ownCpu,
        ownRss: this.#ownRss,
        silentNs: this.#ended === undefined ? Number(nowNs - (this.#recent.at(-1)?.timeNs ?? nowNs)) : 0,
        ...(this.#ended === undefined ? {} : { ended: this.#ended }),
      },
      processes: this.#withShares(wanted),
      withoutMemory,
      factsOf: (key) => this.facts.of(key),
      shapeOf: (slot, points) => history.shape(slot, points).values,
      peakTime: timeOf,
      pidDigits: this.#pidDigits,
      oldNs: Math.max(OLD_NS, 2.5e9 / hz),
      ...(opened ? { opened } : {}),
    };
  }

  close(): void {
    this.#host.close();
    void this.recorder.stop().catch(() => {});
  }

  #absorb(): void {
    this.#walk ??= this.recorder.recording().walk();
    const walk = this.#walk;
    let moved = false;
    for (let step = walk.next(); step !== null; step = walk.next()) {
      if (step !== 'frame') continue;
      this.#firstNs ??= walk.startNs;
      moved = true;
      this.#processes.absorb(walk);
      this.#recent.push({ timeNs: walk.startNs, tick: walk.tick, ownCpuNs: walk.scalar('ownCpu') });
      this.#ownRss = walk.scalar('ownRss');
      this.#missedTicks = walk.scalar('missedTicks');
    }
    // At the turn of a block its labels may be there before its first frame: then the last list still stands.
    if (moved && walk.isOnFrame) this.#processes.list(walk);
    const newest = this.#recent.at(-1)?.timeNs ?? 0n;
    this.#recent = this.#recent.filter(({ timeNs }) => newest - timeNs <= RECENT_NS);
  }

  /** Marks those whose memory map is another one's too: each of them reports all of it. */
  #withShares(processes: readonly LiveProcess[]): readonly LiveProcess[] {
    const pids = processes.map(({ identity }) => identity.pid);
    const layouts = processes.map(({ key }) => this.facts.of(key)?.layout ?? '');
    const { leaders } = findSharedMemory(this.#options.root, pids, layouts);
    return processes.map((process, index) => (leaders[index] === index ? process : { ...process, shares: true }));
  }

  #recentRates(): { readonly givenHz: number; readonly ownCpu: number } {
    const [first] = this.#recent;
    const last = this.#recent.at(-1);
    if (!first || !last || first === last) return { givenHz: Number.NaN, ownCpu: Number.NaN };
    const overNs = Number(last.timeNs - first.timeNs);
    return {
      givenHz: ((this.#recent.length - 1) / overNs) * 1e9,
      ownCpu: (last.ownCpuNs - first.ownCpuNs) / overNs,
    };
  }
}
