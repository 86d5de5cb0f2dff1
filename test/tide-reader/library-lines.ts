/**
 * What the library reads out of a recording, as the lines that the second reader (read_tide.py) prints for it.
 *
 * The trap: a comparison is worth as much as what both sides write down. So everything is told, frame by frame and slot by
 * slot, doubles by their bits and not by decimals.
 */

import { decodeGroup } from '../../src/engine/group-identity.js';
import { NO_SPAN } from '../../src/procfs/mapping-table.js';
import type { RecordingMetadata } from '../../src/recording/format.js';
import type { RecordedMappings } from '../../src/recording/mapping-record.js';
import { MappingWalk } from '../../src/recording/mapping-walk.js';
import { Recording } from '../../src/recording/recording.js';
import { GROUP_RING, HOST_RING, sourceOfHostLabel } from '../../src/recording/tier-format.js';
import { TierWalk } from '../../src/recording/tier-walk.js';
import type { RingCursor } from '../../src/ring/ring-cursor.js';
import { RingFormatError } from '../../src/ring/ring-format-error.js';
import { RingReader } from '../../src/ring/ring-reader.js';
import type { Storage } from '../../src/ring/storage.js';
import { CGROUP_COLUMNS, COUNTER_COLUMNS, HOST_COLUMNS, STATUSES } from '../../src/schema.js';

const bits = new DataView(new ArrayBuffer(8));

