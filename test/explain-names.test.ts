import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { explain, FOREIGN_NAMES, findByName, metricsBehind, namesLike } from '../src/schema/explain.js';
import { metricsIn } from '../src/schema/notes/foreign-name.js';
import { TRAPS } from '../src/schema/notes/traps.js';
import { ALL_METRICS } from '../src/schema.js';
import { numbersPage } from '../src/views/numbers-page.js';

const NAMES = ALL_METRICS.map(({ name }) => name);

describe('what is known', () => {
  it('says of every metric what reading it takes', () => {
    for (const metric of ALL_METRICS) {
      const { read } = explain(metric);
      for (const text of Object.values(read)) expect(text, metric.name).not.toBe('');
    }
  });

  it('refuses a source that nothing is known of', () => {
    expect(() => explain({ ...ALL_METRICS[0]!, source: 'wchan' })).toThrow(TypeError);
  });

  it('speaks of metrics that there are', () => {
    expect(Object.keys(TRAPS).filter((name) => !NAMES.includes(name))).toEqual([]);
    const said = FOREIGN_NAMES.flatMap(({ is, near = [] }) => (is === undefined ? near : metricsIn(is)));
    expect(said.filter((name) => !NAMES.includes(name))).toEqual([]);
  });

  it('has formulas that can be computed', () => {
    for (const { is, tool, names } of FOREIGN_NAMES) {
      if (is === undefined) continue;
      const numbers = is.replace(/[A-Za-z]\w*/g, '3');
      expect(numbers, `${tool} ${names[0]}`).toMatch(/^[\d+*/() -]+$/);
      expect(typeof new Function(`return ${numbers}`)()).toBe('number');
    }
  });

  it('tells each name of a program once', () => {
    const all = FOREIGN_NAMES.flatMap(({ tool, names }) => names.map((name) => `${tool} ${name}`));
    expect(all.filter((name, index) => all.indexOf(name) !== index)).toEqual([]);
  });
});

describe('finding by name', () => {
  it.each(NAMES)('finds %s by its own name first, and by its exports', (name) => {
    const metric = ALL_METRICS.find((one) => one.name === name)!;
    expect(findByName(name).metrics.map((one) => one.name)).toEqual([name]);
    for (const exported of [metric.otel, metric.prometheus]) {
      expect(findByName(exported).metrics.map((one) => one.name)).toContain(name);
    }
  });

  it.each([
    ['RES', ['rss']],
    ['top RES', ['rss']],
    ['top.SHR', ['rss', 'rssAnon']],
    ['pmap.Dirty', ['pssDirty']],
    ['docker stats', ['cgroupCurrent', 'cgroupMax', 'cgroupInactiveFile']],
    ['process.memoryUsage().rss', ['rss']],
    ['container_memory_working_set_bytes', ['cgroupCurrent', 'cgroupInactiveFile']],
    ['VmRSS', ['rss']],
    ['ru_maxrss', ['hwm']],
    ['buff/cache', ['hostBuffers', 'hostCached', 'hostSlabReclaimable']],
  ])('leads from %s to ours', (asked, expected) => {
    const { metrics, foreign } = findByName(asked);
    expect(metrics).toEqual([]);
    expect([...new Set(foreign.flatMap(metricsBehind))].map(({ name }) => name).sort()).toEqual([...expected].sort());
  });

  it.each([
    ['MemAvailable', 'hostMemAvailable'],
    ['statm resident', 'rss'],
    ['VmHWM', 'hwm'],
    ['memory.current', 'cgroupCurrent'],
    ['memory.usage_in_bytes', 'cgroupCurrent'],
    ['total_inactive_file', 'cgroupInactiveFile'],
    ['Private_Hugetlb', 'ussHugetlb'],
  ])('finds the field %s of the kernel', (asked, expected) => {
    expect(findByName(asked).metrics.map(({ name }) => name)).toEqual([expected]);
  });

  it('tells what bears the name and is something else', () => {
    const { namesakes } = explain(ALL_METRICS.find(({ name }) => name === 'swap')!);
    expect(namesakes).toMatchObject([{ tool: 'top', names: ['SWAP'], is: 'swapAnon' }]);
  });

  it('knows what looks alike, and nothing by a name of no letters', () => {
    expect(namesLike('psss')).toContain('pss');
    expect(namesLike('rssannon')).toContain('rssAnon');
    expect(namesLike('zzzzzzzz')).toEqual([]);
    expect(findByName('--')).toEqual({ metrics: [], foreign: [] });
  });
});

it('docs/numbers.md is what the schema makes of it: node scripts/write-numbers.js', () => {
  const page = readFileSync(new URL('../docs/numbers.md', import.meta.url), 'utf8');
  expect(page).toBe(numbersPage());
  for (const name of NAMES) expect(page).toContain(name);
});
