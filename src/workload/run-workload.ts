/**
 * One run of a command with all that descends from it, from before its first instruction to after the last exit.
 *
 * The traps: the command waits until the first frame is stored, and what is there before it is let go is not the workload; a
 * recorder that fails must not fail the command; and a long run overwrites the ring, so frames are taken as they come.
 */
import { type PeakContent, peakContent } from '../analyze/peak-content.js';
import { type TreeMeasures, TreeMeter } from '../analyze/tree-meter.js';
import type { SweepingChoice } from '../engine/choose-sweeping.js';
import { EventFollower } from '../recording/event-follower.js';
import type { Recording, StampedEvent } from '../recording/recording.js';
import type { ActionOption } from '../sampler/action-plan.js';
import type { SamplerProgress } from '../sampler/progress.js';
import type { RecordOptions } from '../sampler/record-options.js';
import { type Recorder, startRecording } from '../sampler/recorder.js';
import { type CommandEnd, type KernelUsage, LAUNCHER_NAME, Launcher } from './launcher.js';
import { type MarkSocket, SOCKET_VARIABLE } from './mark-socket.js';
import { OwnCgroup } from './own-cgroup.js';
import { WorkloadError } from './workload-error.js';

export interface RunOptions {
  readonly command: readonly string[];
  readonly hz: number;
  /** Share of one core that recording may cost. */
  readonly budget: number;
  readonly engine: SweepingChoice;
  /** A process that one deep read would hold for longer is read in pieces, milliseconds. */
  readonly maxHoldMs: number;
  /** How often the host is read; default: not at all. */
  readonly hostTier?: RecordOptions['hostTier'];
  readonly cgroupTier?: RecordOptions['cgroupTier'];
  /** A new file to record into; without it the recording is gone at the end. */
  readonly file?: string;
  readonly sizeBytes?: number;
  /** In a cgroup of its own. */
  readonly cgroup?: boolean;
  /** What is to be done when a rule becomes true of a process. */
  readonly actions?: readonly ActionOption[];
  readonly socket?: MarkSocket;
  readonly stdio?: readonly ('inherit' | 'ignore' | number)[];
  readonly onWarning: (sentence: string) => void;
  /** The command is there and can be sent signals. */
  readonly onStarted?: (launcher: Launcher) => void;
  /** The command has ended; descendants may go on. */
  readonly onCommandEnd?: (end: CommandEnd) => void;
}

/** What a run was like. Times are nanoseconds, memory is bytes. */
export interface WorkloadRun {
  /** A recording does not tell. */
  readonly end: CommandEnd | { readonly kind: 'not-told' };
  /** Unix milliseconds. */
  readonly startedAtMs: number;
  /** Monotonic nanoseconds of the start. */
  readonly startedNs: bigint;
  /** To the end of the command, and to that of the last descendant. */
  readonly wallNs: number;
  readonly treeWallNs: number;
  readonly engine: string;
  readonly hz: number;
  readonly measures: TreeMeasures;
  readonly content: PeakContent | undefined;
  /** Undefined: somebody was left behind, or the launcher was lost. */
  readonly usage: KernelUsage | undefined;
  readonly cgroupPeak: number | undefined;
  readonly marks: readonly { readonly name: string; readonly afterNs: number; readonly endAfterNs?: number }[];
  readonly missedTicks: number;
  readonly ownCpuNs: number;
  readonly ownRss: number;
  readonly caveats: readonly string[];
}

/** Looking for new frames costs more than a frame does. */
const LOOK_EVERY_MS = 1000;
const RING_BYTES = 64 * 2 ** 20;

/** Runs the command and measures it. Rejects with a `WorkloadError` or with what `startRecording` rejects with. */
export async function runWorkload(options: RunOptions): Promise<WorkloadRun> {
  const { command, socket, stdio } = options;
  const cgroup = options.cgroup === true ? OwnCgroup.make(`tidemark-${process.pid}-${nextNumber++}`) : undefined;
  try {
    const env = socket ? { [SOCKET_VARIABLE]: socket.path } : {};
    const launcher = await Launcher.start({ command, env, ...(stdio ? { stdio } : {}) });
    try {
      cgroup?.add([launcher.pid, launcher.commandPid]);
      await using recorder = await record(launcher, options);
      socket?.attach(recorder);
      return await measure(launcher, recorder, cgroup, options);
    } finally {
      socket?.attach(undefined);
      // Of a command that was not let go nothing is run.
      launcher.leave();
    }
  } finally {
    cgroup?.remove();
  }
}

