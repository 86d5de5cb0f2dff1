/** The summary of runs for people: totals, programs, and what was in the peak. */
import { knownValue, type MetricReading } from '../analyze/metric-reading.js';
import { formatDurationShort } from '../text/duration.js';
import { escapeShell, escapeTerminal } from '../text/escape.js';
import { formatSize } from '../text/size.js';
import { formatTable, type TableOptions } from '../text/table.js';
import { cpuReading, metricsOf, TREE_METRICS, unitOf } from './run-metrics.js';
import type { GroupReport, PeakReport, RunRecord, RunReport, SumReport } from './run-report.js';

const MOST_PROGRAMS = 10;
const MOST_MAPPINGS = 10;
const COVERED = 0.98;
/** Columns that names keep on a narrow terminal. */
const [LEAST_PROGRAM, LEAST_MAPPING] = [15, 20];

/** The lines of a report: of one run all of it, of several what they have in common and how they differ. */
export function reportLines(report: RunReport, options: TableOptions = {}): string[] {
  const [run] = report.runs;
  if (!run) return ['no run was made'];
  const name = report.command.map((word) => escapeShell(word)).join(' ');
  if (report.runs.length === 1) return [name, ...runLines(run, options)];
  return [`${name}, ${report.runs.length} runs`, ...spreadLines(report.runs, options)];
}

/** How a command ended, in words. */
export function endText(end: RunRecord['end']): string {
  if (end.kind === 'not-told') return 'recorded';
  if (end.kind === 'exited') return `exit ${end.code}`;
  return end.kind === 'killed' ? `killed by ${end.signal}` : `not run, errno ${end.errno}`;
}

function runLines(run: RunRecord, options: TableOptions): string[] {
  const { tree, self } = run;
  const goesOn = run.treeWallNs > run.wallNs * 1.01 ? `, the last descendant after ${short(run.treeWallNs)}` : '';
  const share = `${short(self.cpuNs)} of CPU time, ${((self.cpuNs / run.treeWallNs) * 100).toFixed(1)} % of one core`;
  const missed = run.missedTicks > 0 ? `, ${run.missedTicks} missed` : '';
  return [
    `${endText(run.end)} after ${short(run.wallNs)}${goesOn}`,
    '',
    ...totalLines(run, options),
    '',
    ...programLines(run.programs, tree, options),
    '',
    ...(run.peak
      ? peakLines(run.peak, options)
      : ['What was in the peak is not known: no mappings were read near it.']),
    '',
    `${run.samples} samples at ${run.hz} Hz${missed} by the ${run.engine} engine; recording took ${share}, ${formatSize(self.rss)}`,
    ...run.caveats.filter((caveat) => !caveat.startsWith('missed-ticks')).map((caveat) => `caveat: ${caveat}`),
  ];
}

function totalLines({ tree, cgroupPeak }: RunRecord, options: TableOptions): string[] {
  const sum = (name: string, { peak, peakAfterNs, mean }: SumReport, note = '') => [
    name,
    readingText(peak),
    peakAfterNs === undefined ? '-' : short(peakAfterNs),
    readingText(mean),
    boundsText(peak) || note,
  ];
  const { sampled, kernelPeak } = tree.largestProcess;
  const missed = knownValue(kernelPeak) - knownValue(sampled);
  const rows = [
    sum('PSS', tree.pss),
    sum('RSS', tree.rss, tree.rss.upperBound ? 'upper bound: shared pages count once for each process' : ''),
    sum('USS', tree.uss),
    sum('swap', tree.swap, 'reason' in tree.swap.peak ? tree.swap.peak.reason : ''),
    ['largest process', readingText(sampled), '', '', 'sampled'],
    [
      "the kernel's mark",
      readingText(kernelPeak),
      '',
      '',
      missed > 0 ? `sampling missed ${formatSize(missed)}` : 'reason' in kernelPeak ? kernelPeak.reason : '',
    ],
    ...(cgroupPeak ? [['cgroup', readingText(cgroupPeak), '', '', 'page cache and kernel memory included']] : []),
  ];
  const columns = [
    { header: '' },
    { header: 'PEAK', align: 'right' as const },
    { header: 'AT', align: 'right' as const },
    { header: 'MEAN', align: 'right' as const },
    { header: '', flexible: true },
  ];
  const processes = tree.processes === 1 ? '1 process' : `${tree.processes || 'unknown'} processes`;
  const [user, system] = [timeText(tree.userTime), timeText(tree.systemTime)];
  const faults = `${countText(tree.minorFaults)} minor and ${countText(tree.majorFaults)} major faults`;
  return [
    ...formatTable(columns, rows, { ...options, gap: 2 }),
    '',
    `CPU ${user} user, ${system} system; ${faults}; ${processes}, ${tree.mostAtOnce} at once`,
  ];
}

