import { describe, expect, it } from 'vitest';
import { parseRule, ruleValueText } from './rules.js';

describe('a rule', () => {
  it('is alternatives of a metric, a sign and a value with its unit', () => {
    const { text, comparisons } = parseRule('rss > 2GiB | growth>=1MiB/s|limit>90%|threads<5 | userTime>10m|pss<=1.5K');
    expect(text).toBe('rss>2GiB|growth>=1MiB/s|limit>90%|threads<5|userTime>10m|pss<=1.5K');
    expect(comparisons).toEqual([
      { text: 'rss>2GiB', metric: 'rss', source: 'counters', unit: 'bytes', operator: '>', value: 2 ** 31 },
      {
        ...{ text: 'growth>=1MiB/s', metric: 'growth', source: 'growth', unit: 'bytes per second' },
        ...{ operator: '>=', value: 2 ** 20 },
      },
      { text: 'limit>90%', metric: 'limit', source: 'limit', unit: 'share', operator: '>', value: 0.9 },
      { text: 'threads<5', metric: 'threads', source: 'counters', unit: 'count', operator: '<', value: 5 },
      { text: 'userTime>10m', metric: 'userTime', source: 'counters', unit: 'nanoseconds', operator: '>', value: 6e11 },
      { text: 'pss<=1.5K', metric: 'pss', source: 'rollup', unit: 'bytes', operator: '<=', value: 1536 },
    ]);
  });

  it.each([
    ['', /"" is not a rule; allowed: METRIC>VALUE/],
    ['rss', /METRIC>VALUE/],
    ['rss>', /METRIC>VALUE/],
    ['rss>1GiB|', /"" is not a rule/],
    ['rss=1GiB', /METRIC>VALUE/],
    ['rss>1', /"rss>1" is not a rule; allowed: a number with a unit/],
    ['rss>90%', /a number with a unit/],
    ['growth>1MiB', /a size per second, such as growth>1MiB\/s/],
    ['limit>90', /a share up to 100%/],
    ['limit>101%', /a share up to 100%/],
    ['threads>5.5', /a whole number/],
    ['userTime>5', /such as/],
    ['RSS>1GiB', /allowed: rss, as the metric is written/],
    ['parentPid>1', /allowed: growth, limit, rss, /],
    ['memAvailable<1GiB', /allowed: growth, limit, rss, /],
    [`rss>1GiB${'|rss>1GiB'.repeat(30)}`, /at most 200 characters/],
    ['rss>1GiB\u001b[2J', /"rss>1GiB\\x1B\[2J" is not a rule/],
  ])('is not %j', (text, reason) => {
    expect(() => parseRule(text)).toThrow(reason);
  });
});

it('shows a value in its unit', () => {
  expect(ruleValueText(2 ** 31, 'bytes')).toBe('2.0 GiB');
  expect(ruleValueText(1536.4, 'bytes per second')).toBe('1.5 KiB/s');
  expect(ruleValueText(0.934, 'share')).toBe('93.4 %');
  expect(ruleValueText(1.5e9, 'nanoseconds')).toBe('1.50s');
  expect(ruleValueText(7, 'count')).toBe('7');
});
