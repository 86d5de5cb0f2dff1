/**
 * Who was killed for want of memory while a recording was made, for `tidemark info`.
 *
 * The trap: a user may call a mark `oom` too; one of the kernel names a process.
 */
import type { Recording } from '../recording/recording.js';
import { formatTime } from '../text/time.js';

interface Kill {
  readonly time: string;
  readonly pid: number;
  readonly comm: string;
}

/** By time. */
export function killInfoJson(recording: Recording): readonly Kill[] {
  const clock = recording.clock();
  return recording.events().flatMap(({ timeNs, event }) => {
    if (event.type !== 'mark' || event.name !== 'oom' || event.pid === undefined) return [];
    return [{ time: formatTime(clock.toUnix(timeNs)), pid: event.pid, comm: String(event.comm ?? '?') }];
  });
}

/** Kills that are named; of more the number is told. */
const MOST_NAMED = 5;

/** A line each; none where nobody was killed. */
export function killInfoTexts(recording: Recording): string[] {
  const kills = killInfoJson(recording);
  const named = kills.slice(-MOST_NAMED).map(({ time, pid, comm }) => `${comm} (${pid}) for want of memory at ${time}`);
  return kills.length > named.length ? [`${kills.length} processes; the last ones:`, ...named] : named;
}
