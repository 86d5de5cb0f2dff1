/** The processes of a recording, found in one walk over it. */
import { identityKey } from '../engine/identity.js';
import { booleanOption, checkNames, timeOption, typedOption } from '../text/option-checks.js';
import type { ClockLine } from './clock-line.js';
import { nameParts, type TideEvent } from './events.js';
import type { ProcessRef } from './frame.js';
import type { FrameWalk } from './frame-walk.js';
import type { ProgramPart } from './program-part.js';

export interface RecordedProcess extends ProcessRef {
  /** The last name that it had. */
  readonly comm: string;
  readonly commHex?: string;
  readonly parentPid: number;
  readonly kernelThread: boolean;
  /** The program that it ran last, as far as it was stored; see `ProgramPart`. */
  readonly program?: ProgramPart;
  /** Unix nanoseconds of the first and the last frame that it is in. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  /** Frames that it is in. */
  readonly frames: number;
  /** Whether it was seen to end. */
  readonly departed: boolean;
}

export interface ProcessQuery {
  readonly pid?: number;
  /** The whole name, or a pattern for it. */
  readonly comm?: string | RegExp;
  /** Unix nanoseconds: processes that were there then. */
  readonly aliveAt?: bigint;
  readonly kernelThreads?: boolean;
}

interface Seen {
  firstNs: bigint;
  lastNs: bigint;
  frames: number;
}

/** All processes of the walks, in the order in which they were first seen. */
export function indexProcesses(
  walks: Iterable<FrameWalk>,
  events: Iterable<{ timeNs: bigint; event: TideEvent }>,
  clock: ClockLine,
  programs: ReadonlyMap<string, ProgramPart> = new Map(),
): RecordedProcess[] {
  const departed = new Set<string>();
  for (const { event } of events) if (event.type === 'depart') departed.add(identityKey(event));
  const seen = new Map<string, Seen & { identity: NonNullable<ReturnType<FrameWalk['identity']>> }>();
  const take = (walk: FrameWalk) => {
    const { slots, count } = walk.rows;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const key = walk.key(slot);
      const identity = walk.identity(slot);
      if (key === undefined || identity === undefined) continue;
      const known = seen.get(key);
      if (known) {
        known.lastNs = walk.startNs;
        known.frames++;
        known.identity = identity;
      } else {
        seen.set(key, { firstNs: walk.startNs, lastNs: walk.startNs, frames: 1, identity });
      }
    }
  };
  for (const walk of walks) {
    for (let step = walk.next(); step !== null; step = walk.next()) if (step === 'frame') take(walk);
  }
  return [...seen.entries()].map(([key, { identity, firstNs, lastNs, frames }]) => ({
    pid: identity.pid,
    startTicks: identity.startTicks,
    ...(identity.source === undefined ? {} : { source: identity.source }),
    ...nameParts(identity.comm),
    parentPid: identity.parentPid,
    kernelThread: identity.kernelThread,
    firstNs: clock.toUnix(firstNs),
    lastNs: clock.toUnix(lastNs),
    frames,
    departed: departed.has(key),
    ...(programs.has(key) ? { program: programs.get(key)! } : {}),
  }));
}

const QUERY_NAMES: readonly (keyof ProcessQuery)[] = ['pid', 'comm', 'aliveAt', 'kernelThreads'];

/** Throws a TypeError for a query that no process could answer. */
export function checkQuery(query: ProcessQuery): void {
  checkNames(query, QUERY_NAMES);
  const { pid, comm, aliveAt, kernelThreads } = query;
  typedOption('pid', pid, 'a pid', (value) => Number.isSafeInteger(value));
  typedOption('comm', comm, 'a name or a RegExp', (value) => typeof value === 'string' || value instanceof RegExp);
  timeOption('aliveAt', aliveAt);
  booleanOption('kernelThreads', kernelThreads);
}

/** Whether a process answers a query. */
export function matchesQuery(process: RecordedProcess, query: ProcessQuery): boolean {
  const { pid, comm, aliveAt, kernelThreads } = query;
  if (pid !== undefined && process.pid !== pid) return false;
  if (kernelThreads !== undefined && process.kernelThread !== kernelThreads) return false;
  if (typeof comm === 'string' && process.comm !== comm) return false;
  if (comm instanceof RegExp && process.comm.search(comm) < 0) return false;
  return aliveAt === undefined || (process.firstNs <= aliveAt && aliveAt <= process.lastNs);
}
