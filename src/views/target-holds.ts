/**
 * What recording did to each of its targets: how often it was read deeply, how, and for how long that held its memory map.
 *
 * The traps: a target whose reads did not come back, or were not permitted, was held for an unknown time or not at all; so
 * only reads that measured something count. And of mappings that were read in pieces a recording has the sum of the holds
 * and not the longest.
 */
import { SmapsColumn } from '../procfs/mapping-table.js';
import { nameParts } from '../recording/events.js';
import type { Recording } from '../recording/recording.js';
import { ROLLUP_COLUMNS, Status } from '../schema.js';
import { formatDurationShort } from '../text/duration.js';
import { escapeTerminal } from '../text/escape.js';
import { formatTable } from '../text/table.js';

export interface TargetHolds {
  readonly pid: number;
  readonly startTicks: number;
  readonly comm: string;
  /** Deep reads that measured something, of sums and of mappings, and those of them that were made in pieces. */
  readonly reads: number;
  readonly paced: number;
  /** Nanoseconds: all holds together, and the longest in one go. */
  readonly heldNs: number;
  readonly longestNs: number;
}

const HOLD = ROLLUP_COLUMNS.indexOf('rollupHold');
const HELD = ROLLUP_COLUMNS.indexOf('rollupHeld');
const PACED = ROLLUP_COLUMNS.indexOf('rollupPaced');
const MOST_ROWS = 30;

/** Every process that was read, the most held first. */
export function measureHolds(recording: Recording): TargetHolds[] {
  const found = new Map<string, { -readonly [field in keyof TargetHolds]: TargetHolds[field] }>();
  const names = new Map<string, string>();
  const walk = recording.walk();
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step !== 'frame') continue;
    const { slots, count } = walk.rows;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const identity = walk.identity(slot);
      if (identity) names.set(`${identity.pid}:${identity.startTicks}`, nameParts(identity.comm).comm);
      if (!identity || !walk.isRead(slot) || walk.rollupStatus(slot) !== Status.ok) continue;
      const { pid, startTicks } = identity;
      const key = `${pid}:${startTicks}`;
      let holds = found.get(key);
      if (!holds) {
        holds = { pid, startTicks, comm: '', reads: 0, paced: 0, heldNs: 0, longestNs: 0 };
        found.set(key, holds);
      }
      const longest = walk.rollup(HOLD, slot) || 0;
      holds.comm = nameParts(identity.comm).comm;
      holds.reads++;
      if (walk.rollup(PACED, slot) === 1) holds.paced++;
      // Older recordings tell the longest hold only: of a read in one go that is all of it.
      holds.heldNs += walk.rollup(HELD, slot) || longest;
      holds.longestNs = Math.max(holds.longestNs, longest);
    }
  }
  const mappings = recording.mappingWalk();
  for (let record = mappings?.next(); record !== undefined; record = mappings!.next()) {
    const { pid, startTicks, part, status, holdNs, table } = record;
    if (status !== Status.ok || part !== 0) continue;
    const key = `${pid}:${startTicks}`;
    const holds = found.get(key) ?? { pid, startTicks, comm: '', reads: 0, paced: 0, heldNs: 0, longestNs: 0 };
    found.set(key, holds);
    holds.comm ||= names.get(key) ?? '';
    holds.reads++;
    holds.heldNs += holdNs;
    const isPaced = Number.isNaN(table.sizes[SmapsColumn.privateDirty]![0]!);
    if (isPaced) holds.paced++;
    else holds.longestNs = Math.max(holds.longestNs, holdNs);
  }
  return [...found.values()].sort((a, b) => b.heldNs - a.heldNs || a.pid - b.pid);
}

const COLUMNS = [
  { header: 'pid', align: 'right' },
  { header: 'reads', align: 'right' },
  { header: 'in pieces', align: 'right' },
  { header: 'held', align: 'right' },
  { header: 'longest', align: 'right' },
  { header: 'comm' },
] as const;

/** The same for people, the most held ones. */
export function holdLines(holds: readonly TargetHolds[]): string[] {
  if (holds.length === 0) return ['no process was read deeply'];
  const rows = holds
    .slice(0, MOST_ROWS)
    .map(({ pid, comm, reads, paced, heldNs, longestNs }) => [
      String(pid),
      String(reads),
      String(paced),
      formatDurationShort(heldNs),
      formatDurationShort(longestNs),
      escapeTerminal(comm),
    ]);
  const more = holds.length - rows.length;
  return [...formatTable(COLUMNS, rows), ...(more > 0 ? [`and ${more} more`] : [])];
}
