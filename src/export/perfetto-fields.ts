/**
 * The field numbers of Perfetto's public trace format that are written here, by message. A number never changes its
 * meaning; what is not listed is not written.
 */

export const TracePacket = {
  processTree: 2,
  clockSnapshot: 6,
  timestamp: 8,
  processStats: 9,
  sequenceId: 10,
  trackEvent: 11,
  timestampClockId: 58,
  trackDescriptor: 60,
  smapsPacket: 68,
  machineId: 98,
} as const;

/** The only field of the whole file. */
export const TRACE_PACKET = 1;

export const ProcessTree = { processes: 1, threads: 2 } as const;
export const TreeProcess = { pid: 1, parentPid: 2, cmdline: 3, uid: 5 } as const;
export const TreeThread = { tid: 1, name: 2, tgid: 3 } as const;

export const ProcessStats = { processes: 1, collectionEnd: 2 } as const;
export const STATS_PID = 1;

/** Metrics that a process's statistics have a field for; sizes are in kibibytes there, times in nanoseconds. */
export const STATS_FIELDS: Readonly<Record<string, number>> = {
  vsize: 2,
  rss: 3,
  rssAnon: 4,
  rssFile: 5,
  rssShmem: 6,
  swapAnon: 7,
  lockedSize: 8,
  hwm: 9,
  pss: 17,
  pssAnon: 18,
  pssFile: 19,
  pssShmem: 20,
  userTime: 21,
  systemTime: 22,
  swapPss: 23,
};

export const Smaps = { pid: 1, entries: 2 } as const;
export const SMAPS_PATH = 1;
export const SMAPS_START = 6;
export const SMAPS_PROTECTION = 10;
/** Sizes of a mapping in kibibytes. */
export const SMAPS_FIELDS = {
  size: 2,
  privateDirty: 3,
  swap: 4,
  privateClean: 11,
  sharedDirty: 12,
  sharedClean: 13,
  locked: 14,
  pss: 15,
} as const;

export const ClockSnapshot = { clocks: 1, primaryClock: 2 } as const;
export const Clock = { id: 1, timestamp: 2 } as const;
export const ClockId = { realtime: 1, monotonic: 3, boottime: 6 } as const;

export const TrackDescriptor = { uuid: 1, name: 2, process: 3, parentUuid: 5, counter: 8 } as const;
export const PROCESS_PID = 1;
export const COUNTER_UNIT = 3;
/** Units of a counter track by ours. */
export const CounterUnit = { nanoseconds: 1, count: 2, bytes: 3, pid: 2, id: 2, percent: 2 } as const;

export const TrackEvent = { type: 9, trackUuid: 11, name: 23, counterValue: 30, doubleCounterValue: 44 } as const;
export const EventType = { sliceBegin: 1, sliceEnd: 2, instant: 3, counter: 4 } as const;
