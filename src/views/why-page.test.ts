import { describe, expect, it } from 'vitest';
import type { Why } from '../analyze/why.js';
import { whyLines, whyMarkdown } from './why-page.js';

const HOSTILE = `/tmp/${'long '.repeat(20)}\u001b[31m|\n<b>`;
const nothing = { size: 0, pss: 4096, dirty: 0, swap: 0, count: 1 };

const why: Why = {
  source: 'recording',
  process: { pid: 7, startTicks: 1, comm: '\u001b]0;x\u0007|', commandLine: HOSTILE.repeat(20) },
  atNs: 1_700_000_000_000_000_000n,
  sinceNs: 1_699_999_990_000_000_000n,
  numbers: {
    ...{ rss: 8192, rssAnon: 4096, rssFile: Number.NaN, rssShmem: Number.NaN, pss: 4096, uss: 4096, swap: Number.NaN },
    ...{ swapAnon: Number.NaN, vsize: 8192, vsizePeak: Number.NaN, hwm: Number.NaN, pageTables: Number.NaN },
    ...{ lockedSize: Number.NaN, threads: 1 },
  },
  memory: {
    classes: [{ class: 'file', notes: HOSTILE, rss: 8192, ...nothing }],
    owners: [],
    total: { rss: 8192, ...nothing },
  },
  sharing: {
    ...{ rss: 8192, pss: 4096, countedForOthers: 4096, lookedAt: 1, unseen: {} },
    objects: [{ name: HOSTILE, shared: 8192, rss: 8192, pss: 4096, others: [{ pid: 8, comm: HOSTILE }] }],
    processes: [{ pid: 8, comm: HOSTILE, upTo: 8192, objects: 1 }],
  },
  mappingGrowth: [],
  limits: [{ kind: 'group-max', path: HOSTILE, limit: 10, used: 5, peak: 9, until: { state: 'not-at-this-rate' } }],
  faults: { minor: Number.NaN, major: Number.NaN, seconds: 0 },
  unseen: [{ what: 'a', why: HOSTILE, grant: 'b' }],
};

describe('the page', () => {
  it.each([40, 80, 120])('keeps to %i columns and to printable text', (width) => {
    const lines = whyLines(why, width);
    expect(lines.filter((line) => [...line].length > width)).toEqual([]);
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f]/);
    // Escaped once: what is cut first must not be escaped again.
    expect(lines.join('\n')).not.toContain('\\x5Cx');
  });

  it('says nothing of what is not known but that', () => {
    const text = whyLines(why).join('\n');
    expect(text).not.toContain('NaN');
    expect(text).toContain('faults are not known');
  });

  it('says that a process was exiting, and that its share is estimated', () => {
    const text = whyLines(why).join(' ');
    expect(text).not.toMatch(/exiting|estimated/);
    const atExit = { rss: 4096, atNs: why.atNs + 30_000_000n };
    const told = whyLines({ ...why, atExit, isShareEstimated: true, shareAgeNs: 120_000_000n }).join(' ');
    expect(told).toContain('it was exiting after that: 4.0 KiB at its last tick, 30.0ms later');
    expect(told.replaceAll(/\s+/g, ' ')).toContain(
      'its share (PSS) about 4.0 KiB, of which 4.0 KiB nobody else maps (USS), estimated from what was read 120ms before',
    );
  });

  it('is Markdown in which no name is markup', () => {
    const lines = whyMarkdown(why);
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f]|[^\\]<b>/);
    const cells = lines
      .filter((line) => line.startsWith('|'))
      .map((line) => line.replace(/\\./g, '').split('|').length);
    expect(new Set(cells)).toEqual(new Set([8, 6, 7]));
  });
});
