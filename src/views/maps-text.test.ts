import { describe, expect, it } from 'vitest';
import { parseMapsOrder, selectMapsLines } from './maps-text.js';

const LINES = {
  text: '00400000-00401000 r-xp 00000000 08:01 30                         /bin/a \n',
  vsyscall: 'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n',
  heap: '01000000-01800000 rw-p 00000000 00:00 0                          [heap]\n',
  anonymous: '7f0000000000-7f0000002000 rw-p 00000000 00:00 0 \n',
  raw: '7f0000002000-7f0000003000 r--s 00000000 00:31 18446744073709551615      /tmp/\u00ff\u00e9 x\n',
};
const TEXT = Buffer.from(Object.values(LINES).join(''), 'latin1');

function select(grep: RegExp | undefined, order?: string, text: Uint8Array = TEXT): string {
  const chosen = selectMapsLines(text, grep, order === undefined ? undefined : parseMapsOrder(order));
  return Buffer.from(chosen).toString('latin1');
}

describe('selectMapsLines', () => {
  it('keeps every byte of what it keeps', () => {
    expect(select(undefined)).toBe(TEXT.toString('latin1'));
    expect(select(/tmp/)).toBe(LINES.raw);
    expect(select(/a $/)).toBe(LINES.text);
    expect(select(/nothing/)).toBe('');
  });

  it('sees a line as UTF-8', () => {
    const text = Buffer.from('00400000-00401000 r-xp 00000000 08:01 30 /b/é\n');
    expect(select(/^.*\/é$/, undefined, text)).toBe(text.toString('latin1'));
  });

  it.each([
    ['start', ['text', 'heap', 'anonymous', 'raw', 'vsyscall']],
    ['-end', ['vsyscall', 'raw', 'anonymous', 'heap', 'text']],
    ['-size', ['heap', 'anonymous', 'text', 'vsyscall', 'raw']],
    ['perms', ['vsyscall', 'raw', 'text', 'heap', 'anonymous']],
    ['-inode', ['raw', 'text', 'vsyscall', 'heap', 'anonymous']],
    ['name', ['anonymous', 'text', 'raw', 'heap', 'vsyscall']],
  ] as const)('sorts by %s and leaves equals where they are', (order, names) => {
    expect(select(undefined, order)).toBe(names.map((name) => LINES[name]).join(''));
  });

  it('puts what is no mapping last, and mends a missing newline only when lines change places', () => {
    const cut = '00400000-00401000 r-xp 00000000 08:01 9 /b';
    const text = Buffer.from(`junk\n${LINES.heap}${cut}`, 'latin1');
    expect(select(undefined, undefined, text)).toBe(text.toString('latin1'));
    expect(select(undefined, 'start', text)).toBe(`${cut}\n${LINES.heap}junk\n`);
  });
});