let nextNumber = 1;

function record(launcher: Launcher, options: RunOptions): Promise<Recorder> {
  const { command, hz, budget, engine, file, sizeBytes = file === undefined ? RING_BYTES : undefined } = options;
  return startRecording({
    target: { descendantsOf: launcher.pid },
    workload: { command },
    ...{
      hz,
      budget,
      engine,
      maxHoldMs: options.maxHoldMs,
      mappings: 'peak',
      hostTier: options.hostTier ?? 'off',
      cgroupTier: options.cgroupTier ?? 'off',
      highWater: true,
      sampler: 'worker',
      ownCost: 'process',
    },
    ...(file === undefined ? {} : { file }),
    ...(options.actions === undefined ? {} : { actions: options.actions }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    onWarning: options.onWarning,
  });
}

async function measure(
  launcher: Launcher,
  recorder: Recorder,
  cgroup: OwnCgroup | undefined,
  options: RunOptions,
): Promise<WorkloadRun> {
  const recording = recorder.recording();
  const walk = recording.walk();
  const startedAtMs = Date.now();
  let failure: Error | undefined;
  recorder.finished.catch((error: Error) => {
    failure = error;
  });
  launcher.go();
  const startedNs = launcher.startedNs!;
  options.onStarted?.(launcher);
  const meter = new TreeMeter(recording.metadata.host.pageSize, startedNs, LAUNCHER_NAME);
  const events = new EventFollower(recording);
  const look = () => {
    meter.follow(walk);
    takeEnds(events.next(), meter);
  };
  const following = setInterval(look, LOOK_EVERY_MS);
  const end = await launcher.ended;
  options.onCommandEnd?.(end);
  const usage = await launcher.allEnded;
  clearInterval(following);
  await recorder.endActions();
  const ended = await recorder.stop().catch(() => undefined);
  if (failure) throw new WorkloadError('recorder-lost', failure.message);
  look();
  const measures = meter.result();
  const wallNs = Number((launcher.endedNs ?? process.hrtime.bigint()) - startedNs);
  const { atPeak, peakAtNs } = measures;
  return {
    ...{ end, startedAtMs, startedNs, wallNs, measures },
    treeWallNs: Math.max(wallNs, Number((launcher.lastEndedNs ?? launcher.endedNs ?? startedNs) - startedNs)),
    engine: recorder.engine,
    hz: recorder.hz,
    content: peakAtNs === undefined ? undefined : peakContent(recording, peakAtNs, atPeak),
    usage,
    cgroupPeak: cgroup?.peak(),
    marks: marksAfter(recording, startedNs),
    missedTicks: ended?.progress.missedTicks ?? 0,
    ownCpuNs: ended?.progress.ownCpuNs ?? 0,
    ownRss: process.memoryUsage.rss(),
    caveats: caveatsOf(measures, usage, ended?.progress),
  };
}

/** What the kernel told of processes when they ended, or was asked before. */
export function takeEnds(events: Iterable<StampedEvent>, meter: TreeMeter): void {
  for (const { event } of events) {
    if ((event.type !== 'exit' && event.type !== 'highWater') || event.comm === LAUNCHER_NAME) continue;
    const { comm, commHex, ...told } = event;
    const program = commHex === undefined ? Buffer.from(comm) : Buffer.from(commHex, 'hex');
    meter.ended({ ...told, program: program.toString('latin1') });
  }
}

function marksAfter(recording: Recording, startedNs: bigint): WorkloadRun['marks'] {
  const start = recording.clock().toUnix(startedNs);
  return recording.marks().map(({ name, timeNs, endNs }) => ({
    name,
    afterNs: Number(timeNs - start),
    ...(endNs === undefined ? {} : { endAfterNs: Number(endNs - start) }),
  }));
}

function caveatsOf(measures: TreeMeasures, usage: KernelUsage | undefined, progress: SamplerProgress | undefined) {
  const out: string[] = [];
  if (measures.frames === 0) out.push('ended-before-first-sample');
  if (measures.lostFrames > 0) out.push(`lost-frames: ${measures.lostFrames}`);
  if (progress && progress.missedTicks > 0) out.push(`missed-ticks: ${progress.missedTicks}`);
  if (!usage) out.push('kernel-usage-unknown');
  return out;
}
