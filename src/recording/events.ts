/**
 * What happened between the sweeps: records of the events ring, one type number and a JSON object each, but for arrivals,
 * of which a recording begins with one for each process: theirs is the label of the slot.
 *
 * The trap: types are stored as numbers and are never reused; a reader skips a type that it does not know. Names are
 * bytes: where they are not UTF-8 the hex form beside them is the truth.
 */
import { isUtf8 } from 'node:buffer';
import { decodeIdentity, encodeIdentity, type ProcessIdentity } from '../engine/identity.js';
import type { MemoryLimits } from '../procfs/limits.js';
import type { MemoryGroup } from '../procfs/memory-group.js';
import type { ActionPart } from './action-part.js';
import { isProgramPart, type ProgramPart } from './program-part.js';
import { areSpaces, type V8Collection, type V8Heap, type V8Isolate } from './v8-parts.js';

/** Type numbers of the events ring. */
export const EventType = {
  /** The clocks at the record's time, written every few seconds. */
  clock: 1,
  arrive: 2,
  depart: 3,
  rename: 4,
  mark: 5,
  begin: 6,
  end: 7,
  /** Ticks that could not be met. */
  gap: 8,
  /** A frame or process that could not be stored. */
  drop: 9,
  /** Deep reads checked so far. */
  audit: 10,
  /** The last record of a recording that was ended in order. */
  close: 11,
  /** Another writer goes on. */
  resume: 12,
  /** A process runs another program; it is the same process. */
  exec: 14,
  /** Told by the kernel at the instant, also of those that live too briefly for a slot. */
  fork: 15,
  /** An exec; what is run is told by the event `exec`. */
  ran: 16,
  exit: 17,
  /** How much of what became of processes was heard, so far. */
  lives: 18,
  /** Resident memory is watched between ticks from now on, or no longer. */
  peaks: 19,
  /** What the budget gave since the event before, and the rate from now on. */
  budget: 20,
  /** The high-water mark of a process that ended, or became another program, as it was read last. */
  highWater: 24,
  /** What a V8 isolate uses. This and the next are in a ring of their own. */
  v8Heap: 25,
  /** A garbage collection, at its begin. */
  v8Gc: 26,
  /** A control group with a limit, and what is charged to it. */
  groupLimit: 27,
  /** The limits of a process: its own, and the group whose limits are its limits too. */
  processLimit: 28,
} as const;

export interface ProcessPart {
  readonly pid: number;
  readonly startTicks: number;
  /** In a merged recording: the number of the host. */
  readonly source?: number;
}

