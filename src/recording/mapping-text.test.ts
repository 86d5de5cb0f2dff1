/** Text that is taken apart and put together again is what the kernel wrote. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MappingTable, SmapsColumn, tokenizeGrowing } from '../procfs/mapping-table.js';
import { tokenizeMaps } from '../procfs/maps.js';
import { pad } from '../procfs/padding.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import { mapsText, smapsText } from './mapping-text.js';

function tableOf(text: Uint8Array, tokenize: typeof tokenizeSmaps): { table: MappingTable; bytes: Uint8Array } {
  const { bytes, length } = pad(text);
  return { table: tokenizeGrowing(tokenize, bytes, length, new MappingTable(64)), bytes };
}

describe('the text of mappings', () => {
  it('of every process here is that of the kernel, byte for byte', () => {
    let compared = 0;
    for (const pid of [
      'self',
      ...readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .slice(0, 40),
    ]) {
      for (const [file, tokenize, write] of [
        ['maps', tokenizeMaps, mapsText],
        ['smaps', tokenizeSmaps, smapsText],
      ] as const) {
        let text: Buffer;
        try {
          text = readFileSync(`/proc/${pid}/${file}`);
        } catch {
          continue;
        }
        const { table, bytes } = tableOf(text, tokenize);
        // A field that this version does not know is not written.
        if (table.header[1]! > 0) continue;
        expect(Buffer.from(write(table, bytes)).toString('latin1')).toBe(text.toString('latin1'));
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(3);
  });

  it('has numbers as long as they are: a mapping of 2 TiB, which sanitizers make', () => {
    const size = (kib: string) => `8fff7000-2008fff7000 ---p 00000000 00:00 0 \nSize:           ${kib} kB\n`;
    for (const kib of ['       4', '99999999', '2147483648']) {
      const { table, bytes } = tableOf(Buffer.from(size(kib)), tokenizeSmaps);
      expect(Buffer.from(smapsText(table, bytes)).toString('latin1')).toBe(size(kib));
    }
  });

  it('leaves out what was not measured', () => {
    const { table, bytes } = tableOf(readFileSync('/proc/self/smaps'), tokenizeSmaps);
    table.sizes[SmapsColumn.sharedDirty]!.fill(Number.NaN);
    const text = Buffer.from(smapsText(table, bytes)).toString('latin1');
    expect(text).not.toMatch(/Shared_Dirty/);
    expect(text).toMatch(/Private_Dirty/);
  });
});