/** A double by its bits; NaN is `-`. */
function numberText(value: number): string {
  if (Number.isNaN(value)) return '-';
  bits.setFloat64(0, value);
  return bits.getBigUint64(0).toString(16).padStart(16, '0');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export type Line = readonly unknown[];

/** All lines; `Storage` is not closed. */
export function libraryLines(storage: Storage): Line[] {
  let reader: RingReader;
  try {
    reader = RingReader.open(storage);
  } catch (error) {
    if (error instanceof RingFormatError) return [['refused', error.code]];
    throw error;
  }
  const { rings, maxSlots, fileId, metadata } = reader;
  const isRecording = String(metadata.format).startsWith('tide-');
  const lines: Line[] = [['file', hex(fileId), maxSlots, rings, metadata]];
  rings.forEach(({ name, rows }, ring) => {
    lines.push(['ring', name]);
    if (name === 'mappings' && rows === 'none') {
      lines.push(...mappingLines(reader, ring));
    } else {
      lines.push(...ringLines(reader.cursor(ring), rows === 'all'));
    }
  });
  if (isRecording) lines.push(...recordingLines(Recording.open(storage)));
  for (const { offset, ring, blockSequence, reason } of reader.damage) {
    lines.push(['finding', offset, ring, blockSequence, reason]);
  }
  return lines;
}

function* ringLines(cursor: RingCursor, isAll: boolean): Generator<Line> {
  for (let step = cursor.next(); step !== null; step = cursor.next()) {
    if (step === 'gap') yield ['lost', cursor.lost];
    if (step === 'record') {
      yield ['record', cursor.frameSequence, `${cursor.timeNs}`, cursor.type, hex(cursor.payload)];
    }
    if (step !== 'columns') continue;
    const rows = rowsOf(cursor, isAll).map((slot) => [
      slot,
      hex(cursor.labels[slot] ?? new Uint8Array(0)),
      cursor.status[slot],
      cursor.columns.map((column) => numberText(column[slot]!)),
    ]);
    const scalars = [...cursor.scalars].map(numberText);
    yield ['frame', cursor.frameSequence, `${cursor.startNs}`, `${cursor.endNs}`, scalars, rows];
  }
}

function rowsOf(cursor: RingCursor, isAll: boolean): number[] {
  if (!isAll) return [...cursor.updated.slots.subarray(0, cursor.updated.count)];
  return Array.from({ length: cursor.slotsHighWater }, (_, slot) => slot).filter((slot) => cursor.labels[slot]);
}

function mappingLines(reader: RingReader, ring: number): Line[] {
  const lines: Line[] = [];
  const cursor = reader.cursor(ring);
  // A walk keeps to itself what it cannot use and what is missing; between two records there is only that.
  const walk = new MappingWalk(tellingOf(cursor, lines), reader.metadata as unknown as RecordingMetadata);
  for (let lost = 0; ; lost = walk.lost) {
    const record = walk.next();
    for (let index = lost; index < walk.lost; index++) lines.push(['unusable']);
    if (record === undefined) return lines;
    const { pid, startTicks, tick, status, holdNs, part, parts } = record;
    lines.push(['mappings', `${walk.timeNs}`, pid, startTicks, tick, status, holdNs, part, parts, mappingRows(record)]);
  }
}

/** The cursor, and what it steps over written down. */
function tellingOf(cursor: RingCursor, lines: Line[]): RingCursor {
  return new Proxy(cursor, {
    get(target, name) {
      if (name !== 'next') return Reflect.get(target, name, target);
      return () => {
        const step = target.next();
        if (step === 'gap') lines.push(['lost', target.lost]);
        return step;
      };
    },
  });
}

function mappingRows({ table, text }: RecordedMappings): Line[] {
  const span = (start: number, length: number) => hex(text.subarray(start, start + length));
  return Array.from({ length: table.rows }, (_, row) => [
    ...[table.start, table.end, table.offset, table.inode].map((column) => `${column[row]}`),
    table.deviceMajor[row],
    table.deviceMinor[row],
    table.perms[row],
    span(table.nameStart[row]!, table.nameLength[row]!),
    table.flagsStart[row] === NO_SPAN ? 'none' : span(table.flagsStart[row]!, table.flagsLength[row]!),
    table.sizes.map((column) => numberText(column[row]!)),
  ]);
}

function* recordingLines(recording: Recording): Generator<Line> {
  for (const { timeNs, event } of recording.events()) {
    const { type, ...rest } = event;
    yield ['event', `${timeNs}`, type, rest];
  }
  for (const { timeNs, event } of recording.v8()) {
    const { type, ...rest } = event;
    yield ['v8', `${timeNs}`, type, rest];
  }
  const clock = recording.clock();
  const walk = recording.walk();
  const places = recording.rings[0]!.columns.map(({ name }) => COUNTER_COLUMNS.indexOf(name)).filter((at) => at >= 0);
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step === 'gap') yield ['lost', walk.lost];
    if (step !== 'frame') continue;
    const rows = [...walk.rows.slots.subarray(0, walk.rows.count)].map((slot) => {
      const { pid, startTicks, parentPid, kernelThread, comm } = walk.identity(slot)!;
      const values = places.map((place) => numberText(walk.counter(place, slot)));
      return [
        pid,
        startTicks,
        parentPid,
        kernelThread ? 1 : 0,
        hex(comm),
        STATUSES[walk.status(slot)] ?? 'lost',
        values,
      ];
    });
    yield ['tick', walk.tick, `${clock.toUnix(walk.startNs)}`, rows];
  }
  yield* tierLines(recording, HOST_RING, HOST_COLUMNS, (label) => [sourceOfHostLabel(label)]);
  yield* tierLines(recording, GROUP_RING, CGROUP_COLUMNS, (label) => {
    const { hierarchy, inode, path, source = null } = decodeGroup(label)!;
    return [hierarchy, `${inode}`, hex(path), source];
  });
}

/** The host's sweeps, or those of groups: whose each row is, its status, and what was measured. */
function* tierLines(
  recording: Recording,
  tier: typeof HOST_RING | typeof GROUP_RING,
  columns: readonly string[],
  ownerOf: (label: Uint8Array) => Line,
): Generator<Line> {
  const walk = TierWalk.over(recording.ring, tier);
  if (!walk) return;
  const clock = recording.clock();
  const names = recording.rings.find(({ name }) => name === tier)!.columns.map(({ name }) => name);
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step === 'gap') yield ['lost', walk.lost];
    if (step !== 'frame') continue;
    const rows = [...walk.rows.slots.subarray(0, walk.rows.count)].map((slot) => [
      ...ownerOf(walk.label(slot)!),
      STATUSES[walk.status(slot)] ?? 'lost',
      names.map((name) => numberText(walk.value(columns.indexOf(name), slot))),
    ]);
    yield [tier === HOST_RING ? 'host' : 'groups', `${clock.toUnix(walk.startNs)}`, rows];
  }
}
