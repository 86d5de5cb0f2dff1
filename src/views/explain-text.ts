/** What is known of a metric, or of another program's name for one, as lines for a terminal and as JSON. */
import { type Explanation, explain, metricsBehind } from '../schema/explain.js';
import type { Metric, Quantum } from '../schema/metric.js';
import type { ForeignName } from '../schema/notes/foreign-name.js';
import { formatTable } from '../text/table.js';
import { wrapText } from '../text/wrap.js';

const LABEL = 16;

/** How a step of the value is called. */
const STEPS: Record<Quantum, string> = {
  page: 'one page',
  kibibyte: '1 KiB',
  'clock-tick': 'one clock tick',
  microsecond: '1 us',
  hundredth: '0.01',
  one: '1',
};

const EXACTNESS: Record<Metric['exactness'], string> = {
  exact: 'exact',
  floored: 'cut to the step',
  approximate: 'approximate',
  'measured-here': 'measured here',
};

/** `bytes, in steps of one page, cut to the step`: the unit and the rounding. */
export function unitText({ unit, quantum, exactness }: Metric): string {
  return `${unit}, in steps of ${STEPS[quantum]}${exactness === 'floored' ? ', cut' : ''}`;
}

export function kindText({ kind }: Metric): string {
  return kind === 'counter' ? 'counter: grows only' : 'gauge: moves both ways';
}

export function enginesText({ engines, tier }: Metric): string {
  if (engines === 'bpf') return 'bpf; absent with the others';
  return tier === 'host' || tier === 'cgroup' ? 'the same with every engine' : 'bpf, native, ts';
}

export function exactnessText({ metric, read }: Explanation): string {
  const word = EXACTNESS[metric.exactness];
  return read.exactness.startsWith(word.split(' ')[0]!) ? read.exactness : `${word}; ${read.exactness}`;
}

/** `rss - rssAnon, in KiB`, or what comes near. */
export function meaningText({ is, near = [], unit }: ForeignName): string {
  if (is !== undefined) return `${is} (${unit})`;
  return near.length === 0 ? `no metric of ours (${unit})` : `not ${near.join(' or ')}, though it comes near (${unit})`;
}

/** One metric, all that is known of it. */
export function explanationLines(metric: Metric, width = 80): string[] {
  const explanation = explain(metric);
  const { read, trap, calledElsewhere, namesakes } = explanation;
  const field = (label: string, text: string) =>
    wrapText(text, width - LABEL).map((line, index) => `${(index === 0 ? label : '').padEnd(LABEL)}${line}`);
  return [
    ...wrapText(`${metric.name}: ${metric.help}`, width),
    '',
    ...field('kernel field', metric.source),
    ...field('read from', read.file),
    ...field('unit', unitText(metric)),
    ...field('kind', kindText(metric)),
    ...field('how exact', exactnessText(explanation)),
    ...field('lock it takes', read.lock),
    ...field('needs', read.needs),
    ...field('tier, engines', `${metric.tier}; ${enginesText(metric)}`),
    ...(trap ? field('trap', trap) : []),
    ...field('OpenTelemetry', metric.otel),
    ...field('Prometheus', metric.prometheus),
    ...(calledElsewhere.length > 0 ? ['', 'Elsewhere', ...foreignLines(calledElsewhere, width)] : []),
    ...(namesakes.length > 0 ? ['', 'Called so, and something else', ...foreignLines(namesakes, width)] : []),
  ];
}

/** Names of other programs, each with what it is in ours. */
export function foreignLines(foreign: readonly ForeignName[], width = 80): string[] {
  return foreign.flatMap((one) => {
    const head = `  ${one.tool} ${one.names.join(', ')} = ${meaningText(one)}`;
    const text = one.note === undefined ? head.trim() : `${head.trim()}: ${one.note}`;
    return wrapText(text, width - 4).map((line, index) => `${index === 0 ? '  ' : '    '}${line}`);
  });
}

/** All metrics of ours, a line each. */
export function metricListLines(metrics: readonly Metric[], width?: number): string[] {
  return formatTable(
    [{ header: 'METRIC' }, { header: 'UNIT' }, { header: 'TIER' }, { header: 'WHAT IT IS', flexible: true }],
    metrics.map(({ name, unit, tier, help }) => [name, unit, tier, help]),
    { gap: 2, ...(width === undefined ? {} : { maxWidth: width }) },
  );
}

/** One metric for JSON: what the schema has, and what is known beside it. */
export function explanationJson(metric: Metric): object {
  const { read, trap, calledElsewhere, namesakes } = explain(metric);
  const { lock, needs, exactness: exactnessNote, file } = read;
  return { ...metric, file, lock, needs, exactnessNote, ...(trap ? { trap } : {}), calledElsewhere, namesakes };
}

/** Another program's name for JSON, with the metrics of ours behind it. */
export function foreignJson(foreign: ForeignName): object {
  return { ...foreign, metrics: metricsBehind(foreign).map(({ name }) => name) };
}
