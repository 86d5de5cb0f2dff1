/**
 * A recording as a run: of a workload as `run` made it, or of anything else that was recorded.
 *
 * The trap: a recording does not say how its command ended, nor when it was let go; it begins with its first frame.
 */
import { peakContent } from '../analyze/peak-content.js';
import { TreeMeter } from '../analyze/tree-meter.js';
import type { Recording } from '../recording/recording.js';
import type { Conditions } from './conditions.js';
import { LAUNCHER_NAME } from './launcher.js';
import { type RunRecord, recordOf } from './run-report.js';
import { takeEnds } from './run-workload.js';

export function recordedRun(recording: Recording): RunRecord {
  const { metadata } = recording;
  const meter = new TreeMeter(metadata.host.pageSize, undefined, LAUNCHER_NAME);
  for (const walk of recording.walks()) meter.follow(walk);
  takeEnds(recording.events(), meter);
  const measures = meter.result();
  const { peakAtNs, atPeak, fromNs, toNs } = measures;
  const wallNs = Number(toNs - fromNs);
  const { missed } = recording.summary().ticks;
  return recordOf({
    ...{ end: { kind: 'not-told' }, startedNs: fromNs, wallNs, treeWallNs: wallNs, measures },
    startedAtMs: Number(recording.clock().toUnix(fromNs) / 1_000_000n),
    engine: metadata.engine.name,
    hz: metadata.hz,
    content: peakAtNs === undefined ? undefined : peakContent(recording, peakAtNs, atPeak),
    usage: undefined,
    cgroupPeak: undefined,
    marks: [],
    missedTicks: missed,
    ownCpuNs: 0,
    ownRss: 0,
    caveats: measures.frames === 0 ? ['empty'] : [],
  });
}

/** What a recording tells of the conditions that it was made under. */
export function recordedConditions({ metadata }: Recording): Conditions {
  const { host, writer } = metadata;
  return {
    ...{ tidemark: writer.version, host: host.hostname, kernel: host.kernel, architecture: host.architecture },
    ...{ cpus: String(host.cpus), pageSize: String(host.pageSize) },
  };
}
