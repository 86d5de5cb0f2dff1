/** docs/numbers.md: every metric with all that is known of it, and what other programs call it. Made from the schema. */

import { explain, FOREIGN_NAMES } from '../schema/explain.js';
import type { Metric } from '../schema/metric.js';
import type { ForeignName } from '../schema/notes/foreign-name.js';
import { ALL_READS } from '../schema/notes/reads.js';
import { ALL_METRICS, type Tier } from '../schema.js';
import { enginesText, exactnessText, kindText, meaningText, unitText } from './explain-text.js';

const INTRODUCTION = `# What the numbers mean

Every metric that Tidemark records, where it comes from, how exact it is, what reading it does to its target, and what other
programs call it. This page is made from the schema by \`node scripts/write-numbers.js\`; \`tidemark explain METRIC\` prints the same,
also for names of other programs: \`tidemark explain RES\`, \`tidemark explain "docker stats"\`.

A value that was not measured is absent and has a status; it is never 0. Memory is in bytes, times are in nanoseconds.`;

const TIERS: readonly [Tier, string, string][] = [
  ['counters', 'Processes: counters', 'Read at every tick. Reading them does not touch the memory map of the target.'],
  ['rollup', 'Processes: deep reads', 'Read as the budget permits, where the counters have moved.'],
  ['host', 'Host', ''],
  [
    'cgroup',
    'Control groups',
    'The same names for version 1 and 2; the numbers of a group hold those of the groups below it.',
  ],
];

/** The whole page, with its last newline. */
export function numbersPage(): string {
  const sections = [
    INTRODUCTION,
    `## What reading takes\n\n${table(
      ['read', 'lock', 'needs', 'how exact'],
      ALL_READS.map(({ file, lock, needs, exactness }) => [file, lock, needs, exactness]),
    )}`,
    ...TIERS.map(([tier, title, text]) => {
      const metrics = ALL_METRICS.filter((metric) => metric.tier === tier);
      const isOfProcess = tier === 'counters' || tier === 'rollup';
      const body = isOfProcess ? metrics.map(metricSection).join('\n\n') : metricTable(metrics);
      return [`## ${title}`, text, body].filter(Boolean).join('\n\n');
    }),
    `## What other programs call it\n\nWhat is in the second column is a formula of the metrics above.`,
    ...toolSections(),
  ];
  return `${sections.join('\n\n')}\n`;
}

function metricSection(metric: Metric): string {
  const explanation = explain(metric);
  const { trap, calledElsewhere, namesakes, read } = explanation;
  const called = (foreign: readonly ForeignName[]) =>
    foreign
      .map((one) => `${one.tool} \`${one.names[0]}\`${one.is === metric.name ? '' : ` = ${meaningText(one)}`}`)
      .join('; ');
  const rows = [
    `${metric.help}.`,
    '',
    `- kernel field: ${metric.source}; ${unitText(metric)}; ${kindText(metric)}`,
    `- how exact: ${exactnessText(explanation)}`,
    `- lock: ${read.lock}`,
    `- engines: ${enginesText(metric)}`,
    ...(trap ? [`- trap: ${trap}`] : []),
    `- exported as \`${metric.otel}\` (OpenTelemetry), \`${metric.prometheus}\` (Prometheus)`,
    ...(calledElsewhere.length > 0 ? [`- elsewhere: ${called(calledElsewhere)}`] : []),
    ...(namesakes.length > 0 ? [`- called so, and something else: ${called(namesakes)}`] : []),
  ];
  return `### ${metric.name}\n\n${rows.map(escapeText).join('\n')}`;
}

function metricTable(metrics: readonly Metric[]): string {
  return table(
    ['metric', 'what it is', 'kernel field', 'unit', 'exact', 'trap', 'OpenTelemetry', 'Prometheus'],
    metrics.map((metric) => [
      `\`${metric.name}\``,
      metric.help,
      metric.source,
      `${unitText(metric)}; ${metric.kind}`,
      metric.exactness,
      explain(metric).trap ?? '',
      `\`${metric.otel}\``,
      `\`${metric.prometheus}\``,
    ]),
  );
}

function toolSections(): string[] {
  const tools = [...new Set(FOREIGN_NAMES.map(({ tool }) => tool))];
  return tools.map((tool) => {
    const rows = FOREIGN_NAMES.filter((one) => one.tool === tool).map((one) => [
      one.names.map((name) => `\`${name}\``).join(', '),
      meaningText(one),
      one.note ?? '',
    ]);
    return `### ${tool}\n\n${table(['it says', 'is', 'note'], rows)}`;
  });
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => escapeText(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), `|${'---|'.repeat(header.length)}`, ...rows.map(line)].join('\n');
}

/** A `*` outside code would begin emphasis. */
function escapeText(text: string): string {
  return text.replaceAll(/`[^`]*`|\*/g, (found) => (found === '*' ? '\\*' : found));
}
