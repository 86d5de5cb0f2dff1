/**
 * A screen against an instant that was marked: in place of the changes over the last seconds and minutes stand those of
 * RSS and PSS since then.
 *
 * The traps: who was not there then has grown by all that it has; and who has ended has no row, so its memory is told
 * beside the time.
 */
import type { Change } from '../../analyze/memory-history.js';
import type { ScreenModel } from './screen-model.js';

/** What every process had at the marked instant, by `identityKey`. */
export interface MarkedInstant {
  /** Unix nanoseconds. */
  readonly timeNs: bigint;
  readonly processes: ReadonlyMap<string, { readonly rss: number; readonly pss: number }>;
}

/** Marks what a model shows. */
export function markInstant({ processes, replay, host }: ScreenModel): MarkedInstant {
  return {
    timeNs: replay?.timeNs ?? BigInt(host.clock.getTime()) * 1_000_000n,
    processes: new Map(processes.map(({ key, rss, pss }) => [key, { rss, pss }])),
  };
}

/** The model with the changes since the mark. */
export function comparedModel(model: ScreenModel, mark: MarkedInstant): ScreenModel {
  const nowNs = model.replay?.timeNs ?? BigInt(model.host.clock.getTime()) * 1_000_000n;
  const overNs = Math.abs(Number(nowNs - mark.timeNs));
  const since = (now: number, then: number | undefined): Change => ({ value: now - (then ?? 0), overNs });
  const there = new Set(model.processes.map(({ key }) => key));
  const ended = [...mark.processes].filter(([key]) => !there.has(key));
  return {
    ...model,
    processes: model.processes.map((process) => {
      const then = mark.processes.get(process.key);
      return { ...process, long: since(process.rss, then?.rss), short: since(process.pss, then?.pss) };
    }),
    compared: {
      timeNs: mark.timeNs,
      ended: ended.length,
      endedRss: ended.reduce((sum, [, { rss }]) => sum + (rss || 0), 0),
    },
  };
}
