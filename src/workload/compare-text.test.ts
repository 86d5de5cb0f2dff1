import { expect, it } from 'vitest';
import { displayWidth } from '../text/display-width.js';
import type { MetricComparison } from './compare-runs.js';
import { comparisonLines } from './compare-text.js';
import type { RunReport } from './run-report.js';

const side = { command: ['true'], runs: [{}, {}] } as unknown as RunReport;
const names = ['pss.peak', 'program.python3-of-somebody.pss.peak', 'program.python3-of-somebody.rss.peak'];
const metrics = names.map((metric, index) => ({
  ...{ metric, isNamed: true, verdict: index === 0 ? 'more' : 'same', before: 123.4 * 2 ** 20, after: 234.5 * 2 ** 20 },
  ...{ change: 1, low: 2, high: 3, p: 0.0079, detectable: 0.2234, runsNeeded: 9 },
  ...{ relative: 0.1234, relativeLow: -0.1123, relativeHigh: 0.1345 },
})) as unknown as MetricComparison[];

it.each([44, 60, 80, 90, 100, 140])(
  'tells metrics apart on a terminal of %i columns, and wraps no line of the table',
  (maxWidth) => {
    const lines = comparisonLines({ before: side, after: side, conditions: [], rules: [], metrics }, { maxWidth });
    const table = lines.slice(lines.indexOf('') + 1, lines.lastIndexOf(''));
    for (const line of table) expect(displayWidth(line)).toBeLessThanOrEqual(maxWidth);
    const named = table.filter((line) => /^p/.test(line));
    expect(new Set(named.map((line) => line.split(/ {2,}/)[0])).size).toBe(3);
    expect(named[1]).toMatch(/^program.pyt.*pss\.peak /);
    const text = table.join(' ');
    for (const cell of ['VERDICT', '-11.23 % .. +13.45 %', '0.0079', 'none shown (below 22.34 %)'])
      expect(text).toContain(cell);
  },
);
