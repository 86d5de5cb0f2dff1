import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HeaderWord, type MappingTable, SmapsColumn } from '../procfs/mapping-table.js';
import { KERNEL_FILES, type KernelFile } from '../procfs/read.js';
import { StatField, type StatValues } from '../procfs/stat.js';
import type { StatmValues } from '../procfs/statm.js';
import { StatusColumn, type StatusValues } from '../procfs/status.js';
import { type Tokenizers, typescriptTokenizers as ts } from '../procfs/tokenizers.js';
import { nativeBinding } from './native-binding.js';
import { compareTokenizers } from './tokenizer-parity.js';

const textOf = (kind: KernelFile) => readFileSync(`/proc/self/${kind}`);

function native(): Tokenizers {
  const binding = nativeBinding();
  if (binding.state !== 'loaded') throw new Error(binding.reason);
  return binding.tokenizers;
}

/** The reference with something done to the table behind it. */
function afterTable(kind: 'maps' | 'smaps', change: (table: MappingTable, length: number) => void): Tokenizers {
  return {
    ...ts,
    [kind]: (bytes: Uint8Array, length: number, table: MappingTable) => {
      ts[kind](bytes, length, table);
      change(table, length);
    },
  };
}

function afterStatm(change: (out: StatmValues) => void): Tokenizers {
  return {
    ...ts,
    statm: (bytes, length, out) => {
      const accepted = ts.statm(bytes, length, out);
      change(out);
      return accepted;
    },
  };
}

function afterStat(change: (out: StatValues) => void): Tokenizers {
  return {
    ...ts,
    stat: (bytes, length, out) => {
      const accepted = ts.stat(bytes, length, out);
      change(out);
      return accepted;
    },
  };
}

function afterStatus(change: (out: StatusValues) => void): Tokenizers {
  return {
    ...ts,
    status: (bytes, length, out) => {
      const accepted = ts.status(bytes, length, out);
      change(out);
      return accepted;
    },
  };
}

describe('compareTokenizers', () => {
  it.each(KERNEL_FILES)('finds nothing between the addon and the reference on %s', (kind) => {
    expect(compareTokenizers(kind, textOf(kind), ts, native())).toBeUndefined();
  });

  it('finds nothing on texts that neither accepts, and on empty ones', () => {
    for (const kind of KERNEL_FILES) {
      for (const text of ['', 'rubbish', '\n\n', '1 (x']) {
        expect(compareTokenizers(kind, Buffer.from(text), ts, native()), `${kind} ${text}`).toBeUndefined();
      }
    }
  });

  it('finds nothing where the table has to grow', () => {
    const text = Buffer.from('1-2 r--p 0 0:0 0\n'.repeat(5000));
    expect(compareTokenizers('maps', text, ts, native())).toBeUndefined();
  });

  it('names the first field, both values, and the order', () => {
    const faulty = afterTable('smaps', (table) => {
      table.sizes[SmapsColumn.pss][2] += 1024;
    });
    const difference = compareTokenizers('smaps', textOf('smaps'), ts, faulty);
    expect(difference?.field).toBe('pss[2]');
    expect(Number(difference?.b) - Number(difference?.a)).toBe(1024);
    expect(compareTokenizers('smaps', textOf('smaps'), faulty, ts)?.field).toBe('pss[2]');
  });

  it.each<[string, 'maps' | 'smaps', (table: MappingTable) => void]>([
    ['rows', 'maps', (table) => table.header[HeaderWord.rows]--],
    ['malformedLines', 'maps', (table) => table.header[HeaderWord.malformedLines]++],
    ['start[0]', 'maps', (table) => table.start[0]++],
    ['inode[1]', 'maps', (table) => table.inode[1]++],
    ['nameLength[0]', 'maps', (table) => table.nameLength[0]++],
    ['perms[0]', 'maps', (table) => table.perms[0]++],
    ['flagsStart[0]', 'smaps', (table) => table.flagsStart[0]++],
  ])('sees a wrong %s of %s', (field, kind, change) => {
    expect(compareTokenizers(kind, textOf(kind), ts, afterTable(kind, change))?.field).toBe(field);
  });

  it('tells -0 from 0 and one NaN from another', () => {
    const text = Buffer.from('1-2 r--p 0 0:0 0\nRss: 0 kB\n');
    const zero = afterTable('smaps', (table) => {
      table.sizes[SmapsColumn.rss][0] = -0;
    });
    expect(compareTokenizers('smaps', text, ts, zero)).toEqual({
      field: 'rss[0]',
      a: '0 (bits 0)',
      b: '0 (bits 8000000000000000)',
    });
    const nan = afterTable('smaps', (table) => {
      const column = table.sizes[SmapsColumn.pss];
      new BigUint64Array(column.buffer, column.byteOffset, 1)[0] = 0x7ff8000000000001n;
    });
    expect(compareTokenizers('smaps', text, ts, nan)?.field).toBe('pss[0]');
  });

  it('sees a cell that was not written', () => {
    const text = Buffer.from('1-2 r--p 0 0:0 0\n');
    const forgetful: Tokenizers = {
      ...ts,
      maps: (bytes, length, table) => {
        const inode = table.inode[0];
        ts.maps(bytes, length, table);
        table.inode[0] = inode;
      },
    };
    expect(compareTokenizers('maps', text, ts, forgetful)?.field).toBe('inode[0]');
    // Two that forget the same cell do not agree either.
    expect(compareTokenizers('maps', text, forgetful, forgetful)?.field).toBe('inode[0]');
  });

  it('sees a tokenizer that reads beyond the end of the text', () => {
    const greedy: Tokenizers = { ...ts, maps: (bytes, length, table) => ts.maps(bytes, length + 1, table) };
    expect(compareTokenizers('maps', Buffer.from('1-2 r--p 0 0:0 5'), greedy, greedy)).toBeDefined();
  });

  it.each<[string, KernelFile, Tokenizers]>([
    ['resident', 'statm', afterStatm((out) => out.fields[1]++)],
    ['commLength', 'stat', afterStat((out) => out.words[3]++)],
    ['exit_code', 'stat', afterStat((out) => out.fields[StatField.exit_code]++)],
    ['vmRSS', 'status', afterStatus((out) => out.fields[StatusColumn.vmRSS]++)],
    ['malformedLines', 'status', afterStatus((out) => out.counts[1]++)],
  ])('sees a wrong %s of %s', (field, kind, faulty) => {
    expect(compareTokenizers(kind, textOf(kind), ts, faulty)?.field).toBe(field);
  });

  it('compares the other lines of status to the last one', () => {
    const faulty = afterStatus((out) => out.others[out.counts[0] * 4 - 1]++);
    expect(compareTokenizers('status', textOf('status'), ts, faulty)?.field).toMatch(/^others\[\d+\]$/);
  });

  it.each(['statm', 'stat', 'status'] as const)('sees that only one accepts the text of %s', (kind) => {
    const refusing: Tokenizers = { ...ts, [kind]: () => false };
    const difference = compareTokenizers(kind, textOf(kind), ts, refusing);
    expect(difference).toEqual({ field: 'accepted', a: 'true', b: 'false' });
  });
});
