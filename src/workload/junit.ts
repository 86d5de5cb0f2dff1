/** A comparison as JUnit's XML, which every CI shows: one test for each rule, and for each metric that was named. */
import { escapeXml } from '../text/escape-xml.js';
import type { Comparison } from './compare-runs.js';
import { comparisonLines, ruleSentence } from './compare-text.js';

export function junitLines(comparison: Comparison): string[] {
  const { rules, metrics } = comparison;
  const failed = rules.filter(({ outcome }) => outcome === 'exceeded').length;
  const unknown = rules.filter(({ outcome }) => outcome === 'unknown').length;
  const named = rules.length > 0 ? [] : metrics.filter(({ isNamed }) => isNamed);
  const count = rules.length + named.length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${count}" failures="${failed}" skipped="${unknown}">`,
    `  <testsuite name="memory" tests="${count}" failures="${failed}" skipped="${unknown}">`,
    ...rules.flatMap((outcome) => {
      const sentence = escapeXml(ruleSentence(outcome));
      const head = `    <testcase classname="memory" name="${escapeXml(outcome.rule.text)}">`;
      if (outcome.outcome === 'exceeded') return [head, `      <failure message="${sentence}"/>`, '    </testcase>'];
      if (outcome.outcome === 'unknown') return [head, `      <skipped message="${sentence}"/>`, '    </testcase>'];
      return [`${head}<system-out>${sentence}</system-out></testcase>`];
    }),
    ...named.map(({ metric, verdict }) => {
      return `    <testcase classname="memory" name="${escapeXml(metric)}"><system-out>${verdict}</system-out></testcase>`;
    }),
    `    <system-out>${escapeXml(comparisonLines(comparison).join('; '))}</system-out>`,
    '  </testsuite>',
    '</testsuites>',
  ];
}
