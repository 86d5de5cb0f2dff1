import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readHostUnits } from './host-units.js';
import { parseZoneinfo, readZoneinfo } from './zoneinfo.js';

const CPU = (count: number) =>
  `    cpu: 0\n              count:    ${count}\n              high:     400\n              batch:    63\n              high_min: 4171\n  vm stats threshold: 24\n`;
const ZONE = (name: string, min: number, present: number, rest: string) =>
  `Node 0, zone ${name.padStart(8)}\n  pages free     77\n        boost    0\n        min      ${min}\n        low      ${min + 1}\n        high     ${min + 2}\n        spanned  9\n        present  ${present}\n        managed  ${present}\n${rest}`;

it('adds up the zones that have memory, and the lists of all CPUs', () => {
  const text =
    ZONE('DMA', 30, 3998, `  pagesets\n${CPU(5)}`) +
    ZONE('Normal', 1000, 5000, `      nr_free_pages 77\n  pagesets\n${CPU(20)}${CPU(300)}`) +
    ZONE('Movable', 32, 0, '');
  expect(parseZoneinfo(text)).toEqual({ min: 1030, low: 1032, high: 1034, pcpFree: 325 });
});

it('has nothing where no zone has memory', () => {
  expect(parseZoneinfo('')).toBeUndefined();
  expect(parseZoneinfo(ZONE('Movable', 32, 0, ''))).toBeUndefined();
});

it('reads this host: the marks lie in order, and min is what the kernel was set to keep', () => {
  const sums = readZoneinfo('/proc')!;
  expect(sums.min).toBeLessThanOrEqual(sums.low);
  expect(sums.low).toBeLessThanOrEqual(sums.high);
  const { pageSize } = readHostUnits();
  // Each zone has its share of it, rounded down to a page, and a movable zone one of its own.
  const kept = Number(readFileSync('/proc/sys/vm/min_free_kbytes', 'latin1')) * 1024;
  // While memory is in pieces the kernel keeps more for a moment, which is in the mark.
  const boosts = readFileSync('/proc/zoneinfo', 'latin1').matchAll(/^ +boost +(\d+)$/gm);
  const more = Array.from(boosts, ([, pages]) => Number(pages)).reduce((sum, pages) => sum + pages, 0);
  expect(Math.abs((sums.min - more) * pageSize - kept)).toBeLessThan(kept * 0.01 + 64 * pageSize);
});
