import { describe, expect, it } from 'vitest';
import { fixture, fixtureText } from '../../test/tokenizers/fixtures.js';
import { HeaderWord, MappingTable, NO_SPAN, tokenizeGrowing } from './mapping-table.js';
import { tokenizeMaps } from './maps.js';
import { pad } from './padding.js';

const MAX_U64 = (1n << 64n) - 1n;

function maps(text: Uint8Array | string) {
  const { bytes, length } = pad(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  const table = tokenizeGrowing(tokenizeMaps, bytes, length, new MappingTable(8));
  const word = (name: keyof typeof HeaderWord) => table.header[HeaderWord[name]]!;
  const name = (row: number) => {
    const start = table.nameStart[row]!;
    return Buffer.from(bytes.subarray(start, start + table.nameLength[row]!)).toString('latin1');
  };
  return { table, word, names: Array.from({ length: table.rows }, (_, row) => name(row)) };
}

describe('tokenizeMaps', () => {
  it('reads every column of a line', () => {
    const { table, names } = maps('7f1c2a000000-7f1c2a021000 rw-s 0001f000 fe:0a 260811                 /usr/bin/x\n');
    expect(table.rows).toBe(1);
    expect([table.start[0], table.end[0]]).toEqual([0x7f1c2a000000n, 0x7f1c2a021000n]);
    expect(table.perms[0]).toBe(1 | 2 | 8);
    expect([table.offset[0], table.inode[0]]).toEqual([0x1f000n, 260_811n]);
    expect([table.deviceMajor[0], table.deviceMinor[0]]).toEqual([0xfe, 0x0a]);
    expect(names).toEqual(['/usr/bin/x']);
    expect([table.flagsStart[0], table.flagsLength[0], table.otherCount[0]]).toEqual([NO_SPAN, 0, 0]);
  });

  it.each([
    ['r--p', 1],
    ['-w-p', 2],
    ['--xp', 4],
    ['---s', 8],
    ['rwxs', 15],
    ['---p', 0],
  ])('%s', (perms, bits) => {
    expect(maps(`1000-2000 ${perms} 0 0:0 0\n`).table.perms[0]).toBe(bits);
  });

  it.each(['w--p', '-r-p', '--wp', '----', '---x', 'R--p', 'r--'])('%s are no permissions', (perms) => {
    const { table, word } = maps(`1000-2000 ${perms} 0 0:0 0\n`);
    expect([table.rows, word('malformedLines')]).toEqual([0, 1]);
  });

  it.each(['bash', 'sleep', 'python3', 'node', 'threaded', 'odd'])('reads every line of %s', (name) => {
    const text = fixtureText(`live/${name}/maps`);
    const lines = text.split('\n').slice(0, -1);
    const { table, word, names } = maps(text);
    expect([table.rows, word('malformedLines'), word('unterminated')]).toEqual([lines.length, 0, 0]);
    lines.forEach((line, row) => {
      const [, start, end, offset, inode, rest] = /^(\w+)-(\w+) .... (\w+) ..:.. (\d+) +(.*)$/s.exec(line)!;
      expect(table.start[row]).toBe(BigInt(`0x${start}`));
      expect(table.end[row]).toBe(BigInt(`0x${end}`));
      expect(table.offset[row]).toBe(BigInt(`0x${offset}`));
      expect(table.inode[row]).toBe(BigInt(inode!));
      expect(names[row]).toBe(rest);
    });
  });

  it('keeps inner and trailing spaces, and every pseudo name as it is', () => {
    const { names, word } = maps(fixture('written/maps.names'));
    expect(word('malformedLines')).toBe(0);
    expect(names).toEqual([
      '/a (deleted)',
      '/a (deleted) (deleted)',
      '/memfd:a name (deleted)',
      '/SYSV0000beef (deleted)',
      '/dev/zero (deleted)',
      '/[aio] (deleted)',
      '[anon:a / b (deleted)]',
      '[anon_shmem:x]',
      'anon_inode:[perf_event]',
      'socket:[4711]',
      '[stack:4711]',
      '[vvar]',
      '[vvar_vclock]',
      '[vdso]',
      '[uprobes]',
      '[sigpage]',
      '[vectors]',
      '[vsyscall]',
      '/inner   runs  and end  ',
      '/new\\012line',
      '/one space',
      '',
      '',
      '/tab\tand\rreturn\x1b[31m',
    ]);
  });

  it('keeps live names with spaces, and those of a deleted file', () => {
    const { names } = maps(fixture('live/odd/maps'));
    const ends = ['/two words', '/  inner   runs ', '/new\\012line', '/a (deleted)', '/gone (deleted)'];
    for (const end of [...ends, '/b (deleted) (deleted)', '/gone too  (deleted)', '/not-utf8-\xff\xfe']) {
      expect(names.filter((name) => name.endsWith(end))).toHaveLength(1);
    }
    expect(names).toContain('/SYSV00005eed (deleted)');
    expect(names).toContain('/memfd:a name with spaces (deleted)');
    expect(names).toContain('/dev/zero (deleted)');
    expect(names.filter((name) => name.startsWith('/[aio]'))).toHaveLength(1);
  });

  it('accepts empty and backward ranges, and capital letters', () => {
    const { table, word } = maps(fixture('written/maps.ranges'));
    expect([table.rows, word('malformedLines')]).toEqual([4, 0]);
    expect([...table.start.subarray(0, 4)]).toEqual([0x1000n, 0x3000n, 0n, 0xffff000n]);
    expect([...table.end.subarray(0, 4)]).toEqual([0x1000n, 0x2000n, 0n, 0x1ffff000n]);
    expect([table.offset[3], table.deviceMajor[3]]).toEqual([0xabcdn, 0xfe]);
  });

  it('accepts wide offsets and device numbers, and saturates above 64 and 32 bits', () => {
    const { table } = maps(fixture('written/maps.wide'));
    expect([...table.start.subarray(0, 3)]).toEqual([MAX_U64, MAX_U64, 1n]);
    expect([...table.offset.subarray(0, 3)]).toEqual([0n, 0x123456789abcdef0n, MAX_U64]);
    expect([...table.deviceMajor.subarray(0, 3)]).toEqual([8, 0x103, 0xffffffff]);
    expect([...table.deviceMinor.subarray(0, 3)]).toEqual([1, 5, 0xffffffff]);
    expect([...table.inode.subarray(0, 3)]).toEqual([1n, MAX_U64, MAX_U64]);
  });

  it('counts what is no mapping and where the first was', () => {
    const { table, word, names } = maps(fixture('written/maps.malformed'));
    expect(names).toEqual(['/good', '/good too']);
    expect(table.end[1]).toBe(0x3000n);
    expect([word('malformedLines'), word('firstMalformed')]).toEqual([10, 0]);
    expect(maps('1-2 r--p 0 0:0 0\nx\ny\n').word('firstMalformed')).toBe(17);
  });

  it('keeps a name of 8 KiB', () => {
    const name = `/${'long name/'.repeat(819)}`;
    expect(maps(`1-2 r--p 0 0:0 0 ${name}\n3-4 r--p 0 0:0 0 /b\n`).names).toEqual([name, '/b']);
  });

  it('says that a text without a newline at its end may be cut', () => {
    const { names, word } = maps(fixture('written/maps.no-newline'));
    expect(names).toEqual(['/a', '/cut he']);
    expect(word('unterminated')).toBe(1);
  });

  it.each(['written/maps.empty', 'live/zombie/maps', 'live/kthreadd/maps'])('%s has no rows and no problem', (path) => {
    const { table, word } = maps(fixture(path));
    expect([table.rows, word('malformedLines'), word('unterminated')]).toEqual([0, 0, 0]);
  });

  it('keeps at every cut only the mappings of the text', () => {
    const text = fixtureText('live/sleep/maps');
    const whole = maps(text);
    for (let length = 0; length <= text.length; length++) {
      const { table, names } = maps(text.slice(0, length));
      for (let row = 0; row < table.rows; row++) {
        expect([table.start[row], table.end[row], table.offset[row]]).toEqual([
          whole.table.start[row],
          whole.table.end[row],
          whole.table.offset[row],
        ]);
        expect(whole.names[row]!.startsWith(names[row]!)).toBe(true);
        if (row < table.rows - 1) expect(names[row]).toBe(whole.names[row]);
      }
    }
  });
});
