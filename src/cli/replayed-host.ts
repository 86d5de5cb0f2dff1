/**
 * The lines about the host for an instant of a recording: memory, pressure and kills as they were recorded, the recorder's
 * own figures, and what is left out where nothing tells.
 */
import type { InstantView } from '../recording/instant-view.js';
import type { Recording } from '../recording/recording.js';
import { HOST_RING } from '../recording/tier-format.js';
import { TierWalk } from '../recording/tier-walk.js';
import type { TurningPoint } from '../recording/turning-points.js';
import { HOST_COLUMNS, type HostMetricName } from '../schema.js';
import type { HostModel } from '../views/screen/screen-model.js';

/** So far back a sweep of the host is looked for. */
const HOST_BACK_NS = 60_000_000_000n;
const HOST_METRICS = [
  ...['hostMemAvailable', 'hostMemTotal', 'hostSwapTotal', 'hostSwapFree', 'hostMemorySome10', 'hostMemoryFull10'],
  'hostOomKills',
] as const;

/** What was recorded of the host at or before a monotonic time; NaN where nothing was. */
function hostValues({ ring }: Recording, toNs: bigint): (name: HostMetricName) => number {
  const range = { fromNs: toNs - HOST_BACK_NS, toNs, metrics: HOST_METRICS };
  const walk = TierWalk.over(ring, HOST_RING, range);
  const values = new Map<string, number>();
  // The walk knows that a frame was the last only when it stands on the next.
  for (let step = walk?.next() ?? null; step !== null; step = walk!.next()) {
    if (step !== 'frame') continue;
    const slot = walk!.rows.slots[0] ?? 0;
    for (const name of HOST_METRICS) values.set(name, walk!.held(HOST_COLUMNS.indexOf(name), slot));
  }
  return (name) => values.get(name) ?? Number.NaN;
}

/** `earlier`: a view of the instant ten seconds before, where there is one. */
export function replayedHost(
  recording: Recording,
  view: InstantView,
  earlier: InstantView | undefined,
  points: readonly TurningPoint[],
  span: { readonly firstNs: bigint; readonly unixOf: (monotonicNs: bigint) => bigint },
): HostModel {
  const { frame } = view;
  const { metadata } = recording;
  const dateOf = (monotonicNs: bigint) => new Date(Number(span.unixOf(monotonicNs) / 1_000_000n));
  const value = hostValues(recording, frame.startNs);
  const known = <K extends string>(key: K, name: HostMetricName): { readonly [key in K]?: number } => {
    const found = value(name);
    return Number.isNaN(found) ? {} : ({ [key]: found } as { readonly [key in K]?: number });
  };
  const memory = {
    ...known('available', 'hostMemAvailable'),
    ...known('total', 'hostMemTotal'),
    ...known('swapTotal', 'hostSwapTotal'),
    ...known('swapFree', 'hostSwapFree'),
  };
  const pressure = { ...known('some', 'hostMemorySome10'), ...known('full', 'hostMemoryFull10') };
  const kills = points.filter(({ kind, timeNs }) => kind === 'oom' && timeNs <= frame.startNs);
  const last = kills.at(-1);
  const sinceBoot = value('hostOomKills');
  return {
    clock: dateOf(frame.startNs),
    since: dateOf(span.firstNs),
    seenNs: Number(frame.startNs - span.firstNs),
    ...(memory.total === undefined && memory.available === undefined ? {} : { memory }),
    ...(pressure.some === undefined ? {} : { pressure }),
    availableShape: (count) => new Array<number>(count).fill(Number.NaN),
    ...(last || !Number.isNaN(sinceBoot)
      ? {
          oom: {
            kills: Number.isNaN(sinceBoot) ? kills.length : sinceBoot,
            ...(last ? { last: { ...victimOf(last), at: dateOf(last.timeNs) } } : {}),
          },
        }
      : {}),
    engine: metadata.engine.name,
    askedHz: metadata.hz,
    ...rates(view, earlier),
    missedTicks: frame.scalar('missedTicks') || 0,
    ownRss: frame.scalar('ownRss'),
    silentNs: 0,
  };
}

function victimOf({ victim }: TurningPoint): { readonly pid?: number; readonly comm?: string } {
  const { pid, comm } = victim ?? {};
  return {
    ...(pid === undefined ? {} : { pid }),
    ...(comm === undefined ? {} : { comm: Buffer.from(comm).toString('latin1') }),
  };
}

function rates({ frame }: InstantView, earlier: InstantView | undefined): Pick<HostModel, 'givenHz' | 'ownCpu'> {
  const before = earlier?.frame;
  const overNs = before ? Number(frame.startNs - before.startNs) : 0;
  if (!before || overNs <= 0 || before.stepNs !== frame.stepNs) return { givenHz: Number.NaN, ownCpu: Number.NaN };
  const missed = frame.scalar('missedTicks') - before.scalar('missedTicks');
  return {
    givenHz: ((frame.tick - before.tick - (missed || 0)) / overNs) * 1e9,
    ownCpu: (frame.scalar('ownCpu') - before.scalar('ownCpu')) / overNs,
  };
}