export type TideEvent =
  | ({ readonly type: 'clock'; readonly realNs: string; readonly boottimeNs: string } & ResumedClock)
  | ({ readonly type: 'arrive'; readonly parentPid: number; readonly kernelThread: boolean } & ProcessPart & NamePart)
  | ({ readonly type: 'depart' } & ProcessPart)
  | ({ readonly type: 'rename' } & ProcessPart & NamePart)
  | ({ readonly type: 'exec' } & ProcessPart & NamePart & ProgramPart)
  /** `oom` with a process is the kernel's: that process was chosen to be killed. `action`: of what was done on a rule. */
  | ({ readonly type: 'mark'; readonly name: string; readonly action?: ActionPart } & Partial<ProcessPart & NamePart>)
  | { readonly type: 'begin'; readonly name: string; readonly span: number }
  | { readonly type: 'end'; readonly span: number }
  | { readonly type: 'gap'; readonly reason: string; readonly ticks: number; readonly rows: number }
  | { readonly type: 'drop'; readonly tier: string; readonly reason: string; readonly rows: number }
  | { readonly type: 'audit'; readonly checked: number; readonly mismatches: number; readonly detail?: string }
  | { readonly type: 'close'; readonly reason: string }
  | ({ readonly type: 'fork'; readonly parentPid: number } & ProcessPart & NamePart)
  | ({ readonly type: 'ran' } & ProcessPart & NamePart)
  | ({
      readonly type: 'exit';
      /** As `wait` tells it: the exit code times 256, or the number of a signal. */
      readonly exitStatus: number;
      /** Most resident bytes since the last exec; absent when the memory was gone already. */
      readonly peak?: number;
      /** How long its threads ran, as far as the scheduler had counted. */
      readonly cpuNs: number;
    } & ProcessPart &
      NamePart)
  | ({ readonly type: 'highWater'; readonly peak: number } & ProcessPart & NamePart)
  | ({ readonly type: 'groupLimit'; readonly path: string; readonly source?: number } & MemoryGroup)
  | ({ readonly type: 'processLimit'; readonly group?: string } & MemoryLimits & ProcessPart & NamePart)
  | ({ readonly type: 'lives' } & LivesHeard)
  | ({ readonly type: 'v8Heap' } & V8Isolate & V8Heap)
  | ({ readonly type: 'v8Gc' } & V8Isolate & V8Collection)
  | { readonly type: 'peaks'; readonly isOn: boolean; readonly reason: string }
  | ({ readonly type: 'budget' } & BudgetGiven)
  | {
      readonly type: 'resume';
      /** `restart`; `upgrade` by another version; `reboot` of the host. */
      readonly reason: string;
      readonly from: string;
      readonly to: string;
      readonly bootId: string;
      readonly pid: number;
    };

/** Shares are of one core, over the seconds since the event before; the first one has none. */
export interface BudgetGiven {
  /** Ticks per second from now on. */
  readonly hz: number;
  readonly asked: number;
  readonly seconds: number;
  /** By everything, and the part of it by deep reads. */
  readonly used: number;
  readonly deep: number;
  /** Why it is this rate. */
  readonly reason: string;
}

/** Counts since the recording began. */
export interface LivesHeard {
  /** Whether the kernel tells. If not, why. */
  readonly isHeard: boolean;
  readonly reason: string;
  /** Forks, execs and exits that were told, and those that were lost for want of room. */
  readonly told: number;
  readonly lost: number;
  /** Processes that ended without ever having had a slot. */
  readonly byEvent: number;
  /** Where nothing is heard: processes and threads that were begun on the host, less the processes that were seen. */
  readonly mayBeMissed: number;
}

/** Of a writer that went on with another's recording. */
export interface ResumedClock {
  /** What is added to the monotonic clock to go on with the times of the recording; absent: 0. */
  readonly offsetNs?: string;
  /** Absent: the boot in the header. */
  readonly bootId?: string;
}

export interface NamePart {
  readonly comm: string;
  readonly commHex?: string;
}

const process = { pid: 'number', startTicks: 'number' } as const;

/** What each event must have; more is left to later versions. `time`: decimal nanoseconds. */
const FIELDS: Record<TideEvent['type'], Readonly<Record<string, 'string' | 'number' | 'boolean' | 'time'>>> = {
  clock: { realNs: 'time', boottimeNs: 'time' },
  arrive: { ...process, parentPid: 'number', kernelThread: 'boolean', comm: 'string' },
  depart: process,
  rename: { ...process, comm: 'string' },
  exec: { ...process, comm: 'string' },
  mark: { name: 'string' },
  begin: { name: 'string', span: 'number' },
  end: { span: 'number' },
  gap: { reason: 'string', ticks: 'number', rows: 'number' },
  drop: { tier: 'string', reason: 'string', rows: 'number' },
  audit: { checked: 'number', mismatches: 'number' },
  close: { reason: 'string' },
  fork: { ...process, parentPid: 'number', comm: 'string' },
  ran: { ...process, comm: 'string' },
  exit: { ...process, comm: 'string', exitStatus: 'number', cpuNs: 'number' },
  highWater: { ...process, comm: 'string', peak: 'number' },
  groupLimit: { path: 'string' },
  processLimit: { ...process, comm: 'string' },
  lives: {
    isHeard: 'boolean',
    reason: 'string',
    told: 'number',
    lost: 'number',
    byEvent: 'number',
    mayBeMissed: 'number',
  },
  peaks: { isOn: 'boolean', reason: 'string' },
  budget: { hz: 'number', asked: 'number', seconds: 'number', used: 'number', deep: 'number', reason: 'string' },
  v8Heap: {
    ...process,
    ...{ thread: 'number', used: 'number', total: 'number', physical: 'number', external: 'number' },
    ...{ malloced: 'number', limit: 'number' },
  },
  v8Gc: { ...process, thread: 'number', kind: 'string', pauseNs: 'number' },
  resume: { reason: 'string', from: 'string', to: 'string', bootId: 'string', pid: 'number' },
};
const TIME = /^-?\d{1,19}$/;

