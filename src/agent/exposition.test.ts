import { describe, expect, it } from 'vitest';
import { expositionOf, type Family, formatFor } from './exposition.js';

const FAMILIES: Family[] = [
  { name: 'a_bytes', type: 'gauge', help: 'A', samples: [{ labels: 'x="1"', value: 2 ** 60 }] },
  { name: 'b_total', type: 'counter', help: 'B', samples: [{ labels: '', value: 0.5 }] },
  { name: 'c_info', type: 'info', help: 'C', samples: [{ labels: 'v="1"', value: 1 }] },
  { name: 'd', type: 'gauge', help: 'D', samples: [{ labels: '', value: Number.NaN }] },
];

describe('the text', () => {
  it('is of version 0.0.4', () => {
    expect(expositionOf(FAMILIES, 'text').split('\n')).toEqual([
      ...['# HELP a_bytes A', '# TYPE a_bytes gauge', 'a_bytes{x="1"} 1152921504606846976'],
      ...['# HELP b_total B', '# TYPE b_total counter', 'b_total 0.5'],
      ...['# HELP c_info C', '# TYPE c_info gauge', 'c_info{v="1"} 1', ''],
    ]);
  });

  it('is OpenMetrics', () => {
    expect(expositionOf(FAMILIES, 'openmetrics').split('\n')).toEqual([
      ...['# TYPE a_bytes gauge', '# UNIT a_bytes bytes', '# HELP a_bytes A', 'a_bytes{x="1"} 1152921504606846976'],
      ...['# TYPE b counter', '# HELP b B', 'b_total 0.5'],
      ...['# TYPE c info', '# HELP c C', 'c_info{v="1"} 1', '# EOF', ''],
    ]);
  });
});

describe('the format', () => {
  const PROMETHEUS =
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
  it.each([
    [undefined, 'text'],
    ['*/*', 'text'],
    [PROMETHEUS, 'openmetrics'],
    ['application/openmetrics-text; version=1.0.0; escaping=allow-utf-8;q=0.5,text/plain;q=0.4', 'openmetrics'],
    ['application/openmetrics-text;version=0.0.1', 'text'],
    ['application/openmetrics-text;q=0.1,text/plain', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    [';;,=;q=,', 'text'],
  ])('for %s is %s', (accept, format) => {
    expect(formatFor(accept)).toBe(format);
  });
});
