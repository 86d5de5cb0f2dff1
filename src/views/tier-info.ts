/** What a recording holds of the host and of control groups, for `tidemark info`. */
import type { Recording } from '../recording/recording.js';
import { GROUP_RING, HOST_RING } from '../recording/tier-format.js';
import { TierWalk } from '../recording/tier-walk.js';
import { formatDurationShort } from '../text/duration.js';
import { formatTime } from '../text/time.js';

interface TierExtent {
  readonly sweeps: number;
  /** Unix nanoseconds of the first and the last sweep. */
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  /** Rows at once, at most. */
  readonly rows: number;
}

/** The JSON of both tiers; null for one that has a ring and no sweep. */
export function tierInfoJson(recording: Recording): Record<string, unknown> {
  const json = (asked: string | undefined, extent: TierExtent | undefined, rows: Record<string, number>) => ({
    asked: asked ?? null,
    sweeps: extent?.sweeps ?? 0,
    from: extent ? formatTime(extent.firstNs, { digits: 3 }) : null,
    to: extent ? formatTime(extent.lastNs, { digits: 3 }) : null,
    ...rows,
  });
  const { hostTier, cgroupTier } = recording.metadata;
  const [host, groups] = [extentOf(recording, HOST_RING), extentOf(recording, GROUP_RING)];
  return {
    ...(host === null ? {} : { hostTier: json(hostTier, host, {}) }),
    ...(groups === null
      ? {}
      : { cgroupTier: json(cgroupTier, groups, { groups: recording.groups().length, atOnce: groups?.rows ?? 0 }) }),
  };
}

/** The lines of both, by their label; none for a tier that was not recorded. */
export function tierInfoTexts(recording: Recording): [label: string, text: string][] {
  const { hostTier, cgroupTier } = recording.metadata;
  const [host, groups] = [extentOf(recording, HOST_RING), extentOf(recording, GROUP_RING)];
  return [
    ...(host === null ? [] : [['host tier', sweepsText(host, hostTier)] as [string, string]]),
    ...(groups === null ? [] : [['cgroups', groupsText(recording, groups, cgroupTier)] as [string, string]]),
  ];
}

function groupsText(recording: Recording, extent: TierExtent | undefined, asked: string | undefined): string {
  const sweeps = sweepsText(extent, asked);
  return extent ? `${recording.groups().length} seen, ${extent.rows} at once; ${sweeps}` : sweeps;
}

function sweepsText(extent: TierExtent | undefined, asked: string | undefined): string {
  if (!extent) return 'no sweep';
  const { sweeps, firstNs, lastNs } = extent;
  const seconds = Number(lastNs - firstNs) / 1e9;
  const rate = seconds > 0 ? `, ${((sweeps - 1) / seconds).toFixed(1)} per second` : '';
  const how = asked === undefined || asked === 'auto' ? '' : `, ${asked} asked for`;
  return `${sweeps} sweeps over ${formatDurationShort(seconds * 1e9)}${rate}${how}`;
}

/** Null where there is no ring; undefined where nothing is in it. */
function extentOf(recording: Recording, ring: typeof HOST_RING | typeof GROUP_RING): TierExtent | undefined | null {
  const walk = TierWalk.over(recording.ring, ring, { metrics: [] });
  if (!walk) return null;
  let [sweeps, rows] = [0, 0];
  let [firstNs, lastNs]: [bigint | undefined, bigint] = [undefined, 0n];
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step !== 'frame') continue;
    sweeps++;
    firstNs ??= walk.startNs;
    lastNs = walk.startNs;
    rows = Math.max(rows, walk.rows.count);
  }
  if (firstNs === undefined) return undefined;
  const clock = recording.clock();
  return { sweeps, rows, firstNs: clock.toUnix(firstNs), lastNs: clock.toUnix(lastNs) };
}