/** Type of an arrival whose payload is a label. Those of format version 2 were JSON, under `EventType.arrive`. */
export const ARRIVAL_LABEL = 13;

const nameOfType = new Map<number, TideEvent['type']>(
  Object.entries(EventType).map(([name, type]) => [type, name as TideEvent['type']]),
);

/** The payload of an event; its type number is `EventType[event.type]`. */
export function encodeEvent(event: TideEvent): Uint8Array {
  const { type: _, ...rest } = event;
  return new TextEncoder().encode(JSON.stringify(rest));
}

/** The record of an event: its type number and its payload, for an arrival the label of its process. */
export function recordOf(event: TideEvent): readonly [type: number, payload: Uint8Array] {
  if (event.type !== 'arrive') return [EventType[event.type], encodeEvent(event)];
  const comm = event.commHex === undefined ? Buffer.from(event.comm) : Buffer.from(event.commHex, 'hex');
  return [ARRIVAL_LABEL, encodeIdentity({ ...event, comm })];
}

/** The event of a record, or undefined when its type is unknown or its payload damaged. */
export function decodeEvent(type: number, payload: Uint8Array): TideEvent | undefined {
  if (type === ARRIVAL_LABEL) {
    const identity = decodeIdentity(payload);
    return identity && arrivalOf(identity);
  }
  const name = nameOfType.get(type);
  if (name === undefined) return undefined;
  try {
    const rest = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown> | null;
    if (typeof rest !== 'object' || rest === null) return undefined;
    const isWhole = Object.entries(FIELDS[name]).every(([field, kind]) =>
      kind === 'time' ? typeof rest[field] === 'string' && TIME.test(rest[field]) : typeof rest[field] === kind,
    );
    if (name === 'exec' && !isProgramPart(rest)) return undefined;
    if (name === 'v8Heap' && !areSpaces(rest.spaces)) return undefined;
    return isWhole ? ({ ...rest, type: name } as TideEvent) : undefined;
  } catch {
    return undefined;
  }
}

/** What a fork storm makes thousands of. */
export const LIFE_EVENTS: ReadonlySet<TideEvent['type']> = new Set([
  'arrive',
  'depart',
  'rename',
  'exec',
  'fork',
  'ran',
  'exit',
  'highWater',
]);

/** A process's name as the parts of an event or of JSON. */
export function nameParts(comm: Uint8Array): NamePart {
  const bytes = Buffer.from(comm.buffer, comm.byteOffset, comm.byteLength);
  return isUtf8(bytes)
    ? { comm: bytes.toString('utf8') }
    : { comm: bytes.toString('utf8'), commHex: bytes.toString('hex') };
}

/** The event of a process that was seen for the first time. */
export function arrivalOf(identity: ProcessIdentity): TideEvent {
  const { pid, startTicks, source, parentPid, kernelThread, comm } = identity;
  const host = source === undefined ? {} : { source };
  return { type: 'arrive', pid, startTicks, ...host, parentPid, kernelThread, ...nameParts(comm) };
}
