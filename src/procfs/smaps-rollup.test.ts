import { describe, expect, it } from 'vitest';
import { fixture, fixtureText } from '../../test/tokenizers/fixtures.js';
import { ROLLUP_FIELDS } from '../schema.js';
import { MappingTable, SmapsColumn } from './mapping-table.js';
import { pad } from './padding.js';
import { tokenizeSmaps } from './smaps.js';
import { rollupValue, tokenizeSmapsRollup } from './smaps-rollup.js';

function rollup(text: Uint8Array) {
  const { bytes, length } = pad(text);
  const table = new MappingTable(8);
  return { read: tokenizeSmapsRollup(bytes, length, table), value: (column: string) => rollupValue(table, column) };
}

describe('tokenizeSmapsRollup', () => {
  it.each(['bash', 'sleep', 'python3', 'node', 'threaded', 'odd'])('reads every column of %s', (name) => {
    const text = fixtureText(`live/${name}/smaps_rollup`);
    const kB = (key: string) => Number(new RegExp(`^${key}: +(\\d+) kB$`, 'm').exec(text)![1]) * 1024;
    const { read, value } = rollup(fixture(`live/${name}/smaps_rollup`));
    expect(read).toBe(true);
    expect(Object.fromEntries(ROLLUP_FIELDS.map((column) => [column, value(column)]))).toEqual({
      pss: kB('Pss'),
      pssAnon: kB('Pss_Anon'),
      pssFile: kB('Pss_File'),
      pssShmem: kB('Pss_Shmem'),
      pssDirty: kB('Pss_Dirty'),
      uss: kB('Private_Clean') + kB('Private_Dirty'),
      ussHugetlb: kB('Private_Hugetlb'),
      swap: kB('Swap'),
      swapPss: kB('SwapPss'),
      referenced: kB('Referenced'),
      anonHugePages: kB('AnonHugePages'),
      locked: kB('Locked'),
    });
  });

  it('leaves absent what 4.14 does not say', () => {
    const { value } = rollup(fixture('written/smaps_rollup.linux-4.14'));
    expect([value('pss'), value('uss')]).toEqual([385 * 1024, 144 * 1024]);
    for (const column of ['pssAnon', 'pssFile', 'pssShmem', 'pssDirty']) expect(value(column)).toBeNaN();
  });

  it('has no uss when one of its two parts is missing', () => {
    expect(rollup(fixture('written/smaps_rollup.half')).value('uss')).toBeNaN();
  });

  it('reads 16 TiB, and keeps hugetlb out of uss', () => {
    const { value } = rollup(fixture('written/smaps_rollup.terabytes'));
    expect([value('pss'), value('uss'), value('ussHugetlb')]).toEqual([
      (2 ** 34 - 1) * 1024,
      (2 ** 34 - 3) * 1024,
      2 ** 32,
    ]);
  });

  it('knows no other column', () => {
    const { value } = rollup(fixture('live/sleep/smaps_rollup'));
    for (const column of ['rss', 'rollupHold']) expect(value(column)).toBeNaN();
  });

  it.each(['written/smaps.empty', 'live/bash/smaps', 'live/bash/statm'])('%s is not one record', (path) => {
    expect(rollup(fixture(path)).read).toBe(false);
  });

  it.each(['sleep', 'bash', 'python3'])('is the sum of the mappings of %s plus less than a kB for each', (name) => {
    const { bytes, length } = pad(fixture(`live/${name}/smaps`));
    const table = new MappingTable(64);
    tokenizeSmaps(bytes, length, table);
    const sum = table.sizes[SmapsColumn.pss]!.subarray(0, table.rows).reduce((total, pss) => total + pss, 0);
    const difference = rollup(fixture(`live/${name}/smaps_rollup`)).value('pss') - sum;
    expect(difference).toBeGreaterThanOrEqual(0);
    expect(difference).toBeLessThan(table.rows * 1024);
  });
});
