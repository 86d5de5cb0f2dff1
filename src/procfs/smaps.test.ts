import { describe, expect, it } from 'vitest';
import { fixture, fixtureText } from '../../test/tokenizers/fixtures.js';
import { HeaderWord, MappingTable, NO_SPAN, SMAPS_KEYS, SmapsColumn, tokenizeGrowing } from './mapping-table.js';
import { pad } from './padding.js';
import { tokenizeSmaps } from './smaps.js';

const KB = 1024;

function smaps(text: Uint8Array | string, rows = 8) {
  const { bytes, length } = pad(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  const table = tokenizeGrowing(tokenizeSmaps, bytes, length, new MappingTable(rows));
  const span = (start: number, count: number) => Buffer.from(bytes.subarray(start, start + count)).toString('latin1');
  return {
    table,
    word: (name: keyof typeof HeaderWord) => table.header[HeaderWord[name]]!,
    size: (name: keyof typeof SmapsColumn, row = 0) => table.sizes[SmapsColumn[name]]![row]!,
    /** Sizes that are there, in kB or plain. */
    present: (row = 0) =>
      Object.fromEntries(
        SMAPS_KEYS.flatMap((entry, column) => {
          const value = table.sizes[column]![row]!;
          return Number.isNaN(value) ? [] : [[entry.name, 'plain' in entry ? value : value / KB]];
        }),
      ),
    flags: (row = 0) =>
      table.flagsStart[row] === NO_SPAN ? undefined : span(table.flagsStart[row]!, table.flagsLength[row]!),
    name: (row = 0) => span(table.nameStart[row]!, table.nameLength[row]!),
    others: (row = 0) =>
      Array.from({ length: table.otherCount[row]! }, (_, index) => {
        const other = table.firstOther[row]! + index;
        return [
          span(table.keyStart[other]!, table.keyLength[other]!),
          span(table.valueStart[other]!, table.valueLength[other]!),
        ];
      }),
  };
}

const HEAD = '1000-2000 rw-p 00000000 00:00 0 \n';
const field = (key: string, value: number) => `${`${key}:`.padEnd(16)}${String(value).padStart(8)} kB\n`;

describe('tokenizeSmaps', () => {
  it.each(['bash', 'sleep', 'python3', 'node', 'threaded', 'odd'])('reads every line of %s', (name) => {
    const records = fixtureText(`live/${name}/smaps`).split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
    const { table, word, present, flags, others } = smaps(fixture(`live/${name}/smaps`));
    expect([table.rows, word('malformedLines'), word('others')]).toEqual([records.length, 0, 0]);
    records.forEach((record, row) => {
      const expected: Record<string, number> = {};
      for (const { key, name } of SMAPS_KEYS) {
        const match = new RegExp(`^${key}:\\s+(\\d+)(?: kB)?$`, 'm').exec(record);
        if (match) expected[name] = Number(match[1]);
      }
      expect(present(row)).toEqual(expected);
      expect(flags(row)).toBe(/^VmFlags: (.*)$/m.exec(record)![1]);
      expect(others(row)).toEqual([]);
    });
  });

  it('reads 2.6.32, which has no Pss_Dirty and no VmFlags: absent, not 0', () => {
    const { table, present, flags, name } = smaps(fixture('written/smaps.linux-2.6.32'));
    expect(table.rows).toBe(3);
    expect(present(0)).toMatchObject({ size: 28, rss: 16, pss: 7, sharedClean: 12, privateClean: 4, mmuPageSize: 4 });
    expect(present(0)).not.toHaveProperty('pssDirty');
    expect(present(0)).not.toHaveProperty('anonymous');
    expect(flags(0)).toBeUndefined();
    expect(name(2)).toBe('[vsyscall]');
  });

  it('reads 3.10, with [stack:TID]', () => {
    const { name, flags, size } = smaps(fixture('written/smaps.linux-3.10'));
    expect([name(1), flags(1), size('anonymous', 1)]).toEqual(['[stack:4711]', 'rd wr mr mw me ac sd ', 8 * KB]);
  });

  it('reads tabs before a value', () => {
    const { size, others } = smaps(fixture('written/smaps.linux-4.4-tabs'));
    expect([size('thpEligible'), size('sharedHugetlb'), size('swapPss')]).toEqual([0, 0, 0]);
    expect(others()).toEqual([]);
  });

  it('keeps the Name line of Android beside the name', () => {
    const { name, others, size, table } = smaps(fixture('written/smaps.android'));
    expect(name()).toBe('[anon:dalvik-main space (region space)]');
    expect(others()).toEqual([['Name', '[anon:dalvik-main space (region space)]']]);
    expect([size('size'), size('swapPss'), table.rows]).toEqual([512 * KB * KB, 96 * KB, 2]);
  });

  it('reads pages of 64K', () => {
    const { size, flags } = smaps(fixture('written/smaps.page-64k'));
    expect([size('kernelPageSize'), size('rss', 1), flags(1)]).toEqual([64 * KB, 64 * KB, 'rd wr mr mw me gd ac mt ']);
  });

  it('reads hugetlb, protection keys and values wider than their column', () => {
    const { present, name } = smaps(fixture('written/smaps.hugetlb-pkey'));
    expect(present(0)).toMatchObject({
      size: 2 ** 20,
      sharedHugetlb: 2 ** 19,
      privateHugetlb: 2 ** 19,
      protectionKey: 7,
    });
    expect(present(1)).toMatchObject({ size: 2 ** 27, rss: 3 * 2 ** 25, privateHugetlb: 2 ** 25, thpEligible: 1 });
    expect(name(1)).toBe('[anon_shmem:big pool/a]');
  });

  it('reads sizes of 16 TiB and more, rounded once, saturated at 2^64-1 kB', () => {
    const { size } = smaps(fixture('written/smaps.wide'));
    expect(size('rss')).toBe(2 ** 44);
    expect(size('size')).toBe(2 ** 54 * KB);
    expect(size('pss')).toBe(2 ** 53 * KB);
    expect([size('swap'), size('locked')]).toEqual([2 ** 74, 2 ** 74]);
    expect([size('size', 1), size('rss', 1), size('pss', 1)]).toEqual([123456789 * KB, 12345678 * KB, 1234567 * KB]);
  });

  it('keeps unknown keys, in any order, and what follows VmFlags', () => {
    const { others, flags, size } = smaps(fixture('written/smaps.unknown'));
    expect(others()).toEqual([
      ['Pss_Later', '12 kB'],
      ['__proto__', '5 kB'],
      ['constructor', 'word'],
      ['Count', '99'],
      ['Wide', '18446744073709551615 kB'],
      ['Empty', ''],
      ['AfterFlags', 'a  b '],
    ]);
    expect(flags()).toBe('rd wr q7 zz ?? ');
    expect([size('pss'), size('pssDirty')]).toEqual([4 * KB, 0]);
  });

  it('matches a key whole: Pss is neither Pss_Dirty nor Pss_Anon nor Pssx', () => {
    const text = `${HEAD}Pss_Dirty: 1 kB\nPss_Anon: 2 kB\nPssx: 3 kB\nSwapPss: 4 kB\nSwapx: 5 kB\n`;
    const { present, others } = smaps(text);
    expect(present()).toEqual({ pssDirty: 1, pssAnon: 2, swapPss: 4 });
    expect(others()).toEqual([
      ['Pssx', '3 kB'],
      ['Swapx', '5 kB'],
    ]);
  });

  it('tells empty VmFlags from none, and keeps 5,000 bytes of them', () => {
    const { flags, table } = smaps(fixture('written/smaps.flags'));
    expect(table.rows).toBe(3);
    expect([flags(0), flags(2)]).toEqual(['', '']);
    expect(flags(1)!.length).toBeGreaterThan(5000);
    expect(flags(1)!.startsWith('rd wr mr xx')).toBe(true);
    expect(smaps(HEAD).flags()).toBeUndefined();
  });

  it('takes VmFlags in the form of a size for flags', () => {
    const { flags, table, name } = smaps(fixture('written/smaps.aligned-flags'));
    expect(table.rows).toBe(4);
    for (let row = 0; row < 4; row++) expect([flags(row), name(row)]).toEqual(['12 kB', '']);
  });

  it('does not give the fields of a lost mapping to the one before', () => {
    const { table, present, word, name, flags, others } = smaps(fixture('written/smaps.orphans'));
    expect([name(0), name(1), table.rows]).toEqual(['/good', '/after', 2]);
    expect([present(0), present(1)]).toEqual([{ rss: 4 }, { rss: 12 }]);
    expect([flags(0), others(0)]).toEqual([undefined, []]);
    expect(word('malformedLines')).toBe(7);
    expect(word('firstMalformed')).toBe(fixtureText('written/smaps.orphans').indexOf('2000-nonsense'));
  });

  it('gives the fields of a text that begins inside a record to nobody', () => {
    const { table, present, word } = smaps(fixture('written/smaps.begins-inside'));
    expect([table.rows, word('malformedLines'), word('firstMalformed')]).toEqual([1, 2, 0]);
    expect(present()).toEqual({ rss: 12 });
  });

  it('takes the last of two equal fields and keeps both unknown ones', () => {
    const { size, others, flags } = smaps(fixture('written/smaps.duplicates'));
    expect([size('rss'), flags()]).toEqual([8 * KB, 'wr ']);
    expect(others().map(([, value]) => value)).toEqual(['1 kB', '2 kB']);
  });

  it('keeps a known key with an unknown value as text', () => {
    const { present, others } = smaps(fixture('written/smaps.bad-values'));
    expect(present()).toEqual({ swapPss: 12, anonymous: 12, privateClean: 1, privateDirty: 9 });
    expect(Object.fromEntries(others())).toEqual({
      Size: '-4 kB',
      Rss: '4 MB',
      Pss: '4',
      Swap: '1 2345 kB',
      Locked: 'kB',
      KSM: '4 kB ',
      LazyFree: '4\tkB',
      Referenced: '+12 kB',
      Shared_Clean: '1!23 kB',
      Shared_Dirty: 'kB',
      THPeligible: '1 kB',
      ProtectionKey: 'x',
    });
  });

  it('leaves a number absent that the end of the text may have cut, and says so', () => {
    for (const name of ['cut-number', 'cut-plain', 'cut-unknown']) {
      const { present, others, word } = smaps(fixture(`written/smaps.${name}`));
      expect([name, present(), others(), word('unterminated')]).toEqual([name, { size: 4 }, [], 1]);
    }
    const whole = smaps(fixture('written/smaps.no-newline'));
    expect([whole.present(), whole.word('unterminated')]).toEqual([{ size: 4, rss: 12 }, 1]);
  });

  it('never invents a value: every cut gives some of the values of the text', () => {
    const record = /^.*?^VmFlags.*?\n/ms.exec(fixtureText('live/sleep/smaps'))![0];
    const text = record + fixtureText('written/smaps.unknown') + fixtureText('written/smaps.hugetlb-pkey');
    const whole = smaps(text);
    for (let length = 0; length < text.length; length++) {
      const { table, present, others } = smaps(text.slice(0, length));
      for (let row = 0; row < table.rows; row++) {
        expect(whole.present(row)).toMatchObject(present(row));
        expect(whole.others(row)).toEqual(expect.arrayContaining(others(row)));
      }
    }
  });

  it('does not let the order of one text decide the next', () => {
    const pages = [field('Rss', 1), field('Pss', 2), field('Swap', 3), 'VmFlags: rd \n'];
    for (let turn = 0; turn < 8; turn++) {
      pages.push(pages.shift()!);
      expect(smaps(HEAD + pages.join('')).present()).toEqual({ rss: 1, pss: 2, swap: 3 });
    }
  });

  it('forgets the values of the text before', () => {
    const { bytes, length } = pad(Buffer.from(HEAD + field('Rss', 1) + field('Pss', 2)));
    const next = pad(Buffer.from(HEAD + field('Pss', 3)));
    const table = new MappingTable(8);
    tokenizeSmaps(bytes, length, table);
    tokenizeSmaps(next.bytes, next.length, table);
    expect(table.sizes[SmapsColumn.rss]![0]).toBeNaN();
    expect(table.sizes[SmapsColumn.pss]![0]).toBe(3 * KB);
  });

  it.each(['written/smaps.empty', 'live/zombie/smaps'])('%s has no rows and no problem', (path) => {
    const { table, word } = smaps(fixture(path));
    expect([table.rows, word('malformedLines'), word('unterminated')]).toEqual([0, 0, 0]);
  });
});
