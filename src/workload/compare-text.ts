/** A comparison as text for people, and as Markdown for a pull request. */
import { escapeShell, escapeTerminal } from '../text/escape.js';
import { formatTable, type TableOptions } from '../text/table.js';
import type { Comparison, MetricComparison, RuleOutcome } from './compare-runs.js';
import { TREE_METRICS } from './run-metrics.js';
import type { RunReport } from './run-report.js';
import { metricText } from './run-text.js';

const HEADERS = ['METRIC', 'BEFORE', 'AFTER', 'CHANGE', '95 % INTERVAL', 'P', 'VERDICT'] as const;
const MOST_PARTS = 20;
const LEAST_NAME = 24;

export function comparisonLines(comparison: Comparison, options: TableOptions = {}): string[] {
  const rows = shownMetrics(comparison).map(cellsOf);
  const columns = HEADERS.map((header, index) => ({
    header,
    ...(index > 0 && index < 6 ? { align: 'right' as const } : {}),
    ...(index === 0 ? { flexible: true, least: LEAST_NAME, cut: 'middle' as const } : {}),
  }));
  return [
    ...headLines(comparison),
    '',
    ...formatTable(columns, rows, { ...options, gap: 2 }),
    '',
    ...conclusionLines(comparison),
  ];
}

/** A table and a sentence for each rule. */
export function comparisonMarkdown(comparison: Comparison): string[] {
  const cell = (text: string) => escapeTerminal(text).replaceAll('|', '\\|').replaceAll('`', "'");
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [
    '### Memory',
    '',
    ...headLines(comparison).map((text) => `- ${cell(text)}`),
    '',
    line(HEADERS.map((header) => header.toLowerCase())),
    '|---|--:|--:|--:|--:|--:|---|',
    ...shownMetrics(comparison).map((metric) => line(cellsOf(metric))),
    '',
    ...conclusionLines(comparison).map((text) => `- ${cell(text)}`),
  ];
}

/** What became of a rule, in a sentence. */
export function ruleSentence({ rule, outcome, runsNeeded }: RuleOutcome): string {
  const name = escapeTerminal(rule.text);
  switch (outcome) {
    case 'exceeded':
      return `${name} is exceeded, with 95 % confidence`;
    case 'kept':
      return `${name} is kept`;
    case 'unknown':
      return `${name} cannot be judged: not measured on both sides`;
    case 'unsure':
      return `${name} is exceeded by what was seen, which may be chance; ${runsText(runsNeeded ?? Number.NaN)} would tell`;
  }
}

/** Those of the whole, then what differs among programs, classes and mappings. */
function shownMetrics({ metrics }: Comparison): MetricComparison[] {
  const isWhole = ({ metric }: MetricComparison) => Object.hasOwn(TREE_METRICS, metric);
  const known = metrics.filter(({ verdict }) => verdict !== 'unknown');
  const parts = known.filter(
    (one) => !isWhole(one) && !one.isNamed && (one.verdict === 'more' || one.verdict === 'less'),
  );
  parts.sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
  return [
    ...metrics.filter(({ isNamed }) => isNamed),
    ...known.filter((one) => isWhole(one) && !one.isNamed),
    ...parts.slice(0, MOST_PARTS),
  ];
}

function cellsOf(one: MetricComparison): string[] {
  const { metric, before, after, change, low, high, p, verdict } = one;
  const isRelative = !Number.isNaN(one.relative);
  const signed = (share: number, value: number) =>
    Number.isNaN(value) ? '-' : isRelative ? percent(share) : `${value >= 0 ? '+' : ''}${metricText(metric, value)}`;
  const interval = Number.isNaN(low) ? '-' : `${signed(one.relativeLow, low)} .. ${signed(one.relativeHigh, high)}`;
  return [
    metric,
    metricText(metric, before),
    metricText(metric, after),
    signed(one.relative, change),
    interval,
    Number.isNaN(p) ? '-' : p < 0.0001 ? '<0.0001' : p.toFixed(4),
    verdictText(one, verdict),
  ];
}

function verdictText(one: MetricComparison, verdict: MetricComparison['verdict']): string {
  switch (verdict) {
    case 'more':
    case 'less':
      return verdict;
    case 'unknown':
      return 'not measured on both sides';
    case 'too-few':
      return `too few runs (${one.beforeRuns} and ${one.afterRuns})`;
    case 'same':
      if (one.change === 0 && one.low === 0 && one.high === 0) return 'the same';
      return Number.isNaN(one.detectable) ? 'none shown' : `none shown (below ${percentSize(one.detectable)})`;
  }
}

function headLines({ before, after, conditions }: Comparison): string[] {
  return [
    `before: ${sideText(before)}`,
    `after:  ${sideText(after)}`,
    ...conditions.map(({ name, before: a, after: b }) => {
      const shown = (value: string | undefined) => (value === undefined ? 'not set' : escapeTerminal(value));
      return `differs: ${escapeTerminal(name)}: ${shown(a)} / ${shown(b)}`;
    }),
  ];
}

function sideText({ command, runs }: RunReport): string {
  const name = command.length === 0 ? 'recording' : command.map((word) => escapeShell(word)).join(' ');
  return `${name}, ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`;
}

function conclusionLines({ before, after, metrics, rules }: Comparison): string[] {
  const named = metrics.filter(({ isNamed }) => isNamed);
  const sentences = named.map((one) => {
    if (one.verdict === 'unknown') return `${one.metric}: not measured on both sides`;
    if (one.verdict === 'too-few') return `${one.metric}: ${tooFewText(one, before, after)}`;
    if (one.verdict === 'same') {
      const needed = Number.isFinite(one.runsNeeded)
        ? `; a change as it was seen would take ${runsText(one.runsNeeded)}`
        : '';
      return `${one.metric}: no difference that these runs can show (they would show ${percentSize(one.detectable)})${needed}`;
    }
    return `${one.metric}: ${one.verdict}, by ${percentSize(Math.abs(one.relative))}`;
  });
  return [...sentences.map((text) => escapeTerminal(text)), ...rules.map(ruleSentence)];
}

/** Of a brief command no tick may have read it: then runs were made that have no value. */
function tooFewText({ beforeRuns, afterRuns }: MetricComparison, before: RunReport, after: RunReport): string {
  const least = 'are the least that can show anything';
  const [made, madeAfter] = [before.runs.length, after.runs.length];
  if (beforeRuns === made && afterRuns === madeAfter) return `four runs on each side ${least}`;
  const sides = `${beforeRuns} of ${made} runs before and ${afterRuns} of ${madeAfter} after`;
  return `measured in ${sides} only, and four on each side ${least}`;
}

function runsText(runs: number): string {
  return Number.isFinite(runs) ? `about ${runs} runs on each side` : 'more runs';
}

function percent(share: number): string {
  return `${share >= 0 ? '+' : ''}${(share * 100).toFixed(2)} %`;
}

function percentSize(share: number): string {
  return Number.isNaN(share) ? 'nothing' : `${(share * 100).toFixed(2)} %`;
}
