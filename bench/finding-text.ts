/** Findings as text: one line for each while they come in, and a table of all at the end. */
import { formatTable } from '../src/text/table.js';
import type { Finding, Target } from './finding.js';
import type { Spread } from './spread.js';

/** Everything about one finding, in one line. */
export function findingLine(finding: Finding): string {
  const { ours, theirs, ratio, unit } = finding;
  const side = (name: string, spread: Spread) => `${name} ${withSpread(spread)} ${unit}`;
  return [
    `${finding.bench}: ${finding.what}`,
    finding.on,
    finding.times,
    side(ours.name, ours.spread),
    ...(theirs ? [side(theirs.name, theirs.spread)] : []),
    ...(ratio ? [`${ratio.name} = ${withSpread(ratio.spread)}`] : []),
    ...(finding.also === null ? [] : [finding.also]),
    ...(finding.target ? [`${targetText(finding.target)}: ${finding.verdict}`] : []),
  ].join(' | ');
}

/** All findings, a row for each. */
export function findingTable(findings: readonly Finding[]): string[] {
  const columns = [
    { header: 'BENCHMARK' },
    { header: 'COMPARED' },
    { header: 'OURS', align: 'right' as const },
    { header: 'THEIRS', align: 'right' as const },
    { header: 'UNIT' },
    { header: 'RATIO', align: 'right' as const },
    { header: 'TARGET' },
    { header: '' },
  ];
  const rows = findings.map((finding) => [
    finding.bench,
    finding.what,
    digits(finding.ours.spread.median),
    finding.theirs ? digits(finding.theirs.spread.median) : '',
    finding.unit,
    finding.ratio ? digits(finding.ratio.spread.median) : '',
    finding.target ? targetText(finding.target) : '',
    finding.verdict ?? '',
  ]);
  return formatTable(columns, rows, { gap: 2 });
}

function targetText({ relation, value, of, isLater }: Target): string {
  return `${isLater ? 'later target' : 'target'} ${of === 'ratio' ? 'ratio ' : ''}${relation} ${value}`;
}

function withSpread(spread: Spread): string {
  return spread.count === 1 ? digits(spread.median) : `${digits(spread.median)} (${range(spread)})`;
}

function range({ p25, p75 }: Spread): string {
  return `${digits(p25)}..${digits(p75)}`;
}

/** Three digits that mean something, without an exponent. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || size >= 100) return value.toFixed(0);
  return value.toFixed(Math.min(5, Math.max(0, 2 - Math.floor(Math.log10(size)))));
}
