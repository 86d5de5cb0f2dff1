/**
 * The host and control groups as counter tracks of a Perfetto trace, below a track for each host or group.
 *
 * The traps: a value that did not change is not told again, and one that was not measured not at all; and a limit that is none
 * has no place on a scale, so it is not told either.
 */
import { decodeGroup } from '../engine/group-identity.js';
import { nameParts } from '../recording/events.js';
import { sourcesOf } from '../recording/merge.js';
import type { Recording } from '../recording/recording.js';
import { GROUP_RING, HOST_RING, sourceOfHostLabel } from '../recording/tier-format.js';
import { TierWalk } from '../recording/tier-walk.js';
import { monotonicRange } from '../recording/time-range.js';
import { CGROUP_METRICS, HOST_METRICS, type Metric } from '../schema.js';
import { CounterUnit, EventType } from './perfetto-fields.js';
import { counterTrackPacket, eventPacket, type TimedBytes, trackPacket } from './perfetto-packets.js';
import type { ExportOptions } from './rows.js';

/** Track numbers: far above those of processes. */
const FIRST_TRACK = 2n ** 48n;

interface Owner {
  readonly track: bigint;
  readonly written: Float64Array;
}

/** The packets of a tier, by time; none where it was not recorded. */
export function* tierPackets(
  recording: Recording,
  tier: typeof HOST_RING | typeof GROUP_RING,
  { from, to, every }: ExportOptions,
  clock: number,
): Generator<TimedBytes> {
  const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const line = recording.clock();
  const walk = TierWalk.over(recording.ring, tier, monotonicRange(range, line));
  if (!walk) return;
  const metrics: readonly Metric[] = tier === HOST_RING ? HOST_METRICS : CGROUP_METRICS;
  const hosts = sourcesOf(recording.metadata);
  const owners = new Map<string, Owner>();
  let next = tier === HOST_RING ? FIRST_TRACK : FIRST_TRACK * 2n;
  let interval: bigint | undefined;
  for (let step = walk.next(); step !== null; step = walk.next()) {
    if (step !== 'frame') continue;
    if (every !== undefined) {
      const current = line.toUnix(walk.startNs) / every;
      if (current === interval) continue;
      interval = current;
    }
    const timeNs = walk.startNs;
    const { slots, count } = walk.rows;
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      const title = titleOf(walk.label(slot), tier, hosts);
      if (title === undefined) continue;
      let owner = owners.get(title);
      if (!owner) {
        owner = { track: next, written: new Float64Array(metrics.length).fill(Number.NaN) };
        next += BigInt(metrics.length + 1);
        owners.set(title, owner);
        yield { timeNs, bytes: trackPacket(owner.track, title) };
      }
      for (const [column, { name, unit }] of metrics.entries()) {
        const value = walk.value(column, slot);
        if (!Number.isFinite(value) || value < 0 || value === owner.written[column]) continue;
        const track = owner.track + BigInt(column + 1);
        if (Number.isNaN(owner.written[column])) {
          yield { timeNs, bytes: counterTrackPacket(track, owner.track, name, CounterUnit[unit]) };
        }
        owner.written[column] = value;
        yield { timeNs, bytes: eventPacket(clock, timeNs, EventType.counter, track, { value }) };
      }
    }
  }
}

/** What a track is called: of a merged recording with the host's name. */
function titleOf(
  label: Uint8Array | undefined,
  tier: typeof HOST_RING | typeof GROUP_RING,
  hosts: ReturnType<typeof sourcesOf>,
): string | undefined {
  const group = label && tier === GROUP_RING ? decodeGroup(label) : undefined;
  const source = tier === HOST_RING ? label && sourceOfHostLabel(label) : group && (group.source ?? 0);
  if (source === undefined) return undefined;
  const host = hosts.length > 1 ? ` of ${hosts[source]?.hostname ?? source}` : '';
  return group ? `cgroup ${nameParts(group.path).comm}${host}` : `host${host}`;
}
