/**
 * A recording as OpenMetrics text with timestamps, for a backfill: one family for each metric, one series for each process.
 *
 * The traps: the points of one series must stand together and in the order of time, while a recording has them tick by
 * tick; so it is walked once for every metric and every group of processes whose points fit into memory. And a name that
 * changes would make another series, so a process bears its last one.
 */
import { identityKey } from '../engine/identity.js';
import { columnOf } from '../recording/frame.js';
import { sourcesOf } from '../recording/merge.js';
import type { RecordedProcess } from '../recording/process-index.js';
import type { Recording } from '../recording/recording.js';
import { findMetric } from '../schema.js';
import { escapeLabel } from '../text/escape.js';
import { exportedFrames } from './frames.js';
import { headOf, samplesOf } from './openmetrics-text.js';
import { tierLines } from './openmetrics-tiers.js';
import { Points } from './points.js';
import { AGGREGATE_KINDS, type ExportOptions, exportedMetrics } from './rows.js';
import { inChunks } from './text-chunks.js';

/** Points that are held at once: 16 bytes each. */
const POINTS_AT_ONCE = 2_000_000;

/** The text in pieces. */
export function openMetricsOf(recording: Recording, options: ExportOptions = {}): Generator<string> {
  return inChunks(lines(recording, options));
}

function* lines(recording: Recording, options: ExportOptions): Generator<string> {
  const pids = options.pids && new Set(options.pids);
  const processes = recording.processes().filter(({ pid }) => !pids || pids.has(pid));
  const labels = new Map(processes.map((process) => [identityKey(process), labelsOf(recording, process)]));
  for (const name of exportedMetrics(recording, options)) {
    const metric = findMetric(name)!;
    let isBegun = false;
    for (const group of groupsOf(processes)) {
      for (const [key, points] of pointsOf(recording, options, name, group)) {
        if (points.length === 0) continue;
        if (!isBegun) yield headOf(metric);
        isBegun = true;
        yield* samplesOf(metric, labels.get(key)!, points);
      }
    }
  }
  // Who asks for some processes or metrics wants no others.
  if (!options.pids && !options.metrics) yield* tierLines(recording, options);
  yield '# EOF\n';
}

function labelsOf(recording: Recording, { pid, startTicks, source, comm, commHex }: RecordedProcess): string {
  const host = sourcesOf(recording.metadata)[source ?? 0];
  const name = commHex === undefined ? comm : Buffer.from(commHex, 'hex');
  return [
    `host="${escapeLabel(host?.hostname ?? '')}"`,
    `boot_id="${escapeLabel(host?.bootId ?? '')}"`,
    `pid="${pid}"`,
    `start_ticks="${startTicks}"`,
    `comm="${escapeLabel(name)}"`,
  ].join(',');
}

/** Groups whose points fit into memory, by the frames that each process is in. */
function* groupsOf(processes: readonly RecordedProcess[]): Generator<Set<string>> {
  let group = new Set<string>();
  let points = 0;
  for (const process of processes) {
    if (group.size > 0 && points + process.frames > POINTS_AT_ONCE) {
      yield group;
      group = new Set();
      points = 0;
    }
    group.add(identityKey(process));
    points += process.frames;
  }
  if (group.size > 0) yield group;
}

/** The measured values of one metric, by process. */
function pointsOf(
  recording: Recording,
  options: ExportOptions,
  metric: string,
  group: ReadonlySet<string>,
): Map<string, Points> {
  const found = new Map<string, Points>([...group].map((key) => [key, new Points()]));
  const { tier, place } = columnOf(metric);
  const kind = AGGREGATE_KINDS[options.agg ?? 'last'];
  for (const { walk, timeNs } of exportedFrames(recording, options)) {
    const { slots, count } = walk.rows;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      if (tier === 'rollup' && !walk.isRead(slot)) continue;
      const value = tier === 'counters' ? walk.counter(place, slot, kind) : walk.rollup(place, slot, kind);
      if (!Number.isFinite(value)) continue;
      found.get(walk.key(slot) ?? '')?.add(timeNs, value);
    }
  }
  return found;
}
