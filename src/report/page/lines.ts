/**
 * The lines of a metric in a stretch of time.
 *
 * The trap: PSS and USS are read now and then. Between two reads they are estimated from what the counters said since, and
 * the line says so: it is dashed, and its band is the interval of the estimate.
 */
import { estimatePss, estimateUss } from '../../analyze/estimate.js';
import { type Head, MetricNumber, PAGE_METRICS, type PageMetricName, type Stretch } from '../page-format.js';
import type { Line } from './chart.js';
import type { Tracks } from './recording.js';
import { columnTimes, sampleTrack } from './sample.js';
import { indexAt, rateOf, type Track, valueAt } from './track.js';

/** A read is as good as the tick beside it. */
const FRESH_TICKS = 1.5;

export interface LineQuery {
  readonly head: Head;
  readonly tracks: Tracks;
  readonly range: Stretch;
  readonly columns: number;
  /** When what is drawn has ended; default: with the recording. */
  readonly endMs?: number;
}

/** Nothing where it was never measured. */
export function linesOf(query: LineQuery, name: PageMetricName, color: string, prefix = ''): Line[] {
  const metric = PAGE_METRICS[MetricNumber[name]]!;
  const track = query.tracks[MetricNumber[name]];
  if (!track || track.times.length === 0) return [];
  const label = prefix + metric.label;
  const drawn = metric.kind === 'counter' ? rateOf(track, query.head.periodMs) : track;
  const isEstimated = (name === 'pss' || name === 'uss') && query.tracks[MetricNumber.processes] === undefined;
  if (!isEstimated) return [{ label, color, ...sample(query, drawn) }];
  const { measured, estimated } = withEstimates(query, track, name);
  const hasEstimates = estimated.last.some((value) => value !== null);
  return [
    { label, color, ...measured },
    ...(hasEstimates ? [{ label: `${label}, estimated`, color, isDashed: true, ...estimated }] : []),
  ];
}

export function sample(
  { head, range, columns, endMs = head.durationMs }: LineQuery,
  track: Track,
): Pick<Line, 'last'> & { least: (number | null)[]; most: (number | null)[] } {
  return sampleTrack(track, range, columns, head.gaps, endMs);
}

function withEstimates(query: LineQuery, track: Track, name: 'pss' | 'uss') {
  const { head, tracks, range, columns } = query;
  const measured = sample(query, track);
  const estimated = {
    last: new Array<number | null>(columns).fill(null),
    least: new Array<number | null>(columns).fill(null),
    most: new Array<number | null>(columns).fill(null),
  };
  const width = (range.to - range.from) / columns;
  const freshMs = Math.max(track.stepMs, head.periodMs) * FRESH_TICKS;
  columnTimes(range, columns).forEach((time, column) => {
    if (measured.last[column] === null) return;
    const end = time + width / 2;
    const read = indexAt(track.times, end);
    if (read < 0 || end - track.times[read]! <= Math.max(freshMs, width)) return;
    const readMs = track.times[read]!;
    const at = (metric: PageMetricName, ms: number) => valueAt(tracks[MetricNumber[metric]], ms);
    const rss = at('rss', readMs);
    const rssNow = at('rss', end);
    if (Number.isNaN(rss) || Number.isNaN(rssNow)) return;
    const estimate = (name === 'pss' ? estimatePss : estimateUss)({
      rss,
      rssNow,
      uss: at('uss', readMs),
      pss: at('pss', readMs),
      faults: at('minorFaults', end) - at('minorFaults', readMs),
      ageNs: (end - readMs) * 1e6,
      pageSize: head.pageSize,
    });
    if (Number.isNaN(estimate.value)) return;
    estimated.last[column] = estimate.value;
    estimated.least[column] = estimate.low;
    estimated.most[column] = estimate.high;
    for (const values of [measured.last, measured.least, measured.most]) values[column] = null;
  });
  // A dashed stretch begins at the value that was measured.
  for (let column = 1; column < columns; column++) {
    if (estimated.last[column] !== null && estimated.last[column - 1] === null && measured.last[column - 1] !== null) {
      estimated.last[column - 1] = measured.last[column - 1]!;
    }
  }
  return { measured, estimated };
}
