/**
 * The rows of a screen for an instant of a recording, as the live screen has them for now.
 *
 * The trap: a change over ten seconds is against the frame of ten seconds before, which is there at once; of a process that
 * was not there then it is since it was first seen, which only its history tells.
 */
import type { DeepState, LiveProcess } from '../analyze/live-processes.js';
import { LONG_WINDOW_NS, SHORT_WINDOW_NS } from '../analyze/live-processes.js';
import type { Change } from '../analyze/memory-history.js';
import type { ReplayHistory } from '../analyze/replay-history.js';
import type { DeepReading } from '../recording/deep-index.js';
import type { InstantView } from '../recording/instant-view.js';
import { COUNTER_COLUMNS, type MetricName, ROLLUP_COLUMNS, Status } from '../schema.js';

/** What the view of the instant has to have. */
export const REPLAYED_METRICS = [
  'rss',
  'rssAnon',
  'pss',
  'pssFile',
  'pssShmem',
  'uss',
  'swap',
] as const satisfies MetricName[];

const counterAt = (name: MetricName) => COUNTER_COLUMNS.indexOf(name);
const rollupAt = (name: MetricName) => ROLLUP_COLUMNS.indexOf(name);
const [RSS, RSS_ANON] = [counterAt('rss'), counterAt('rssAnon')];
const [PSS, PSS_FILE, PSS_SHMEM] = [rollupAt('pss'), rollupAt('pssFile'), rollupAt('pssShmem')];
const [USS, SWAP] = [rollupAt('uss'), rollupAt('swap')];
const UNKNOWN: Change = { value: Number.NaN, overNs: 0 };

/** The processes at the frame of the view; `before`: views of ten seconds and ten minutes before, or of the first frame. */
export function replayedProcesses(
  view: InstantView,
  before: { readonly short: InstantView; readonly long: InstantView },
  history: ReplayHistory,
  pids?: readonly number[],
): { readonly processes: readonly LiveProcess[]; readonly withoutMemory: number } {
  const wanted = pids && new Set(pids);
  const { frame } = view;
  const processes: LiveProcess[] = [];
  let withoutMemory = 0;
  const { slots, count } = frame.rows;
  for (let index = 0; index < count; index++) {
    const slot = slots[index]!;
    const key = frame.key(slot);
    const identity = frame.identity(slot);
    if (key === undefined || !identity || frame.status(slot) === Status.gone) continue;
    if (wanted && !wanted.has(identity.pid)) continue;
    if (frame.status(slot) === Status.noMm) {
      withoutMemory++;
      continue;
    }
    const reading = view.reading(key);
    const known = history.of(key, frame.startNs);
    const rss = frame.counter(RSS, slot);
    const value = (column: number) => reading?.values[column] ?? Number.NaN;
    const age = reading && view.ageNs(reading);
    processes.push({
      key,
      slot,
      identity,
      rss,
      rssAnon: frame.counter(RSS_ANON, slot),
      pss: value(PSS),
      pssFile: value(PSS_FILE),
      pssShmem: value(PSS_SHMEM),
      uss: value(USS),
      swap: value(SWAP),
      deep: deepState(reading),
      deepAgeNs: age === undefined ? Number.NaN : Number(age),
      short: changeSince(before.short, view, key, rss, SHORT_WINDOW_NS) ?? known?.short ?? UNKNOWN,
      long: changeSince(before.long, view, key, rss, LONG_WINDOW_NS) ?? known?.long ?? UNKNOWN,
      peak: known?.peak ?? Number.NaN,
      peakNs: known?.peakNs ?? 0n,
    });
  }
  return { processes, withoutMemory };
}

function changeSince(
  before: InstantView,
  { frame }: InstantView,
  key: string,
  rss: number,
  windowNs: number,
): Change | undefined {
  if (!before.isMoved) return undefined;
  const slot = before.frame.slotOf(key);
  if (slot < 0) return undefined;
  const then = before.frame.counter(RSS, slot);
  const overNs = Math.min(windowNs, Number(frame.startNs - before.frame.startNs));
  return Number.isNaN(then) ? undefined : { value: rss - then, overNs };
}

function deepState(reading: DeepReading | undefined): DeepState {
  if (reading?.status === Status.ok) return 'ok';
  if (reading?.status === Status.denied) return 'denied';
  return reading?.status === Status.noMm ? 'no-mm' : 'unread';
}