function programLines(programs: RunRecord['programs'], tree: GroupReport, options: TableOptions): string[] {
  const all = Object.entries(programs).sort(([, a], [, b]) => knownValue(b.pss.peak) - knownValue(a.pss.peak));
  const right = { align: 'right' as const };
  const rows = all
    .slice(0, MOST_PROGRAMS)
    .map(([name, group]) => [
      name,
      String(group.processes),
      readingText(group.pss.peak),
      readingText(group.pss.mean),
      readingText(group.uss.peak),
      readingText(group.rss.peak),
      readingText(group.largestProcess.kernelPeak),
      timeText(cpuReading(group)),
      countText(group.minorFaults),
    ]);
  const lines = formatTable(
    [
      { header: 'PROGRAM', flexible: true, least: LEAST_PROGRAM },
      { header: 'PROCESSES', ...right },
      { header: 'PSS PEAK', ...right },
      { header: 'MEAN', ...right },
      { header: 'USS PEAK', ...right },
      { header: 'RSS PEAK', ...right },
      { header: 'VmHWM', ...right },
      { header: 'CPU', ...right },
      { header: 'FAULTS', ...right },
    ],
    rows,
    { ...options, gap: 2 },
  );
  const rest = all.length - rows.length;
  return rest > 0 ? [...lines, `and ${rest} programs more of ${tree.processes} processes`] : lines;
}

function peakLines(peak: PeakReport, options: TableOptions): string[] {
  const { afterNs, readFromNs, readToNs, readRss, peakRss } = peak;
  const away = Math.max(Math.abs(readFromNs - afterNs), Math.abs(readToNs - afterNs));
  const share = readRss / peakRss;
  const covered = share >= COVERED ? '' : `, with ${(share * 100).toFixed(0)} % of its RSS`;
  const right = { align: 'right' as const };
  const numbers = [
    { header: 'RSS', ...right },
    { header: 'PSS', ...right },
    { header: 'SWAP', ...right },
    { header: 'MAPPINGS', ...right },
  ];
  const cells = ({ rss, pss, swap, count }: PeakReport['mappings'][number] | PeakReport['classes'][string]) => [
    ...[rss, pss, swap].map((bytes) => formatSize(bytes)),
    String(count),
  ];
  const classes = Object.entries(peak.classes).filter(([, { rss, swap }]) => rss > 0 || swap > 0);
  return [
    `In the peak at ${short(afterNs)}; mappings were read ${short(away)} away from it${covered}:`,
    ...formatTable(
      [{ header: 'CLASS' }, ...numbers],
      classes.map(([name, part]) => [name, ...cells(part)]),
      { ...options, gap: 2 },
    ),
    '',
    ...formatTable(
      [
        { header: 'PROGRAM' },
        { header: 'LARGEST MAPPINGS', flexible: true, least: LEAST_MAPPING, cut: 'middle' },
        { header: 'CLASS' },
        ...numbers,
      ],
      peak.mappings.slice(0, MOST_MAPPINGS).map((part) => [part.program, part.name, part.class, ...cells(part)]),
      { ...options, gap: 2 },
    ),
  ];
}

/** Of several runs: least, median and most of each metric of the whole. */
function spreadLines(runs: readonly RunRecord[], options: TableOptions): string[] {
  const all = runs.map(metricsOf);
  const rows = Object.keys(TREE_METRICS).flatMap((name) => {
    const values = all.map((metrics) => metrics.get(name)!).filter((value) => !Number.isNaN(value));
    if (values.length === 0) return [];
    values.sort((a, b) => a - b);
    const text = (value: number) => metricText(name, value);
    const median = (values[(values.length - 1) >> 1]! + values[values.length >> 1]!) / 2;
    const spread = median === 0 ? '-' : `${(((values.at(-1)! - values[0]!) / median) * 100).toFixed(1)} %`;
    return [[name, text(values[0]!), text(median), text(values.at(-1)!), spread]];
  });
  const right = { align: 'right' as const };
  const columns = [
    { header: 'METRIC' },
    { header: 'LEAST', ...right },
    { header: 'MEDIAN', ...right },
    { header: 'MOST', ...right },
    { header: 'SPREAD', ...right },
  ];
  const ends = new Set(runs.map(({ end }) => endText(end)));
  return [`${[...ends].join(', ')}`, '', ...formatTable(columns, rows, { ...options, gap: 2 })];
}

/** A value in the unit of its metric. */
export function metricText(name: string, value: number): string {
  if (Number.isNaN(value)) return '-';
  switch (unitOf(name)) {
    case 'nanoseconds':
      return short(value);
    case 'bytes':
      return formatSize(value);
    default:
      return Number.isInteger(value) ? String(value) : value.toFixed(1);
  }
}

function readingText(reading: MetricReading): string {
  return 'value' in reading ? formatSize(Math.round(reading.value)) : '-';
}

/** Where an estimate lies, when that is wider than it can be printed. */
function boundsText(reading: MetricReading): string {
  if (reading.state !== 'estimated') return '';
  const [low, high] = [formatSize(Math.round(reading.low)), formatSize(Math.round(reading.high))];
  return low === high ? '' : `between ${low} and ${high}`;
}

function countText(reading: MetricReading): string {
  return 'value' in reading ? String(reading.value) : '-';
}

function timeText(reading: MetricReading): string {
  return 'value' in reading ? short(reading.value) : '-';
}

function short(ns: number): string {
  return escapeTerminal(formatDurationShort(ns));
}
